"""Checkpoints: a log's statement of its size and its root (c2sp.org/tlog-checkpoint), and cosignatures.

A witness cosigns a checkpoint (c2sp.org/tlog-cosignature) that continues all earlier ones of its log.
"""

import base64
import re
from typing import NamedTuple

from software_update.base.errors import shown
from software_update.transparency.merkle import HASH_BYTES, MAX_SIZE
from software_update.transparency.note import (
    ED25519_COSIGNATURE,
    NoteKey,
    decode_base64,
    malformed,
)

# Of a cosignature: the time, 8 bytes, and an Ed25519 signature.
_TIME_BYTES = 8
_COSIGNATURE_BYTES = _TIME_BYTES + 64
# The last second of the year 9999, which is the last one that dates can show.
_MAX_TIME = 253_402_300_799
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """A tree of a log: the origin, which names the log, the number of records, and the root's 32 bytes.

    `extensions` are lines that a log may add, and that mean nothing here.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> bytes:
        """Returns the text that the log and witnesses sign."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode())
        return "".join(f"{each}\n" for each in (*lines, *self.extensions)).encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Reads the text of a note as a checkpoint. Raises NotDisclosed with MALFORMED_PROOF."""
    lines = text.decode(errors="replace").split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise malformed("has a checkpoint without an origin, a size and a root")
    origin, size, root = lines[:3]
    digest = decode_base64(root)
    if digest is None or len(digest) != HASH_BYTES:
        raise malformed(f"has a checkpoint with the root '{shown(root)}', which is not 32 bytes")
    return Checkpoint(origin, parse_number(size, "size"), digest, tuple(lines[3:]))


def parse_number(text: str, what: str) -> int:
    """Returns a size or an index of a log. Raises NotDisclosed with MALFORMED_PROOF if it is not one."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise malformed(f"has the {what} '{shown(text)}', which is not a number up to {MAX_SIZE}")
    return int(text)


def cosigned(text: bytes, time: int) -> bytes:
    """Returns the bytes that a witness signs: a checkpoint's text at a time, in seconds since 1970."""
    return f"cosignature/v1\ntime {time}\n".encode() + text


def cosignature(time: int, signature: bytes) -> bytes:
    """Returns the bytes in the signature line of a witness, after the key id."""
    return time.to_bytes(_TIME_BYTES, "big") + signature


def time_of_cosignature(key: NoteKey, value: bytes, text: bytes) -> int | None:
    """Returns the time of a cosignature by `key` of a checkpoint's text, in seconds since 1970.

    Returns None if it is not one.
    """
    if key.kind != ED25519_COSIGNATURE or len(value) != _COSIGNATURE_BYTES:
        return None
    time = int.from_bytes(value[:_TIME_BYTES], "big")
    if time > _MAX_TIME or not key.verifies(value[_TIME_BYTES:], cosigned(text, time)):
        return None
    return time
