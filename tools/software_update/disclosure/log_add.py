"""Adds records to a log. A record that the log already has is not added again."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from software_update.base.errors import InputError
from software_update.disclosure.log_folder import UNSIGNED, Log, put, read_log, tiles_of
from software_update.disclosure.log_tiles import MAX_RECORD_BYTES, Tiles, append
from software_update.format.metadata import Root
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ED25519
from software_update.repository.storage import Storage
from software_update.transparency.checkpoint import Checkpoint
from software_update.transparency.merkle import leaf_hash
from software_update.transparency.note import NoteKey

if TYPE_CHECKING:
    from software_update.repository.current import Readable

_MAX_BUCKET_BYTES = 16 * 1024 * 1024
_BUCKET_LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,18})")


class Added(NamedTuple):
    """The index of a record in the log, and whether it is new."""

    record_index: int
    is_new: bool


def check_key(key: NoteKey, roots: Iterable[Root]) -> None:
    """Raises InputError if the key of a log is a key of a product's root."""
    identity = PublicKey(ED25519, key.keyval).identity
    for root in roots:
        if identity in [each.identity for each in root.keys]:
            raise InputError(
                f"the key of the log {key.name} is a key of root {root.common.version} of the product; "
                "make a key that signs only the log"
            )


def add_records(storage: Storage, records: Sequence[bytes]) -> tuple[list[Added], int]:
    """Adds the records that the log lacks, in their order. Returns each one's place, and the log's size."""
    if any(len(each) > MAX_RECORD_BYTES for each in records):
        raise InputError(f"a record of more than {MAX_RECORD_BYTES} bytes")
    with storage.publishing():
        log = read_log(storage)
        tiles = tiles_of(storage, log.unsigned.size)
        check_tree(tiles, log.unsigned)
        added: list[Added] = []
        new: dict[bytes, int] = {}
        for record in records:
            index = _find(storage, tiles, leaf_hash(record))
            if index is None and record not in new:
                new[record] = tiles.size + len(new)
                added.append(Added(new[record], True))
            else:
                added.append(Added(new[record] if index is None else index, False))
        if new:
            _append(storage, log, tiles, new)
    return added, tiles.size + len(new)


def find_record(storage: "Readable", tiles: Tiles, record: bytes) -> int | None:
    """Returns the index of a record in the log; None if the log lacks it."""
    return _find(storage, tiles, leaf_hash(record))


def check_tree(tiles: Tiles, checkpoint: Checkpoint) -> None:
    """Raises InputError if the tiles at the end of the log are not those of the checkpoint."""
    if tiles.root(checkpoint.size) != checkpoint.root:
        raise InputError(
            f"the tiles of the log do not have the root of its {checkpoint.size} records; restore the "
            "folder from a copy"
        )


def _append(storage: Storage, log: Log, tiles: Tiles, new: dict[bytes, int]) -> None:
    files, longer = append(tiles, list(new))
    for each in files:
        put(storage, each.name, each.content)
    _write_index(storage, {leaf_hash(record): index for record, index in new.items()}, tiles.size)
    checkpoint = Checkpoint(log.key.name, longer.size, longer.root())
    put(storage, UNSIGNED, checkpoint.text())


# The index. Its entries beyond the log are those of a killed command.


def _find(storage: "Readable", tiles: Tiles, leaf: bytes) -> int | None:
    index = _read_bucket(storage, _bucket_name(leaf)).get(leaf)
    if index is None or index >= tiles.size or tiles.leaf(index) != leaf:
        return None
    return index


def _write_index(storage: Storage, new: dict[bytes, int], size: int) -> None:
    buckets: defaultdict[str, dict[bytes, int]] = defaultdict(dict)
    for leaf, index in new.items():
        buckets[_bucket_name(leaf)][leaf] = index
    for name, added in buckets.items():
        before = _read_bucket(storage, name)
        kept = {leaf: index for leaf, index in before.items() if index < size}
        lines = [f"{leaf.hex()} {index}\n" for leaf, index in {**kept, **added}.items()]
        put(storage, name, "".join(lines).encode())


def _read_bucket(storage: "Readable", name: str) -> dict[bytes, int]:
    found = storage.read(name, _MAX_BUCKET_BYTES)
    if found is None:
        return {}
    lines = found.content.decode(errors="replace").splitlines()
    matches = [_BUCKET_LINE.fullmatch(each) for each in lines]
    return {bytes.fromhex(each[1]): int(each[2]) for each in matches if each}


def _bucket_name(leaf: bytes) -> str:
    return f"index/{leaf[:1].hex()}/{leaf[1:2].hex()}"
