"""The file that proves that a record is in a log (c2sp.org/tlog-proof@v1)."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

from software_update.base.errors import shown
from software_update.format.names import PROOF
from software_update.transparency.checkpoint import Checkpoint, parse_checkpoint, parse_number
from software_update.transparency.merkle import HASH_BYTES, MAX_HASHES, inclusion_hashes
from software_update.transparency.note import (
    MAX_NOTE_BYTES,
    Note,
    decode_base64,
    malformed,
    parse_note,
)

# The name of the proof next to a bundle, and the attachment of a repository and a registry.
SUFFIX = f".{PROOF}"
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 64 * 1024

_FIRST_LINE = b"c2sp.org/tlog-proof@v1"


class Proof(NamedTuple):
    """A proof: the index of the record, the hashes from its sibling up, and the signed checkpoint.

    No signature covers `extra`; it is empty but in proofs of Sigsum logs.
    """

    record_index: int
    hashes: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint
    extra: bytes = b""


def build_proof(
    index: int, hashes: Sequence[bytes], signed_checkpoint: bytes, extra: bytes = b""
) -> bytes:
    """Returns the file. `signed_checkpoint` is a note."""
    lines = [_FIRST_LINE, b"index %d" % index, *map(base64.b64encode, hashes)]
    if extra:
        lines.insert(1, b"extra " + base64.b64encode(extra))
    return b"\n".join(lines) + b"\n\n" + signed_checkpoint


def parse_proof(content: bytes) -> Proof:
    """Reads a proof. Raises NotDisclosed with MALFORMED_PROOF if it is not one."""
    if len(content) > MAX_PROOF_BYTES:
        raise malformed(f"is larger than {MAX_PROOF_BYTES} bytes")
    if content.split(b"\n", 1)[0] != _FIRST_LINE:
        raise malformed(f"does not begin with the line {_FIRST_LINE.decode()}")
    head, found, signed_checkpoint = content.partition(b"\n\n")
    if not found:
        raise malformed("ends before its checkpoint")
    try:
        lines = head.decode("ascii").split("\n")[1:]
    except UnicodeDecodeError:
        raise malformed("has a line before its checkpoint that is not in ASCII") from None
    extra = b""
    if lines and lines[0].startswith("extra "):
        decoded = decode_base64(lines.pop(0).removeprefix("extra "))
        if decoded is None:
            raise malformed("has extra data that is not base64")
        extra = decoded
    if not lines or not lines[0].startswith("index "):
        raise malformed("has no index of a record")
    index = parse_number(lines[0].removeprefix("index "), "index")
    if len(lines) - 1 > MAX_HASHES:
        raise malformed(f"has more than {MAX_HASHES} hashes")
    hashes = tuple(_hash(each) for each in lines[1:])
    note = parse_note(signed_checkpoint)
    checkpoint = parse_checkpoint(note.text)
    if index >= checkpoint.size:
        raise malformed(f"has the index {index} in a log of {checkpoint.size} records")
    expected = inclusion_hashes(index, checkpoint.size)
    if len(hashes) != expected:
        raise malformed(f"has {len(hashes)} hashes; index {index} needs {expected}")
    return Proof(index, hashes, note, checkpoint, extra)


def _hash(line: str) -> bytes:
    digest = decode_base64(line)
    if digest is None or len(digest) != HASH_BYTES:
        raise malformed(f"has the hash '{shown(line)}', which is not 32 bytes in base64")
    return digest
