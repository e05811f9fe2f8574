"""Tests of signers.py."""

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric import utils

from software_update.base.errors import SignatureError
from software_update.keys.public_key import PublicKey
from software_update.signing.signers import ExecSigner, FileSigner, signature_by
from software_update.signing.signing_request import ToSign, parse_request
from software_update.testing.signers import STRANGER, TARGETS_KEY, key_id, signer
from software_update.testing.workspace import TARGETS

REQUEST = parse_request(TARGETS)
RAW = signer(TARGETS_KEY).sign(TARGETS)


@dataclasses.dataclass
class Fixed:
    """A signer with one answer."""

    answer: bytes
    name: str = "fixed"
    public: PublicKey = signer(TARGETS_KEY).public

    def sign(self, _request: ToSign) -> bytes:
        return self.answer


def test_key_in_a_file_signs_the_request() -> None:
    found = signature_by(FileSigner("file:key.pem", signer(TARGETS_KEY)), REQUEST)
    assert (found.key_id, found.sha256) == (key_id(TARGETS_KEY), REQUEST.sha256)
    assert (found.role, found.version) == ("targets", 7)
    assert signer(TARGETS_KEY).public.verifies(found.value, TARGETS)


def test_other_forms_of_a_good_signature_become_the_raw_form() -> None:
    r, s = (int.from_bytes(half, "big") for half in (RAW[:32], RAW[32:]))
    assert signature_by(Fixed(utils.encode_dss_signature(r, s)), REQUEST).value == RAW


@pytest.mark.parametrize(
    "answer",
    [b"", RAW[:-1], signer(STRANGER).sign(TARGETS), signer(TARGETS_KEY).sign(b"other")],
    ids=["empty", "short", "other key", "other bytes"],
)
def test_rejects_an_answer_that_is_not_a_signature_of_the_request(answer: bytes) -> None:
    with pytest.raises(SignatureError, match=r"^fixed: its answer is not a signature of this"):
        signature_by(Fixed(answer), REQUEST)


def test_program_is_named_by_its_uri() -> None:
    assert ExecSigner("./a b", signer(TARGETS_KEY).public, 1).name == "exec:./a b"
