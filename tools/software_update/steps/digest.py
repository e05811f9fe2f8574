"""Hashes payloads into a digest record, the input of targets metadata."""

from collections.abc import Sequence

from software_update.base.hashing import digest_files
from software_update.format.digest_record import write_record


def record_of(payload_files: Sequence[tuple[str, str]]) -> bytes:
    """Returns the digest record (JSON) of (name, path) pairs. Raises InputError for an unreadable file."""
    digests = digest_files([path for _, path in payload_files])
    return write_record(
        (name, length, sha256)
        for (name, _), (length, sha256) in zip(payload_files, digests, strict=True)
    )
