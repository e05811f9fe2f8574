"""The digest record: the JSON in which the digests of payloads travel between build steps."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from software_update.base.errors import Advice, InputError
from software_update.base.strict_json import parse_file, to_text
from software_update.format.names import name_problem

if TYPE_CHECKING:
    from software_update.format.messages import Target

RECORD_SCHEMA = "software_update.digests.v1"

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


def write_record(entries: Iterable[tuple[str, int, bytes]]) -> bytes:
    """The JSON record of (name, length, SHA-256) entries, sorted by name."""
    targets = [
        {"name": name, "length": length, "sha256": sha256.hex()}
        for name, length, sha256 in sorted(entries)
    ]
    record = {"schema": RECORD_SCHEMA, "targets": targets}
    return to_text(record).encode()


def read_record(path: str, content: bytes) -> "list[Target]":
    """The targets of a record. `path` names it in errors."""
    try:
        record = parse_file(path, content)
        if record["schema"] != RECORD_SCHEMA:
            raise ValueError
        return [_read_entry(each) for each in record["targets"]]
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: not a digest record ({RECORD_SCHEMA})", Advice.MAKE_DIGEST_RECORD
        ) from None


def _read_entry(entry: Any) -> "Target":
    from software_update.format.messages import Target

    name, length, sha256 = entry["name"], entry["length"], entry["sha256"]
    if not isinstance(name, str) or name_problem(name) or not _SHA256_HEX.fullmatch(sha256):
        raise ValueError
    # A bool is an int to isinstance; no file is longer than 2**63 - 1 bytes.
    if type(length) is not int or not 0 <= length < 2**63:
        raise ValueError
    return Target.of(name, length, bytes.fromhex(sha256))
