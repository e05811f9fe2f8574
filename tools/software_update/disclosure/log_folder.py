"""A log in a folder that a web server serves: its files, and the order in which they are written.

    key                      the log's key, in the form of a note's key
    tile/...                 the tiles; c2sp.org/tlog-tiles has their names
    index/XX/XX              the leaf hashes that begin with XXXX in hexadecimal, and the index of each
    unsigned-checkpoint      the text that the log signs next
    checkpoint               the last text that the log signed, with its signatures

Adding writes the tiles and the index before unsigned-checkpoint. So if a command is killed, the log is as
before, and the next command replaces the files that unsigned-checkpoint does not count.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from software_update.base.errors import Advice, InputError
from software_update.disclosure.log_tiles import Read, Tiles
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.repository.storage import Storage
from software_update.transparency.checkpoint import Checkpoint, parse_checkpoint
from software_update.transparency.merkle import EMPTY_ROOT
from software_update.transparency.note import MAX_NOTE_BYTES, Note, NoteKey, parse_note, parse_vkey

if TYPE_CHECKING:
    from software_update.repository.current import Readable

KEY = "key"
CHECKPOINT = "checkpoint"
UNSIGNED = "unsigned-checkpoint"

_MAX_KEY_BYTES = 4096

_T = TypeVar("_T")


class SignedCheckpoint(NamedTuple):
    """A checkpoint with its signatures."""

    note: Note
    checkpoint: Checkpoint


class Log(NamedTuple):
    """A log: its key, the tree that it signs next, and the one that it signed last; None if none."""

    key: NoteKey
    unsigned: Checkpoint
    signed: SignedCheckpoint | None


def create_log(storage: Storage, key: NoteKey) -> None:
    """Makes an empty log. An equal one that is there already is kept. Raises Conflict for another one."""
    with storage.publishing():
        storage.put_new(KEY, f"{key.vkey}\n".encode())
        if storage.read(UNSIGNED, MAX_NOTE_BYTES) is None:
            put(storage, UNSIGNED, Checkpoint(key.name, 0, EMPTY_ROOT).text())


def read_log(storage: "Readable") -> Log:
    """Reads a log. Raises InputError if the storage has none, and NotDisclosed if its key did not sign it."""
    place = storage.describe()
    key, unsigned = storage.read(KEY, _MAX_KEY_BYTES), storage.read(UNSIGNED, MAX_NOTE_BYTES)
    if key is None or unsigned is None:
        raise InputError(f"{place}: is not a log", Advice.MAKE_LOG)
    vkey = parse_vkey(key.content.decode(errors="replace").strip())
    checkpoint = _in_file(f"{place}/{UNSIGNED}", lambda: parse_checkpoint(unsigned.content))
    if checkpoint.origin != vkey.name or checkpoint.extensions:
        raise InputError(
            f"{place}/{UNSIGNED}: is not one of the log {vkey.name}; restore it from a copy of the log"
        )
    signed = storage.read(CHECKPOINT, MAX_NOTE_BYTES)
    return Log(
        vkey,
        checkpoint,
        None if signed is None else parse_signed(signed.content, f"{place}/{CHECKPOINT}", vkey),
    )


def parse_signed(content: bytes, name: str, key: NoteKey | None = None) -> SignedCheckpoint:
    """Returns the checkpoint in a note. Raises NotDisclosed if it is not one, or `key` did not sign it."""
    note = _in_file(name, lambda: parse_note(content))
    checkpoint = _in_file(name, lambda: parse_checkpoint(note.text))
    if key is not None and not any(
        key.signs(each) and key.verifies(each.signature, note.text) for each in note.signatures
    ):
        raise NotDisclosed(
            Refusal.LOG_NOT_SIGNED, "the key of the log did not sign it", subject=name
        )
    return SignedCheckpoint(note, checkpoint)


def tiles_of(storage: "Readable", size: int) -> Tiles:
    """Returns the tiles of the first `size` records."""
    return Tiles(reader(storage), size)


def reader(storage: "Readable") -> Read:
    """Returns the function that reads a file of the log."""

    def read(name: str, most: int) -> bytes | None:
        found = storage.read(name, most)
        return None if found is None else found.content

    return read


def put(storage: Storage, name: str, content: bytes) -> None:
    """Writes a file of the log, durably. It may replace one that a killed command left."""
    found = storage.read(name, max(len(content), MAX_NOTE_BYTES))
    if found is None or found.content != content:
        storage.replace(name, content, found.tag if found else None)


def _in_file(name: str, read: Callable[[], _T]) -> _T:
    """Returns what `read` returns; a refusal that it raises names the file."""
    try:
        return read()
    except NotDisclosed as error:
        raise NotDisclosed(error.refusal, error.detail, subject=name) from None
