"""The content of a device's medium: files, folders, links and block devices. Immutable and comparable."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

ROOT = 0


# Tuples, because images are compared by the hundred thousand.
class Device(NamedTuple):
    """A block device, such as a partition. Its length never changes."""

    content: bytes


class Link(NamedTuple):
    """A symbolic link."""

    target: str


class Folder(NamedTuple):
    """A folder: names, sorted, and the positions of their nodes in the image."""

    entries: tuple[tuple[str, int], ...] = ()


Node: TypeAlias = bytes | Device | Link | Folder
"""A regular file is its bytes."""


@dataclass(frozen=True, slots=True)
class Image:
    """All nodes that a path leads to, in the order of a walk from the root, which is the first.

    Two images with the same paths and contents are equal and have the same hash.
    """

    nodes: tuple[Node, ...] = (Folder(),)

    @staticmethod
    def of(files: Mapping[str, bytes | Device | Link | None]) -> "Image":
        """Returns an image with these absolute paths and the folders above them; None is an empty folder."""
        nodes: dict[int, Node] = {}
        folders: dict[int, dict[str, int]] = {ROOT: {}}
        for path, content in files.items():
            place = ROOT
            names = [name for name in path.split("/") if name]
            for name in names[:-1] if content is not None else names:
                inner = folders[place].setdefault(name, len(nodes) + len(folders))
                folders.setdefault(inner, {})
                place = inner
            if content is not None:
                inner = len(nodes) + len(folders)
                folders[place][names[-1]] = inner
                nodes[inner] = content
        return Tree(folders).image(nodes)

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Yields each path and its node, folders before their content."""
        yield from self._walk("", ROOT)

    def _walk(self, path: str, number: int) -> Iterator[tuple[str, Node]]:
        node = self.nodes[number]
        yield path or "/", node
        if isinstance(node, Folder):
            for name, inner in node.entries:
                yield from self._walk(f"{path}/{name}", inner)

    def find(self, path: str) -> Node | None:
        """Returns the node at an absolute path without links; None if there is none."""
        node = self.nodes[ROOT]
        for name in path.split("/"):
            if name:
                if not isinstance(node, Folder):
                    return None
                number = dict(node.entries).get(name)
                if number is None:
                    return None
                node = self.nodes[number]
        return node

    def content(self, path: str) -> bytes | None:
        """Returns the bytes of the file or block device at a path without links; None if there is none."""
        node = self.find(path)
        if isinstance(node, Device):
            return node.content
        return node if isinstance(node, bytes) else None

    def replaced(self, contents: Mapping[str, bytes]) -> "Image":
        """Returns this image with other bytes in existing files and block devices, at paths without links."""
        nodes = list(self.nodes)
        for path, content in contents.items():
            number = ROOT
            for name in path.strip("/").split("/"):
                folder = nodes[number]
                assert isinstance(folder, Folder), path
                number = dict(folder.entries)[name]
            old = nodes[number]
            nodes[number] = Device(content) if isinstance(old, Device) else content
        return Image(tuple(nodes))


class Tree:
    """Numbered folders: for each, its names, and the numbers of the nodes that they lead to. Immutable."""

    def __init__(self, folders: Mapping[int, Mapping[str, int]]) -> None:
        self.folders = folders

    def image(self, nodes: Mapping[int, Node]) -> Image:
        """Returns the image of these folders, and of the nodes that are not folders."""
        return Image(
            tuple(
                [nodes[each] if isinstance(each, int) else each for each in self._places],
            )
        )

    def renamed(self, entries: Iterable[tuple[int, str, int | None]]) -> "Tree":
        """Returns the tree with changed names: folder, name, and node, or None to remove the name."""
        result = dict(self.folders)
        for folder, name, node in entries:
            names = dict(result[folder])
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node
            result[folder] = names
        return Tree(result)

    @cached_property
    def _places(self) -> list[int | Folder]:
        """Each folder that a path leads to, with positions in the image, and the numbers of other nodes."""
        order: dict[int, int] = {ROOT: 0}
        result: list[int | Folder] = [ROOT]
        stack = [ROOT]
        while stack:
            number = stack.pop()
            entries = []
            for name, inner in sorted(self.folders[number].items()):
                if inner not in order:
                    order[inner] = len(result)
                    result.append(inner)
                    if inner in self.folders:
                        stack.append(inner)
                entries.append((name, order[inner]))
            result[order[number]] = Folder(tuple(entries))
        return result
