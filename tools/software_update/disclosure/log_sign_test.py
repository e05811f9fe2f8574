"""Tests of log_sign.py."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from software_update.base.errors import InputError, SignatureError
from software_update.disclosure.log_add import add_records
from software_update.disclosure.log_folder import (
    CHECKPOINT,
    UNSIGNED,
    create_log,
    put,
    read_log,
)
from software_update.disclosure.log_sign import (
    CheckpointToSign,
    Merged,
    add_signature,
    merge_cosignatures,
    sign_checkpoint,
)
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ED25519
from software_update.repository.storages.folder import FolderStorage
from software_update.signing.signers import FileSigner
from software_update.testing.memory_log import COSIGNED, MemoryLog, MemoryWitness, policy_text
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.note import parse_vkey

RECORDS = [b"record %d" % index for index in range(7)]
LOG = MemoryLog(RECORDS[:3])
ONE, TWO = MemoryWitness(), MemoryWitness("second.example", 51)
POLICY = parse_log_policy(policy_text(LOG, ONE, TWO), "policy")


def signer(number: int = 40) -> FileSigner:
    """The signer with the key of MemoryLog(number=number)."""
    key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    public = PublicKey(ED25519, key.public_key().public_bytes_raw())
    return FileSigner("file:log.pem", PrivateKey(public, key))


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(str(tmp_path))
    create_log(storage, parse_vkey(LOG.vkey))
    add_records(storage, RECORDS[:3])
    return storage


def checkpoint(storage: FolderStorage) -> bytes:
    found = storage.read(CHECKPOINT, 10_000)
    assert found is not None
    return found.content


def test_the_checkpoint_is_signed_once(storage: FolderStorage) -> None:
    signed, is_new = sign_checkpoint(storage, signer())
    assert (signed.note.content(), is_new) == (LOG.checkpoint(), True)
    assert checkpoint(storage) == LOG.checkpoint()
    put(storage, CHECKPOINT, LOG.checkpoint(ONE))
    # Signing again keeps the cosignatures.
    assert sign_checkpoint(storage, signer())[1] is False
    assert checkpoint(storage) == LOG.checkpoint(ONE)
    add_records(storage, RECORDS[3:])
    assert sign_checkpoint(storage, signer())[1] is True
    assert checkpoint(storage) == MemoryLog(RECORDS).checkpoint()


def test_a_signature_from_elsewhere(storage: FolderStorage) -> None:
    with pytest.raises(SignatureError, match="not one of unsigned-checkpoint"):
        add_signature(storage, LOG.sign(b"other"))
    assert add_signature(storage, LOG.sign(LOG.text()))[1] is True
    assert checkpoint(storage) == LOG.checkpoint()
    assert add_signature(storage, LOG.sign(LOG.text()))[1] is False


def test_another_key_signs_nothing(storage: FolderStorage) -> None:
    with pytest.raises(InputError, match=r"file:log\.pem: is not the key of the log"):
        sign_checkpoint(storage, signer(41))
    assert storage.read(CHECKPOINT, 10_000) is None


@pytest.mark.parametrize("records", [RECORDS[:2], RECORDS[1:4], RECORDS[1:6]])
def test_a_log_never_signs_a_fork(tmp_path: Path, records: list[bytes]) -> None:
    storage = FolderStorage(str(tmp_path))
    create_log(storage, parse_vkey(LOG.vkey))
    add_records(storage, records)
    put(storage, CHECKPOINT, LOG.checkpoint())
    with pytest.raises(NotDisclosed, match="do not continue the 3 records") as error:
        sign_checkpoint(storage, signer())
    assert error.value.refusal == Refusal.LOG_FORKED
    with pytest.raises(NotDisclosed, match="do not continue the 3 records"):
        add_signature(storage, LOG.sign(MemoryLog(records).text()))
    assert checkpoint(storage) == LOG.checkpoint()


def test_damaged_tiles_are_not_signed(storage: FolderStorage) -> None:
    put(storage, UNSIGNED, MemoryLog(RECORDS[1:4]).text())
    with pytest.raises(InputError, match="do not have the root"):
        sign_checkpoint(storage, signer())


def test_cosignatures_are_merged(storage: FolderStorage) -> None:
    sign_checkpoint(storage, signer())
    text, later = LOG.text(), COSIGNED + 60
    files = {"a": LOG.checkpoint(ONE), "b": TWO.cosign(text)}
    new = [Merged("w0", COSIGNED, True), Merged("w1", COSIGNED, True)]
    assert merge_cosignatures(storage, POLICY, files) == new
    assert checkpoint(storage) == LOG.checkpoint(ONE, TWO)
    old = {"a": ONE.cosign(text, 5), "b": ONE.cosign(text, later), "c": TWO.cosign(text)}
    assert [each.is_new for each in merge_cosignatures(storage, POLICY, old)] == [
        False,
        True,
        False,
    ]
    expected = LOG.checkpoint(TWO) + ONE.cosign(text, later)
    assert checkpoint(storage) == expected
    assert read_log(storage).signed is not None


@pytest.mark.parametrize(
    "content, detail",
    [
        (b"", "ends before its last signature"),
        (LOG.checkpoint(), "has no cosignature"),
        (MemoryWitness("third.example", 52).cosign(LOG.text()), "has no cosignature"),
        (MemoryLog(RECORDS[:2]).checkpoint(ONE), "is of another checkpoint"),
        (ONE.cosign(MemoryLog(RECORDS[:2]).text()), "the cosignature of the witness w0 is wrong"),
    ],
)
def test_other_cosignatures_are_refused(
    storage: FolderStorage, content: bytes, detail: str
) -> None:
    sign_checkpoint(storage, signer())
    with pytest.raises(SignatureError, match=f"file: .*{detail}"):
        merge_cosignatures(storage, POLICY, {"a": TWO.cosign(LOG.text()), "file": content})
    assert checkpoint(storage) == LOG.checkpoint()


def test_a_log_that_is_not_signed_has_no_cosignatures(storage: FolderStorage) -> None:
    with pytest.raises(InputError, match="is not signed yet"):
        merge_cosignatures(storage, POLICY, {})


def test_a_signer_learns_the_role() -> None:
    content = CheckpointToSign(3, b"text")
    assert (content.role, content.version) == ("log.checkpoint", 3)
    assert content.sha256.hex().startswith("982d9e3eb996f559")
