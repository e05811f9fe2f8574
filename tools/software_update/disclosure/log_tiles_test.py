"""Tests of log_tiles.py, against a tree that is computed by the definitions of RFC 6962."""

import pytest

from software_update.base.errors import InputError
from software_update.disclosure.log_tiles import (
    MAX_ENTRIES_BYTES,
    Tiles,
    append,
    split_entries,
    tile_name,
)
from software_update.testing.memory_log import MemoryLog
from software_update.transparency.merkle import leaf_hash, node_hash


class Files:
    """The files of a log in memory. `read_names` are those that were read."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.read_names: set[str] = set()

    def read(self, name: str, most: int) -> bytes | None:
        content = self.content.get(name)
        if content is not None:
            self.read_names.add(name)
            assert len(content) <= most
        return content

    def append(self, size: int, records: list[bytes]) -> tuple[Tiles, list[str]]:
        new, longer = append(Tiles(self.read, size), records)
        self.content.update(new)
        return longer, [each.name for each in new]


RECORDS = [b"record %d" % index for index in range(600)]
LOG = MemoryLog(RECORDS)


@pytest.mark.parametrize(
    "level, index, width, name",
    [
        (0, 0, 1, "tile/0/000.p/1"),
        (0, 0, 256, "tile/0/000"),
        (1, 999, 255, "tile/1/999.p/255"),
        (2, 1000, 256, "tile/2/x001/000"),
        ("entries", 1234067, 3, "tile/entries/x001/x234/067.p/3"),
    ],
)
def test_names_of_tiles(level: int | str, index: int, width: int, name: str) -> None:
    assert tile_name(level, index, width) == name


def test_a_log_of_70000_records_has_the_tiles_of_the_specification() -> None:
    files = Files()
    _, names = files.append(0, [b"x"] * 70_000)
    assert sum(name.startswith("tile/0/") for name in names) == 274
    partial = [name for name in names if ".p/" in name]
    assert partial == [
        "tile/entries/273.p/112",
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert "tile/1/000" in names


@pytest.mark.parametrize("steps", [[600], [1, 2, 253, 1, 255, 1, 87], [256, 256, 88]])
def test_the_same_tree_however_it_grows(steps: list[int]) -> None:
    files, size = Files(), 0
    for count in steps:
        longer, _ = files.append(size, RECORDS[size : size + count])
        size += count
        assert longer.root() == LOG.root(size)
    tiles = Tiles(files.read, size)
    assert list(tiles.records()) == RECORDS
    for index in (0, 1, 255, 256, 511, 512, 599):
        assert tiles.leaf(index) == leaf_hash(RECORDS[index])
        assert tiles.inclusion(index) == LOG.inclusion(index, 600)
    for old in (1, 2, 3, 100, 255, 256, 257, 512, 513, 599):
        assert tiles.root(old) == LOG.root(old)
        assert tiles.consistency(old) == LOG.consistency(old, 600)
    assert tiles.consistency(0) == tiles.consistency(600) == []


def test_small_trees() -> None:
    for size in range(1, 20):
        files = Files()
        tiles, _ = files.append(0, RECORDS[:size])
        assert tiles.root() == LOG.root(size)
        for index in range(size):
            assert tiles.inclusion(index) == LOG.inclusion(index, size)
            assert tiles.consistency(index) == LOG.consistency(index, size)


def test_a_full_tile_replaces_a_partial_one_that_was_removed() -> None:
    files = Files()
    files.append(0, RECORDS[:300])
    files.append(300, RECORDS[300:])
    for name in ("tile/0/001.p/44", "tile/entries/001.p/44"):
        del files.content[name]
    tiles = Tiles(files.read, 300)
    assert tiles.root() == LOG.root(300)
    assert list(tiles.records()) == RECORDS[:300]


# 2**24 - 1 records: the next one fills a tile of each of three levels.
@pytest.mark.parametrize("size", [999_999, 1_000_000, 2**24 - 1])
def test_a_record_for_a_log_of_a_million_touches_at_most_10_tiles(size: int) -> None:
    files = ends_of_equal_records(size)
    before = Tiles(files.read, size)
    root = before.root()
    longer, written = files.append(size, [b"new"])
    assert longer.root() != root
    assert longer.root(size) == root
    assert len(files.read_names | set(written)) <= 10


def ends_of_equal_records(size: int) -> Files:
    """The tiles at the end of a log of `size` records b"x", without the others."""
    files, level, count, node = Files(), 0, size, leaf_hash(b"x")
    entries = count % 256
    files.content[tile_name("entries", size // 256, entries or 256)] = b"\0\1x" * (entries or 256)
    while count:
        if count % 256:
            files.content[tile_name(level, count // 256, count % 256)] = node * (count % 256)
        for _ in range(8):
            node = node_hash(node, node)
        level, count = level + 1, count // 256
    return files


@pytest.mark.parametrize("name", ["tile/entries/002.p/88", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_missing_and_cut_tiles_are_errors(name: str) -> None:
    files = Files()
    files.append(0, RECORDS)
    whole = files.content.pop(name)
    for _ in range(2):
        with pytest.raises(InputError, match=f"{name}: .*; restore it from a copy of the log"):
            files.append(600, [b"new"])
            Tiles(files.read, 600).root()
        files.content[name] = whole[:-1]


def test_entries_that_end_early_are_an_error() -> None:
    content = b"\0\1a\0\0\0\2bc"
    assert split_entries(content, "tile", 3) == [b"a", b"", b"bc"]
    assert split_entries(content, "tile", 2) == [b"a", b""]
    for end in range(len(content)):
        with pytest.raises(InputError, match="tile: ends early"):
            split_entries(content[:end], "tile", 3)
    assert MAX_ENTRIES_BYTES > 2**24
