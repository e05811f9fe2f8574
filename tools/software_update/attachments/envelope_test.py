"""DSSE envelopes of statements."""

import base64
import json
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Key, SSlibKey

from software_update.attachments.envelope import (
    MAX_ENVELOPE_BYTES,
    parse_envelope,
    signed_by,
    statement_of,
)
from software_update.attachments.sign import sign_statement
from software_update.attachments.statement import Statement, build_statement
from software_update.base.errors import InputError
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ED25519
from software_update.signing.signers import FileSigner
from software_update.testing.signers import STRANGER, mirrored, signer

ED25519_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AUDITOR = FileSigner("file:auditor", signer(101))
OTHER = FileSigner(
    "file:other",
    PrivateKey(PublicKey(ED25519, ED25519_KEY.public_key().public_bytes_raw()), ED25519_KEY),
)
STATEMENT = Statement(bytes(32), "https://example.test/claim", {"a": 1})
SIGNED = sign_statement(build_statement(STATEMENT), [AUDITOR, OTHER])


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(SIGNED) | fields).encode()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def detail(content: bytes) -> str:
    with pytest.raises(NotDisclosed) as caught:
        statement_of(parse_envelope(content, "a.json"), "a.json")
    assert (caught.value.refusal, caught.value.subject) == (Refusal.MALFORMED_ATTACHMENT, "a.json")
    return caught.value.detail


def test_both_signers_of_an_envelope_are_found() -> None:
    envelope = parse_envelope(SIGNED, "a.json")
    keys = [signer(STRANGER).public, AUDITOR.public, OTHER.public]
    assert signed_by(envelope, keys) == keys[1:]
    assert statement_of(envelope, "a.json") == STATEMENT


def test_the_same_keys_give_the_same_envelope() -> None:
    assert sign_statement(build_statement(STATEMENT), [AUDITOR, OTHER]) == SIGNED


def test_another_implementation_verifies_the_envelope() -> None:
    envelope = Envelope.from_dict(json.loads(SIGNED))
    keys: list[Key] = [
        SSlibKey.from_crypto(each.public.scheme.load(each.public.keyval))
        for each in (AUDITOR, OTHER)
    ]
    assert len(envelope.verify(keys, 2)) == 2
    envelope.payload += b" "
    with pytest.raises(VerificationError):
        envelope.verify(keys, 1)


def test_a_signature_of_another_statement_does_not_count() -> None:
    other = build_statement(STATEMENT._replace(release_digest=bytes([1] * 32)))
    envelope = parse_envelope(changed(payload=encoded(other)), "a.json")
    assert signed_by(envelope, [AUDITOR.public, OTHER.public]) == []


def test_a_signature_of_another_media_type_does_not_count() -> None:
    envelope = parse_envelope(changed(payloadType="text/plain"), "a.json")
    assert signed_by(envelope, [AUDITOR.public]) == []


def test_key_ids_are_hints() -> None:
    signatures = json.loads(SIGNED)["signatures"][:1]
    del signatures[0]["keyid"]
    envelope = parse_envelope(changed(signatures=signatures), "a.json")
    assert signed_by(envelope, [AUDITOR.public]) == [AUDITOR.public]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is not a DSSE envelope"),
        (b"[]", "is not a DSSE envelope"),
        (b'{"a": 1, "a": 2}', "has the key 'a' twice"),
        (b" " * (MAX_ENVELOPE_BYTES + 1), "an envelope has at most"),
        (changed(payload=5), "is not a DSSE envelope"),
        (changed(payload="ä"), "is not a DSSE envelope"),
        (changed(payloadType=None), "is not a DSSE envelope"),
        (changed(signatures=[]), "is not a DSSE envelope"),
        (changed(signatures={}), "is not a DSSE envelope"),
        (changed(signatures=["x"]), "is not a DSSE envelope"),
        (changed(signatures=[{"sig": 1}]), "is not a DSSE envelope"),
        (changed(signatures=[{"keyid": "a"}]), "is not a DSSE envelope"),
        (changed(signatures=[{"keyid": "a", "sig": "AA=="}] * 2), "is not a DSSE envelope"),
        (
            changed(signatures=[{"keyid": str(each), "sig": ""} for each in range(65)]),
            "is not a DSSE",
        ),
        (changed(payloadType="text/plain"), "contains no in-toto statement"),
        (changed(payload=encoded(b"{}")), "is not an in-toto statement"),
    ],
)
def test_a_file_that_is_not_a_signed_statement_is_refused(content: bytes, expected: str) -> None:
    assert expected in detail(content)


def test_without_securesystemslib_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "securesystemslib", None)
    monkeypatch.delitem(sys.modules, "securesystemslib.dsse", raising=False)
    with pytest.raises(InputError, match=r"pip install '\.\[attachments\]'"):
        parse_envelope(SIGNED, "a.json")


def test_a_mirrored_key_is_another_key() -> None:
    assert signed_by(parse_envelope(SIGNED, "a.json"), [mirrored(AUDITOR.public)]) == []
