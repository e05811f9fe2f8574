"""Tests of signer_check.py: what probes are worth, and what is said of answers."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from software_update.base.errors import InputError, WrongSecret
from software_update.format import limits, metadata
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.scheme import Scheme
from software_update.keys.schemes import ED25519, ML_DSA_44
from software_update.signing import exec_protocol, signer_check, signing_request
from software_update.signing.exec_protocol import ProgramError
from software_update.signing.signer_check import AT_ONCE, Attempt, Finding, Result
from software_update.signing.signing_request import Request, ToSign
from software_update.testing import encode as e
from software_update.testing.judge import refusal_of
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    key_id,
    signer,
)
from software_update.verify.device import Device
from software_update.verify.payloads import verify_payloads
from software_update.verify.roots import verify_roots

PUBLIC = signer(TARGETS_KEY).public
ALL_KEYS = (ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3, STRANGER)
NOW = 1_800_000_000
PROBES = [
    signer_check.targets_probe(PUBLIC, 0),
    signer_check.targets_probe(PUBLIC, 9),
    signer_check.large_probe(PUBLIC),
]
ROOT_PROBES = [signer_check.root_probe(PUBLIC, number) for number in (0, 9)]


# What a signature of a probe is worth


@pytest.mark.parametrize("probe", PROBES, ids=["first", "last", "large"])
@pytest.mark.parametrize(
    ("device", "verdict"),
    [
        ({"at": NOW}, Verdict.TARGETS_EXPIRED),
        ({"installed": e.manifest(e.targets({"app": b"1"}, 1))}, Verdict.TARGETS_MIX_UP),
        ({"installed": e.manifest(e.targets({"app": b"1"}, 2))}, Verdict.TARGETS_ROLLBACK),
    ],
    ids=["a clock", "version 1", "version 2"],
)
def test_devices_reject_targets_probes(
    probe: Request, device: dict[str, Any], verdict: Verdict
) -> None:
    assert isinstance(probe.content, metadata.Targets)
    signed = e.signed(probe.serialized, TARGETS_KEY)
    names = [each.name for each in probe.content.targets]
    for content in (None, b"", b"x"):
        payloads = b"" if content is None else b"".join(e.payload(name, content) for name in names)
        bundle = e.targets_entry(signed) + payloads
        assert refusal_of(bundle, **device)[0] is verdict


@pytest.mark.parametrize("probe", PROBES, ids=["first", "last", "large"])
def test_devices_without_a_clock_reject_targets_probes(probe: Request) -> None:
    assert isinstance(probe.content, metadata.Targets)
    signed = e.targets_entry(e.signed(probe.serialized, TARGETS_KEY))
    for content, verdict in {
        None: Verdict.MISSING_PAYLOAD,
        b"": Verdict.HASH_MISMATCH,
        b"x": Verdict.LENGTH_MISMATCH,
    }.items():
        names = [each.name for each in probe.content.targets]
        payloads = b"" if content is None else b"".join(e.payload(name, content) for name in names)
        assert refusal_of(signed + payloads)[0] is verdict


@pytest.mark.parametrize("probe", PROBES, ids=["first", "last", "large"])
def test_no_payload_matches_a_probe(probe: Request) -> None:
    """Probes are rejected even by a device that checks neither names, versions nor clocks."""
    assert isinstance(probe.content, metadata.Targets)
    for target in probe.content.targets:
        assert target.length == 0
        assert target.sha256 == bytes(32) != hashlib.sha256(b"").digest()
    with pytest.raises(Refused) as refused:
        verify_payloads(probe.content, [])
    assert refused.value.verdict is Verdict.MISSING_PAYLOAD


@pytest.mark.parametrize("probe", ROOT_PROBES, ids=["first", "last"])
@pytest.mark.parametrize("version", [1, 2, limits.MAX_VERSION])
def test_devices_reject_root_probes(probe: Request, version: int) -> None:
    """Not even with the signatures of all keys that exist, because no one has its own."""
    trusted = metadata.parse_root(e.root(version, [ROOT_KEY], [TARGETS_KEY]))
    signed = e.signed(probe.serialized, *ALL_KEYS)
    for at in (None, NOW):
        with pytest.raises(Refused) as refused:
            verify_roots(Device(trusted, at=at), [], signed)
        assert refused.value.verdict is Verdict.THRESHOLD_NOT_MET
        assert "its own" in str(refused.value)
    authorities = signing_request.authorities_of_root(probe.content, trusted)  # type: ignore[arg-type]
    assert set(authorities[0].role.key_ids).isdisjoint(map(key_id, ALL_KEYS))


def test_nobodys_keys() -> None:
    one, other = (signer_check.nobodys_key(number) for number in (0, 1))
    assert one.scheme.is_key(one.keyval)
    assert other.scheme.is_key(other.keyval)
    assert one != other
    x = hashlib.sha256(b"software-update signer check: no known private key 0").digest()
    assert one.keyval[1:33] == x


def test_probes_differ_and_are_like_real_requests() -> None:
    probes = [*PROBES, *ROOT_PROBES]
    assert len({probe.sha256 for probe in probes}) == len(probes)
    for probe in probes:
        assert probe.document
        listed = probe.key_ids
        assert PUBLIC.key_id in listed
        assert signer_check.nobodys_key(1).key_id not in listed
    assert 1 << 20 <= len(PROBES[-1].serialized) < 2 << 20


# What answers mean

REQUEST = PROBES[0]
MESSAGE = REQUEST.serialized
OTHER = PROBES[1]


def der(digest: bytes) -> bytes:
    """A signature by PUBLIC's key of 32 bytes that are taken for a SHA-256."""
    key = ec.derive_private_key(TARGETS_KEY, ec.SECP256R1())
    return key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


def der_of(message: bytes) -> bytes:
    return der(hashlib.sha256(message).digest())


def der_that_ends_with_a_blank() -> bytes:
    """One in 43 does, in its last byte of s."""
    while not (answer := der_of(MESSAGE))[-1:].isspace():
        pass
    return answer


def raw_of(message: bytes) -> bytes:
    return signer(TARGETS_KEY).sign(message)


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


FAULTS: list[tuple[bytes, str]] = [
    (der_of(sha256(MESSAGE)), "a signature of its SHA-256, which was hashed once more; sign the"),
    (raw_of(sha256(MESSAGE)), "a signature of its SHA-256, which was hashed once more; sign the"),
    (der_of(sha256(MESSAGE).hex().encode()), "of its SHA-256 in hexadecimal digits; sign the"),
    (der_of(sha256(MESSAGE).hex().encode() + b"\n"), "digits, and a newline; sign the"),
    (der_of(base64.b64encode(sha256(MESSAGE))), "of its SHA-256 in base64; sign the"),
    (der_of(base64.b64encode(MESSAGE)), "of the request in base64; sign the"),
    (der_of(base64.b64encode(MESSAGE) + b"\n"), "of the request in base64, and a newline; sign"),
    (der_of(MESSAGE.hex().encode()), "of the request in hexadecimal digits; sign the"),
    (der_of(MESSAGE + b"\n"), "of the request, and a newline; sign the"),
    (der(MESSAGE[:32]), "of the request without hashing it; sign the"),
    (der(sha256(MESSAGE).hex().encode()[:32]), "of the text of its SHA-256 without hashing"),
    (der(hashlib.sha512(MESSAGE).digest()[:32]), "a signature of its SHA512; sign the"),
    (der(bytes(12) + hashlib.sha1(MESSAGE).digest()), "a signature of its SHA1; sign the"),
    (der_of(b""), "of nothing: no byte at all; sign the"),
    (der_of(exec_protocol.build_question(REQUEST, PUBLIC.key_id)), "the whole question, and a n"),
    (der_of(OTHER.serialized), "a signature of another request, asked at the same time; sign"),
    (base64.b64encode(der_of(MESSAGE)), "of the request, but in base64 twice; give DER, or r"),
    (base64.b64encode(der_of(MESSAGE)) + b"\n", "of the request, but in base64 twice; give"),
    (base64.urlsafe_b64encode(raw_of(MESSAGE)).rstrip(b"="), "but in base64 twice; give DER"),
    (b"vault:v1:" + base64.b64encode(der_of(MESSAGE)), "but as Vault writes it, with its vault"),
    (b"vault:v12:" + base64.b64encode(der_of(MESSAGE)), "but as Vault writes it, with its vault"),
    (raw_of(MESSAGE).hex().encode(), "of the request, but in hexadecimal digits; give DER, or"),
    (der_of(MESSAGE) + b"\n", "of the request, but with blanks around it; give DER, or r and s"),
    (der_that_ends_with_a_blank() + b"\r\n", "of the request, but with blanks around it; give"),
    (raw_of(MESSAGE)[32:] + raw_of(MESSAGE)[:32], "of the request, but with s before r; give"),
    (
        raw_of(MESSAGE)[31::-1] + raw_of(MESSAGE)[:31:-1],
        "of the request, but in little-endian numbers; give",
    ),
    (
        signer(STRANGER).sign(MESSAGE),
        "64 bytes that are not a signature by this key of any request",
    ),
    (b"", "0 bytes that are not a signature by this key of any request; does the publ"),
    (b"\xff" * 70_000, "70000 bytes that are not a signature"),
    (bytes(64), "64 bytes that are not a signature"),
]


@pytest.mark.parametrize(("answer", "text"), FAULTS)
def test_diagnosis(answer: bytes, text: str) -> None:
    assert PUBLIC.raw_form(answer, MESSAGE) is None
    assert text in signer_check.diagnose(PUBLIC, answer, REQUEST, [OTHER])


# What is found


class Fake:
    """A signer that does what a function does."""

    name = "fake:x"
    public = PUBLIC

    def __init__(self, sign: Callable[[ToSign], bytes]) -> None:
        self._sign = sign

    def sign(self, request: ToSign) -> bytes:
        return self._sign(request)


def good(request: ToSign) -> bytes:
    return signer(TARGETS_KEY).sign(request.serialized)


def findings(sign: Callable[[ToSign], bytes], *, seconds: float = 0) -> dict[str, Finding]:
    def at_once(requests: Sequence[Request]) -> list[Attempt]:
        assert len({each.sha256 for each in requests}) == AT_ONCE
        return [Attempt(sign(each), "", False, seconds) for each in requests]

    return {each.probe: each for each in signer_check.check(Fake(sign), at_once)}


def results(found: dict[str, Finding]) -> set[Result]:
    return {each.result for each in found.values()}


def test_good() -> None:
    found = findings(good)
    assert {name: each.detail for name, each in found.items()} == {
        "a targets request": "a good signature, r and s",
        "a root request": "a good signature, r and s",
        "the same request again": "the same signature",
        "a large request": "a good signature, r and s",
        "10 requests at once": "a good signature of each",
    }
    assert results(found) == {Result.OK}


def test_another_signature_each_time() -> None:
    found = findings(lambda request: der_of(request.serialized))
    assert found["a targets request"].detail == "a good signature, DER"
    assert found["the same request again"].detail == "another signature, which is as good"
    assert results(found) == {Result.OK}


@pytest.mark.parametrize(
    ("other", "mine"), [(metadata.ROOT, "targets"), (metadata.TARGETS, "root")]
)
def test_a_key_for_one_role(other: str, mine: str) -> None:
    def sign(request: ToSign) -> bytes:
        if request.role == other:
            raise ProgramError("fake:x: not with this key")
        return good(request)

    found = findings(sign)
    declined = found["a root request" if mine == "targets" else "a targets request"]
    assert declined.result is Result.WARNING
    assert declined.detail == (
        f"not with this key; good, if this key is to sign {mine} metadata only"
    )
    assert Result.FAILED not in results(found)
    large = found["a large request"].result
    assert large is (Result.OK if mine == "targets" else Result.SKIPPED)


def test_one_that_signs_nothing() -> None:
    def decline(request: ToSign) -> bytes:
        raise ProgramError("fake:x: no")

    def fail(request: ToSign) -> bytes:
        raise InputError("fake:x: broken")

    for sign, text in ((decline, "no"), (fail, "broken")):
        found = findings(sign)
        assert [each.detail for each in found.values()][:2] == [text, text]
        assert found["a root request"].result is Result.FAILED
        assert found["the rest"].result is Result.SKIPPED
        assert len(found) == 3


def test_one_that_fails_with_one_role() -> None:
    """Not its own word, so no sign that it was meant."""

    def sign(request: ToSign) -> bytes:
        if request.role == "root":
            raise InputError("fake:x: broken")
        return good(request)

    assert findings(sign)["a root request"].result is Result.FAILED


def test_one_that_signs_no_large_requests() -> None:
    found = findings(lambda request: good(request) if len(request.serialized) < 9999 else b"")
    assert found["a large request"].result is Result.FAILED
    assert found["a large request"].detail.startswith("0 bytes that are not a signature")


def test_one_that_signs_once() -> None:
    asked = []

    def sign(request: ToSign) -> bytes:
        asked.append(request)
        return good(request) if len(asked) < 3 else b"?"

    assert findings(sign)["the same request again"].result is Result.FAILED


def test_a_wrong_pin_is_not_tried_again() -> None:
    asked = []

    def sign(request: ToSign) -> bytes:
        asked.append(request)
        raise WrongSecret("fake:x: wrong PIN")

    with pytest.raises(WrongSecret):
        findings(sign)
    assert len(asked) == 1


def test_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(good, seconds=10.0)["10 requests at once"].result is Result.OK
    found = findings(good, seconds=10.1)["10 requests at once"]
    assert (found.result, found.seconds) == (Result.WARNING, 10.1)
    assert found.detail == "a good signature of each, but slow"
    monkeypatch.setattr(signer_check, "SLOW_SECONDS", 0)
    found = findings(good)["a targets request"]
    assert (found.result, found.detail) == (Result.WARNING, "a good signature, r and s, but slow")


def test_mixed_up_signatures() -> None:
    def at_once(requests: Sequence[Request]) -> list[Attempt]:
        turned = [*requests[1:], requests[0]]
        return [Attempt(good(each), "", False, 0) for each in turned]

    *_, found = signer_check.check(Fake(good), at_once)
    assert found.result is Result.FAILED
    assert found.detail.startswith(
        "10 are wrong: a signature of another request, asked at the same time; "
    )


def test_some_without_a_signature() -> None:
    """A token's module may be for one at a time; the test only requires that no answer is wrong."""

    def at_once(requests: Sequence[Request]) -> list[Attempt]:
        none = Attempt(None, "busy", False, 1)
        return [none, none, *(Attempt(good(each), "", False, 0) for each in requests[2:])]

    *_, found = signer_check.check(Fake(good), at_once)
    assert found.result is Result.WARNING
    assert found.detail == "2 got no signature, so sign one at a time: busy"


# Other schemes


def raw_key(scheme: Scheme) -> PrivateKey:
    private = scheme.generate()
    keyval = scheme.keyval_of(private.public_key())
    assert keyval is not None
    return PrivateKey(PublicKey(scheme, keyval), private)


@pytest.mark.parametrize("scheme", [ED25519, ML_DSA_44], ids=["ed25519", "ml_dsa_44"])
def test_diagnosis_of_schemes_that_sign_the_bytes_themselves(scheme: Scheme) -> None:
    key = raw_key(scheme)
    good = key.sign(MESSAGE)
    hint = "; sign the request's bytes as they are, without hashing them first"
    give = f"; give the {scheme.signature_bytes} bytes of the signature"
    for answer, expected in (
        (key.sign(sha256(MESSAGE)), f"a signature of its SHA-256{hint}"),
        (key.sign(hashlib.sha512(MESSAGE).digest()), f"a signature of its SHA-512{hint}"),
        (key.sign(MESSAGE + b"\n"), f"a signature of the request, and a newline{hint}"),
        (good.hex().encode(), f"a signature of the request, but in hexadecimal digits{give}"),
        (base64.b64encode(good), f"a signature of the request, but in base64 twice{give}"),
    ):
        assert signer_check.diagnose(key.public, answer, REQUEST) == expected
    wrong = signer_check.diagnose(key.public, raw_key(scheme).sign(MESSAGE), REQUEST)
    assert wrong.startswith(f"{scheme.signature_bytes} bytes that are not a signature")
