"""A repository's storage in memory, which counts, and fails when a test wants."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

from software_update.base.errors import InputError
from software_update.repository.storage import Conflict, Listed, Object, UploadFile


class MemoryObjects:
    """A Storage. `before_write` gets the name of each object before it is written, and may raise.

    `reads` and `writes` are the names and lengths of the objects that were read and written.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads: list[tuple[str, int]] = []
        self.writes: list[tuple[str, int]] = []
        self.before_write: Callable[[str], None] = lambda _: None
        self.written = 0

    def describe(self) -> str:
        return "memory"

    def read(self, name: str, most: int) -> Object | None:
        content = self.objects.get(name)
        self.reads.append((name, len(content or b"")))
        if content is None:
            return None
        if len(content) > most:
            raise InputError(f"memory: {name}: {len(content)} bytes; at most {most}")
        return Object(content, str(hash(content)))

    def open(self, name: str) -> BinaryIO:
        if name not in self.objects:
            raise FileNotFoundError(name)
        self.reads.append((name, len(self.objects[name])))
        return io.BytesIO(self.objects[name])

    def put_new(self, name: str, content: bytes | UploadFile) -> None:
        data = content if isinstance(content, bytes) else os.pread(content.fd, content.length, 0)
        self.before_write(name)
        if self.objects.setdefault(name, data) != data:
            raise Conflict(f"memory: {name}: has other content")
        self.writes.append((name, len(data)))

    def replace(self, name: str, content: bytes, tag: str | None) -> None:
        self.before_write(name)
        there = self.objects.get(name)
        if tag != (None if there is None else str(hash(there))):
            raise Conflict(f"memory: {name}: another publisher has written it")
        self.objects[name] = content
        self.writes.append((name, len(content)))

    def list(self, prefix: str) -> Iterator[Listed]:
        for name, content in sorted(self.objects.items()):
            if name.startswith(prefix):
                yield Listed(name, len(content), self.written)

    def remove(self, name: str) -> None:
        self.objects.pop(name, None)

    def publishing(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()
