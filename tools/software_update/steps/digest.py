"""Hashes payloads into a digest record, the input of targets metadata."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from software_update.base.hashing import digest_files
from software_update.format.digest_record import write_record

if TYPE_CHECKING:
    from software_update.format.messages import Target


def record_of(
    payload_files: Sequence[tuple[str, str]], compressed: "Sequence[Target]" = ()
) -> bytes:
    """Returns the digest record (JSON) of (name, path) pairs. Raises InputError for an unreadable file.

    `compressed` are targets that another record describes already.
    """
    digests = digest_files([path for _, path in payload_files])
    entries = (
        (name, length, sha256)
        for (name, _), (length, sha256) in zip(payload_files, digests, strict=True)
    )
    return write_record(entries, compressed)
