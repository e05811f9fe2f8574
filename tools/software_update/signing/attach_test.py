"""Tests of attach.py."""

import dataclasses

import pytest

from software_update import metadata
from software_update.errors import SignatureError
from software_update.metadata import Signed
from software_update.signing import signing_request
from software_update.signing.attach import attach
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signing_request import Request, Signers
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    key_id,
    signer,
)

ROOT = metadata.parse_root(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3], 1, 2))
SIGNERS = signing_request.signers_of_targets(ROOT)
REQUEST = signing_request.parse_request(e.targets({"app": b"firmware"}, 7))
NAME = f"request {REQUEST.sha256.hex()[:16]} (targets version 7)"


def short(number: int) -> str:
    return key_id(number).hex()[:16]


def by(number: int, request: Request = REQUEST) -> tuple[str, DetachedSignature]:
    value = signer(number).sign(request.serialized)
    return f"{number}.json", DetachedSignature(
        request.sha256, request.role, request.version, key_id(number), value
    )


def error(
    *signatures: tuple[str, DetachedSignature],
    request: Request = REQUEST,
    signers: list[Signers] = SIGNERS,
) -> str:
    with pytest.raises(SignatureError) as caught:
        attach(request, signers, signatures)
    return str(caught.value)


def test_enough() -> None:
    signatures = [by(TARGETS_KEY), by(TARGETS_KEY_3)]
    signed = attach(REQUEST, SIGNERS, signatures)
    expected = e.signed(REQUEST.serialized, *sorted((TARGETS_KEY, TARGETS_KEY_3), key=key_id))
    assert metadata.build_signed("targets", signed) == expected
    # The order of the files is nothing.
    again = attach(REQUEST, SIGNERS, signatures[::-1])
    assert metadata.build_signed("targets", again) == expected
    assert len(attach(REQUEST, SIGNERS, [*signatures, by(TARGETS_KEY_2)]).signatures) == 3


def test_too_few() -> None:
    others = " ".join(sorted((short(TARGETS_KEY_2), short(TARGETS_KEY_3))))
    assert error(by(TARGETS_KEY)) == (
        f"too few signatures: {NAME}: 1 of 2 signatures by the root's keys, "
        f"signed: {short(TARGETS_KEY)}, not signed: {others}"
    )
    assert f"{NAME}: 0 of 2 signatures by the root's keys, not signed: " in error()


def test_unknown_key() -> None:
    text = error(by(TARGETS_KEY), by(STRANGER))
    assert text.startswith(
        f"{STRANGER}.json: signed by key {short(STRANGER)}, which may not sign this; {NAME}: "
        f"1 of 2 signatures by the root's keys, signed: {short(TARGETS_KEY)}, not signed: "
    )


def test_a_key_of_the_other_role() -> None:
    assert "which may not sign this" in error(by(TARGETS_KEY), by(TARGETS_KEY_2), by(ROOT_KEY))


def test_one_signer_twice() -> None:
    path, signature = by(TARGETS_KEY)
    text = error((path, signature), ("copy.json", signature))
    assert text.startswith(f"{path}: key {short(TARGETS_KEY)} has signed twice, in copy.json too; ")
    assert "1 of 2 signatures" in text
    assert "has signed twice" in error((path, signature), (path, signature))


@pytest.mark.parametrize("flipped", [0, 31, 32, 63])
def test_bad_signature(flipped: int) -> None:
    path, signature = by(TARGETS_KEY)
    value = bytearray(signature.value)
    value[flipped] ^= 1
    bad = dataclasses.replace(signature, value=bytes(value))
    text = error((path, bad), by(TARGETS_KEY_2))
    assert text.startswith(f"{path}: bad signature by key {short(TARGETS_KEY)}; {NAME}: 1 of 2 ")


def test_zeros_are_no_signature() -> None:
    bad = dataclasses.replace(by(TARGETS_KEY)[1], value=bytes(64))
    assert "bad signature" in error(("zeros.json", bad))


def test_a_signature_under_another_name() -> None:
    bad = dataclasses.replace(by(TARGETS_KEY)[1], key_id=key_id(TARGETS_KEY_2))
    assert f"bad signature by key {short(TARGETS_KEY_2)}" in error(("s.json", bad))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (6, "an older one: version 6, now 7; sign again"),
        (8, "a newer one: version 8, now 7; sign again"),
        (7, "of the same version, but the content is another now; sign again"),
    ],
)
def test_a_signature_of_another_request(version: int, said: str) -> None:
    other = signing_request.parse_request(e.targets({"app": b"other"}, version))
    text = error(by(TARGETS_KEY), by(TARGETS_KEY_2, other))
    assert f"{TARGETS_KEY_2}.json: signs {other}, {said}; {NAME}: 1 of 2 signatures" in text


def test_a_signature_of_the_other_role() -> None:
    other = signing_request.parse_request(e.root(7))
    assert f"signs {other}, which has another role" in error(by(TARGETS_KEY, other))


def test_a_signature_file_that_contradicts_the_bytes() -> None:
    for change in ({"version": 8}, {"role": "root"}):
        bad = dataclasses.replace(by(TARGETS_KEY)[1], **change)
        assert "which these bytes are not" in error(("s.json", bad))


def test_more_than_a_device_takes() -> None:
    assert "65 signatures; a device takes at most 64" in error(*[by(TARGETS_KEY)] * 65)


def test_a_root_needs_the_one_before_it() -> None:
    request = signing_request.parse_request(e.root(2, [ROOT_KEY_2]))
    assert isinstance(request.content, metadata.Root)
    alone = signing_request.signers_of_root(request.content, None)
    both = signing_request.signers_of_root(request.content, ROOT)
    own, old = by(ROOT_KEY_2, request), by(ROOT_KEY, request)
    assert attach(request, alone, [own]).signatures
    assert isinstance(attach(request, both, [own, old]), Signed)
    text = error(own, request=request, signers=both)
    assert text.endswith(
        f"1 of 1 signatures by its own keys, signed: {short(ROOT_KEY_2)}; "
        f"0 of 1 signatures by the previous root's keys, not signed: {short(ROOT_KEY)}"
    )
    assert "0 of 1 signatures by its own keys" in error(old, request=request, signers=both)
    assert "may not sign this" in error(own, old, request=request, signers=alone)


def test_one_key_counts_for_both_roots() -> None:
    request = signing_request.parse_request(e.root(2, [ROOT_KEY]))
    assert isinstance(request.content, metadata.Root)
    both = signing_request.signers_of_root(request.content, ROOT)
    assert len(attach(request, both, [by(ROOT_KEY, request)]).signatures) == 1
