"""The digest record: the JSON in which the digests of payloads travel between build steps."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from software_update.base.errors import Advice, InputError
from software_update.base.strict_json import parse_file, to_text
from software_update.format.names import name_problem

if TYPE_CHECKING:
    from software_update.format.messages import Compression, Target

RECORD_SCHEMA = "software_update.digests.v1"

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


def write_record(
    entries: Iterable[tuple[str, int, bytes]], compressed: "Iterable[Target]" = ()
) -> bytes:
    """The JSON record of (name, length, SHA-256) entries and of compressed targets, sorted by name."""
    targets: list[dict[str, Any]] = [
        {"name": name, "length": length, "sha256": sha256.hex()} for name, length, sha256 in entries
    ]
    targets += map(_compressed_entry, compressed)
    targets.sort(key=lambda entry: str(entry["name"]))
    return to_text({"schema": RECORD_SCHEMA, "targets": targets}).encode()


def _compressed_entry(target: "Target") -> dict[str, Any]:
    from software_update.format.compression import as_json

    entry = {"name": target.name, "length": target.length, "sha256": target.sha256.hex()}
    return {**entry, "compression": as_json(target.compression)} if target.compression else entry


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

    name = entry["name"]
    if not isinstance(name, str) or name_problem(name):
        raise ValueError
    compression = _read_compression(entry["compression"]) if "compression" in entry else None
    return Target.of(name, _length(entry["length"]), _sha256(entry["sha256"]), compression)


def _read_compression(entry: Any) -> "Compression":
    from software_update.format.messages import ZSTD, Compression

    if entry["algorithm"] != "zstd":
        raise ValueError
    return Compression(ZSTD, _length(entry["original_length"]), _sha256(entry["original_sha256"]))


def _length(value: Any) -> int:
    # A bool is an int to isinstance; no file is longer than 2**63 - 1 bytes.
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError
    return value


def _sha256(value: Any) -> bytes:
    if not _SHA256_HEX.fullmatch(value):
        raise ValueError
    return bytes.fromhex(value)
