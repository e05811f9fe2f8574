"""Signing statements."""

import pytest

from software_update.attachments.sign import EnvelopeToSign, sign_statement
from software_update.attachments.statement import Statement, build_statement
from software_update.base.errors import InputError, SignatureError
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ML_DSA_44
from software_update.signing.signers import FileSigner
from software_update.testing.signers import STRANGER, signer

AUDITOR = FileSigner("file:auditor", signer(101))
STATEMENT = Statement(bytes(32), "https://example.test/claim", {"a": 1})


def test_a_signer_with_another_key_is_refused() -> None:
    wrong = FileSigner("file:wrong", PrivateKey(AUDITOR.public, signer(STRANGER)._key))
    with pytest.raises(SignatureError, match="file:wrong"):
        sign_statement(build_statement(STATEMENT), [wrong])


def test_a_key_that_no_reader_knows_cannot_sign() -> None:
    key = PrivateKey(PublicKey(ML_DSA_44, bytes(ML_DSA_44.keyval_bytes)), None)
    with pytest.raises(InputError, match="an ML-DSA-44 key, which no reader of envelopes knows"):
        sign_statement(b"{}", [FileSigner("file:new", key)])


def test_a_signer_gets_the_role_of_attachments() -> None:
    question = EnvelopeToSign(b"DSSEv1")
    assert (question.role, len(question.sha256)) == ("attachment", 32)
