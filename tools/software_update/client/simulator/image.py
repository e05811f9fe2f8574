"""The content of a device's medium: files, folders, links and block devices. Immutable and comparable."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

ROOT = 0


@dataclass(frozen=True, slots=True)
class Device:
    """A block device, such as a partition. Its length never changes."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Folder:
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
        return canonical(nodes, folders)

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

    def replaced(self, path: str, content: bytes) -> "Image":
        """Returns this image with other bytes in the file or block device at `path`, which must exist."""
        files: dict[str, bytes | Device | Link | None] = {
            each: None if isinstance(node, Folder) else node for each, node in self.walk()
        }
        files[path] = Device(content) if isinstance(files[path], Device) else content
        return Image.of(files)


def canonical(nodes: Mapping[int, Node], folders: Mapping[int, Mapping[str, int]]) -> Image:
    """Returns the image of numbered nodes and folders; it drops nodes that no path leads to."""
    order: dict[int, int] = {ROOT: 0}
    result: list[Node] = [Folder()]
    stack = [ROOT]
    while stack:
        number = stack.pop()
        entries = []
        for name, inner in sorted(folders[number].items()):
            if inner not in order:
                order[inner] = len(result)
                if inner in folders:
                    result.append(Folder())
                    stack.append(inner)
                else:
                    result.append(nodes[inner])
            entries.append((name, order[inner]))
        result[order[number]] = Folder(tuple(entries))
    return Image(tuple(result))
