"""Changes that are not on the medium yet, and their states after a power cut.

The model is a POSIX file system without further guarantees. Of the changes that no sync has covered, each
may be lost or kept, whatever happened to those before it. A write to several sectors may also be kept in
part; one sector is written whole or not at all. A file may have grown without its new content.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from software_update.client.simulator.image import Device, Image, Node, Tree

SECTOR = 512
"""The unit in bytes that a medium writes whole or not at all."""

_FEW_SECTORS = 3


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes written into a file or block device, not beyond its end if it is a block device."""

    node: int
    offset: int
    content: bytes
    path: str


@dataclass(frozen=True, slots=True)
class Truncate:
    """A new length of a file."""

    node: int
    length: int
    path: str


@dataclass(frozen=True, slots=True)
class Names:
    """Names that change together: folder, name, and the node that the name leads to; None removes it."""

    entries: tuple[tuple[int, str, int | None], ...]
    path: str


Change: TypeAlias = Write | Truncate | Names


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The medium at one moment: what is safe, and what is pending, in the order of the program.

    `number` counts the crash points of one run from 1; `what` describes the operation that was interrupted.
    `nodes` are those that are not folders; it is never modified. `bad` names sectors that the medium
    corrupts when it writes them.
    """

    number: int
    what: str
    nodes: Mapping[int, Node]
    tree: Tree
    pending: tuple[Change, ...]
    bad: frozenset[tuple[int, int]] = frozenset()

    def durable(self) -> Image:
        """The image if everything pending is lost."""
        return self.tree.image(self.nodes)

    def outcome(self, choice: Sequence[int]) -> Image:
        """The image for one choice of `fates` for each pending change."""
        return _Materials(self).image(choice)

    def outcomes(self, limit: int) -> Iterator[tuple[tuple[int, ...], Image]]:
        """Yields choices and their images: all if there are at most `limit`, otherwise a sample.

        The sample always contains: all lost, all kept, only one kept, only one lost. The rest depends only
        on the number of the crash point.
        """
        materials = _Materials(self)
        for choice in choices(materials.radices, limit, self.number):
            yield choice, materials.image(choice)

    def describe(self, choice: Sequence[int]) -> str:
        """Returns a choice in words."""
        if not self.pending:
            return "nothing was pending"
        materials = _Materials(self)
        return ", ".join(
            f"{type(change).__name__.lower()} {change.path}: {fates[index].words}"
            for change, fates, index in zip(self.pending, materials.fates, choice, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Fate:
    """The state of one change after a power cut. `pieces` of a write are (offset, bytes) that are kept.

    `length` is a length that the file gets in any case; None leaves it.
    """

    words: str
    pieces: tuple[tuple[int, bytes], ...] = ()
    length: int | None = None


LOST = 0
KEPT = 1
_SIMPLE = (Fate("lost"), Fate("kept"))


def fates(change: Change, size: int) -> tuple[Fate, ...]:
    """Returns everything that may become of a change to a file of `size` bytes: lost, kept, then torn."""
    if not isinstance(change, Write):
        return _SIMPLE
    pieces = tuple(_sectors(change.offset, change.content))
    result = [Fate("lost"), Fate("kept", ((change.offset, change.content),))]
    if len(pieces) <= _FEW_SECTORS:
        for mask in range(1, (1 << len(pieces)) - 1):
            kept = [index for index in range(len(pieces)) if mask >> index & 1]
            words = "only sectors " + " ".join(map(str, kept))
            result.append(Fate(words, tuple(pieces[index] for index in kept)))
    else:
        for count in sorted({1, len(pieces) // 2, len(pieces) - 1}):
            result.append(Fate(f"only the first {count} sectors", pieces[:count]))
            result.append(Fate(f"only the last {count} sectors", pieces[-count:]))
        result.append(Fate("only every other sector", pieces[::2]))
    end = change.offset + len(change.content)
    if end > size:
        result.append(Fate("only the length", (), end))
    return tuple(result)


def choices(radices: Sequence[int], limit: int, seed: int) -> Iterator[tuple[int, ...]]:
    """Yields one number below each radix, in all combinations if these are at most `limit`."""
    total = 1
    for radix in radices:
        total *= radix
    if total <= limit:
        for index in range(total):
            yield _digits(index, radices)
        return
    chosen = {(LOST,) * len(radices): None, (KEPT,) * len(radices): None}
    for index, radix in enumerate(radices):
        for digit in range(radix):
            for others in (LOST, KEPT):
                one = [others] * len(radices)
                one[index] = digit
                chosen.setdefault(tuple(one))
    for count in range(limit):
        bits = b"".join(
            zlib.crc32(b"%d %d %d" % (seed, count, part)).to_bytes(4, "big") for part in range(4)
        )
        chosen.setdefault(_digits(int.from_bytes(bits, "big") % total, radices))
        if len(chosen) >= limit:
            break
    yield from list(chosen)[:limit]


def apply(content: bytes, pieces: Sequence[tuple[int, bytes]], length: int | None = None) -> bytes:
    """Returns bytes with some replaced; a gap before a piece becomes zeros."""
    result = bytearray(content)
    if length is not None and length > len(result):
        result.extend(bytes(length - len(result)))
    for offset, piece in pieces:
        if offset > len(result):
            result.extend(bytes(offset - len(result)))
        result[offset : offset + len(piece)] = piece
    return bytes(result)


def resized(content: bytes, length: int) -> bytes:
    """Returns bytes cut, or extended with zeros, to a length."""
    return content[:length] + bytes(max(0, length - len(content)))


def spoiled(
    node: int, pieces: Sequence[tuple[int, bytes]], bad: frozenset[tuple[int, int]]
) -> list[tuple[int, bytes]]:
    """Returns the pieces as a medium with bad sectors writes them: one bit of such a sector flips."""
    result = []
    for offset, content in pieces:
        for start, sector in _sectors(offset, content):
            flipped = (node, start // SECTOR) in bad
            result.append((start, bytes([sector[0] ^ 1]) + sector[1:] if flipped else sector))
    return result


def content_of(node: Node) -> bytes:
    """Returns the bytes of a regular file or block device."""
    if isinstance(node, Device):
        return node.content
    assert isinstance(node, bytes), node
    return node


class _Materials:
    """The fates of a snapshot's changes, and the images that they make."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._contents: dict[tuple[int, tuple[int, ...]], Node] = {}
        self._places: dict[int, list[int]] = {}
        self._renames: list[int] = []
        # Without a rename, snapshots share the tree with its order.
        self._trees: dict[tuple[int, ...], Tree] = {}
        sizes: dict[int, int] = {}
        found: list[tuple[Fate, ...]] = []
        for index, change in enumerate(snapshot.pending):
            if isinstance(change, Names):
                found.append(_SIMPLE)
                self._renames.append(index)
                continue
            size = sizes.get(change.node)
            if size is None:
                size = len(content_of(snapshot.nodes[change.node]))
            found.append(fates(change, size))
            if isinstance(change, Write):
                sizes[change.node] = max(size, change.offset + len(change.content))
            else:
                sizes[change.node] = change.length
            self._places.setdefault(change.node, []).append(index)
        self._trees[(LOST,) * len(self._renames)] = snapshot.tree
        self.fates = tuple(found)
        self.radices = tuple(map(len, found))

    def image(self, choice: Sequence[int]) -> Image:
        snapshot = self._snapshot
        nodes = snapshot.nodes
        if self._places:
            contents = {
                node: self._content(node, places, choice) for node, places in self._places.items()
            }
            nodes = {**nodes, **contents}
        return self._tree(tuple(choice[index] for index in self._renames)).image(nodes)

    def _tree(self, choice: tuple[int, ...]) -> Tree:
        tree = self._trees.get(choice)
        if tree is None:
            kept = [
                entry
                for index, kept in zip(self._renames, choice, strict=True)
                for entry in _entries(self._snapshot.pending[index])
                if kept
            ]
            tree = self._trees[choice] = self._snapshot.tree.renamed(kept)
        return tree

    def _content(self, node: int, places: Sequence[int], choice: Sequence[int]) -> Node:
        key = (node, tuple(choice[index] for index in places))
        if key not in self._contents:
            before = self._snapshot.nodes[node]
            content = content_of(before)
            for index in places:
                change = self._snapshot.pending[index]
                fate = self.fates[index][choice[index]]
                if isinstance(change, Truncate):
                    content = resized(content, change.length) if choice[index] else content
                elif fate.pieces or fate.length is not None:
                    pieces: Sequence[tuple[int, bytes]] = fate.pieces
                    if self._snapshot.bad:
                        pieces = spoiled(node, pieces, self._snapshot.bad)
                    content = apply(content, pieces, fate.length)
            self._contents[key] = Device(content) if isinstance(before, Device) else content
        return self._contents[key]


def _entries(change: Change) -> tuple[tuple[int, str, int | None], ...]:
    return change.entries if isinstance(change, Names) else ()


def _sectors(offset: int, content: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(content):
        end = min(len(content), start + SECTOR - (offset + start) % SECTOR)
        yield offset + start, content[start:end]
        start = end


def _digits(index: int, radices: Sequence[int]) -> tuple[int, ...]:
    digits = []
    for radix in radices:
        index, digit = divmod(index, radix)
        digits.append(digit)
    return tuple(digits)
