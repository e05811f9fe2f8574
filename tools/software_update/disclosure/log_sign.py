"""Signs the checkpoint of a log, and merges the cosignatures of witnesses."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from software_update.base.errors import Advice, InputError, SignatureError, shown
from software_update.disclosure.log_add import check_tree
from software_update.disclosure.log_folder import (
    CHECKPOINT,
    Log,
    SignedCheckpoint,
    put,
    read_log,
    tiles_of,
)
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ED25519
from software_update.repository.storage import Storage
from software_update.signing.signers import Signer, raw_signature
from software_update.transparency.checkpoint import time_of_cosignature
from software_update.transparency.log_policy import LogPolicy, Witness
from software_update.transparency.note import Note, NoteKey, SignatureLine, parse_note


@dataclass(frozen=True, slots=True)
class CheckpointToSign:
    """The text of a checkpoint, for a signer. `version` is the number of records."""

    version: int
    serialized: bytes
    role: str = "log.checkpoint"
    document: None = None

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.serialized).digest()


class Merged(NamedTuple):
    """A cosignature in the checkpoint: the witness, the time in seconds since 1970, and whether it is new."""

    witness: str
    time: int
    is_new: bool


def sign_checkpoint(storage: Storage, signer: Signer) -> tuple[SignedCheckpoint, bool]:
    """Signs the records that were added. Returns the checkpoint, and whether it is a new one.

    Raises InputError for another key than the log's, and NotDisclosed with LOG_FORKED if the log does not
    continue the checkpoint that it signed last.
    """
    with storage.publishing():
        log = read_log(storage)
        if signer.public != PublicKey(ED25519, log.key.keyval):
            raise InputError(
                f"{signer.name}: is not the key of the log {log.key.name}; name the key that it was made with"
            )
        if log.signed and log.signed.checkpoint == log.unsigned:
            return log.signed, False
        _check_continues(storage, log)
        content = CheckpointToSign(log.unsigned.size, log.unsigned.text())
        return _publish(storage, log, raw_signature(signer, content)), True


def add_signature(storage: Storage, signature: bytes) -> tuple[SignedCheckpoint, bool]:
    """As `sign_checkpoint`, with a signature that was made elsewhere: 64 bytes, of unsigned-checkpoint."""
    with storage.publishing():
        log = read_log(storage)
        if not log.key.verifies(signature, log.unsigned.text()):
            raise SignatureError(
                f"the signature is not one of unsigned-checkpoint by the key of the log {log.key.name}"
            )
        if log.signed and log.signed.checkpoint == log.unsigned:
            return log.signed, False
        _check_continues(storage, log)
        return _publish(storage, log, signature), True


def _check_continues(storage: Storage, log: Log) -> None:
    tiles = tiles_of(storage, log.unsigned.size)
    check_tree(tiles, log.unsigned)
    if log.signed is None:
        return
    before = log.signed.checkpoint
    if before.size > tiles.size or tiles.root(before.size) != before.root:
        raise NotDisclosed(
            Refusal.LOG_FORKED,
            f"the tiles do not continue the {before.size} records that the log has signed; "
            "restore the folder from a copy",
            subject=storage.describe(),
        )


def _publish(storage: Storage, log: Log, signature: bytes) -> SignedCheckpoint:
    line = SignatureLine(log.key.name, log.key.key_id, signature)
    note = Note(log.unsigned.text(), (line,))
    put(storage, CHECKPOINT, note.content())
    return SignedCheckpoint(note, log.unsigned)


def merge_cosignatures(
    storage: Storage, policy: LogPolicy, files: dict[str, bytes]
) -> list[Merged]:
    """Adds cosignatures of witnesses of the policy to the checkpoint. `files` are contents by their names.

    A file is the checkpoint with cosignatures, or only their lines. Raises SignatureError for a wrong
    cosignature and for a file without one, and then adds nothing.
    """
    with storage.publishing():
        log = read_log(storage)
        if log.signed is None:
            raise InputError(f"{storage.describe()}: is not signed yet", Advice.SIGN_LOG)
        note = log.signed.note
        merged: list[Merged] = []
        for name, content in files.items():
            found = _cosignatures(name, content, note.text, policy)
            if not found:
                raise SignatureError(
                    f"{name}: has no cosignature of this checkpoint by a witness of the policy"
                )
            for witness, line, time in found:
                note, is_new = _with(note, witness.key, line, time)
                merged.append(Merged(witness.name, time, is_new))
        put(storage, CHECKPOINT, note.content())
        return merged


def _cosignatures(
    name: str, content: bytes, text: bytes, policy: LogPolicy
) -> list[tuple[Witness, SignatureLine, int]]:
    if b"\n\n" not in content:
        content = text + b"\n" + content
    try:
        note = parse_note(content)
    except NotDisclosed as error:
        raise SignatureError(f"{name}: {error.detail}") from None
    if note.text != text:
        raise SignatureError(
            f"{name}: is of another checkpoint; let the witness cosign the log's newest one"
        )
    found = []
    for witness in policy.witnesses:
        for line in filter(witness.key.signs, note.signatures):
            time = time_of_cosignature(witness.key, line.signature, text)
            if time is None:
                raise SignatureError(
                    f"{name}: the cosignature of the witness {shown(witness.name)} is wrong"
                )
            found.append((witness, line, time))
    return found


def _with(note: Note, key: NoteKey, line: SignatureLine, time: int) -> tuple[Note, bool]:
    """Returns the note with a cosignature in place of an older one by the same key, and whether it is new."""
    before = [each for each in note.signatures if key.signs(each)]
    times = [time_of_cosignature(key, each.signature, note.text) or 0 for each in before]
    if any(each >= time for each in times):
        return note, False
    others = tuple(each for each in note.signatures if not key.signs(each))
    return Note(note.text, (*others, line)), True
