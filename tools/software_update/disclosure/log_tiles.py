"""The tiles of a log (c2sp.org/tlog-tiles): their names, the hashes in them, and new ones. Pure.

A tile of level L has the hashes of up to 256 subtrees of 256**L records. A tile that is not full has its
width in its name, so no tile ever changes once the log has signed it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from software_update.base.errors import InputError
from software_update.transparency.merkle import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash

WIDTH = 256
MAX_RECORD_BYTES = 2**16 - 1
MAX_ENTRIES_BYTES = WIDTH * (2 + MAX_RECORD_BYTES)

_HEIGHT = 8
_ENTRIES = "entries"

# Returns the content of a file of the log, of at most so many bytes; None if there is none.
Read = Callable[[str, int], bytes | None]


class NewTile(NamedTuple):
    """A file to write: its name in the log, and its content."""

    name: str
    content: bytes


def tile_name(level: int | str, index: int, width: int) -> str:
    """Returns the name of a tile. `level` is a number, or "entries" for the records themselves."""
    digits = f"{index % 1000:03}"
    while index := index // 1000:
        digits = f"x{index % 1000:03}/{digits}"
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{digits}{partial}"


class Tiles:
    """The tiles of a log of `size` records, which `read` finds. Each one is read once."""

    def __init__(self, read: Read, size: int) -> None:
        self._read = read
        self.size = size
        self._known: dict[str, bytes] = {}

    def root(self, size: int | None = None) -> bytes:
        """Returns the root of the first `size` records; of all if it is None."""
        size = self.size if size is None else size
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """Returns the hashes that prove the record `index`, from its sibling up."""
        hashes, low, high = [], 0, self.size
        while high - low > 1:
            middle = low + _half(high - low)
            if index < middle:
                hashes.append(self._range(middle, high))
                high = middle
            else:
                hashes.append(self._range(low, middle))
                low = middle
        return hashes[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Returns the hashes that prove that the log continues its first `old` records."""
        if not 0 < old < self.size:
            return []
        hashes, low, high = [], 0, self.size
        while old != high:
            middle = low + _half(high - low)
            if old <= middle:
                hashes.append(self._range(middle, high))
                high = middle
            else:
                hashes.append(self._range(low, middle))
                low = middle
        return [*([self._range(low, high)] if low else []), *hashes[::-1]]

    def leaf(self, index: int) -> bytes:
        """Returns the hash of a record."""
        return self._range(index, index + 1)

    def records(self) -> Iterator[bytes]:
        """Yields all records."""
        for start in range(0, self.size, WIDTH):
            index, width = start // WIDTH, min(WIDTH, self.size - start)
            yield from split_entries(*self._content(_ENTRIES, index, width), width)

    def partial(self, level: int | str, count: int) -> bytes:
        """Returns the content of the tile that is not full, of `count` hashes or records in its level."""
        index, width = divmod(count, WIDTH)
        if not width:
            return b""
        content, name = self._content(level, index, width)
        if level == _ENTRIES:
            split_entries(content, name, width)
        return content

    def with_new(self, size: int, new: Iterable[NewTile]) -> "Tiles":
        """Returns the tiles of the log after it became longer."""
        longer = Tiles(self._read, size)
        longer._known = {**self._known, **{each.name: each.content for each in new}}
        return longer

    def _range(self, low: int, high: int) -> bytes:
        """Returns the hash of the records from `low` to before `high`, a subtree of the log's tree."""
        length = high - low
        if length & (length - 1):
            middle = low + _half(length)
            return node_hash(self._range(low, middle), self._range(middle, high))
        level, inside = divmod(length.bit_length() - 1, _HEIGHT)
        first = low >> (_HEIGHT * level)
        index, start = divmod(first, WIDTH)
        width = min(WIDTH, (self.size >> (_HEIGHT * level)) - index * WIDTH)
        content, _ = self._content(level, index, width)
        return _root_of(content[start * HASH_BYTES : (start + (1 << inside)) * HASH_BYTES])

    def _content(self, level: int | str, index: int, width: int) -> tuple[bytes, str]:
        """Returns the content of a tile and its name; of a full one, only the first `width` hashes."""
        most = MAX_ENTRIES_BYTES if level == _ENTRIES else WIDTH * HASH_BYTES
        # A log may remove a tile once the full one is there.
        for name in dict.fromkeys((tile_name(level, index, width), tile_name(level, index, WIDTH))):
            content = self._known.get(name)
            if content is None:
                content = self._read(name, most)
            if content is None:
                continue
            self._known[name] = content
            if level == _ENTRIES:
                return content, name
            if len(content) >= width * HASH_BYTES:
                return content[: width * HASH_BYTES], name
            raise InputError(f"{name}: has {len(content)} bytes; restore it from a copy of the log")
        raise InputError(
            f"{tile_name(level, index, width)}: is missing; restore it from a copy of the log"
        )


def append(tiles: Tiles, records: Sequence[bytes]) -> tuple[list[NewTile], Tiles]:
    """Returns the files to write for new records, and the tiles of the longer log.

    It reads the tiles at the end of the log that are not full, and no other one.
    """
    size = tiles.size + len(records)
    entries = [len(each).to_bytes(2, "big") + each for each in records]
    new = list(_tiles(_ENTRIES, tiles.size, tiles.partial(_ENTRIES, tiles.size), entries))
    level, before = 0, tiles.size
    hashes = [leaf_hash(each) for each in records]
    while hashes:
        known = tiles.partial(level, before)
        written = list(_tiles(level, before, known, hashes))
        new += written
        full = [each.content for each in written if len(each.content) == WIDTH * HASH_BYTES]
        hashes = [_root_of(each) for each in full]
        level, before = level + 1, before >> _HEIGHT
    return new, tiles.with_new(size, new)


def split_entries(content: bytes, name: str, count: int) -> list[bytes]:
    """Returns the first `count` records of a file of records. Raises InputError if it has fewer."""
    records: list[bytes] = []
    place = 0
    while len(records) < count:
        end = place + 2 + int.from_bytes(content[place : place + 2], "big")
        if place + 2 > len(content) or end > len(content):
            raise InputError(f"{name}: ends early; restore it from a copy of the log")
        records.append(content[place + 2 : end])
        place = end
    return records


def _tiles(level: int | str, before: int, known: bytes, new: Sequence[bytes]) -> Iterator[NewTile]:
    """Yields the tiles of a level that had `before` items, after new ones. `known` is the partial tile."""
    index, width = divmod(before, WIDTH)
    place = 0
    while place < len(new):
        count = min(WIDTH - width, len(new) - place)
        content = known + b"".join(new[place : place + count])
        yield NewTile(tile_name(level, index, width + count), content)
        place, index, width, known = place + count, index + 1, 0, b""


def _root_of(content: bytes) -> bytes:
    """Returns the root of the hashes in `content`, of which there are a power of two."""
    if len(content) == HASH_BYTES:
        return content
    middle = len(content) // 2
    return node_hash(_root_of(content[:middle]), _root_of(content[middle:]))


def _half(size: int) -> int:
    """Returns the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
