"""Bundles and the devices that meet them: every case of tests/vectors, also with fake signatures."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
from collections.abc import Iterator
from pathlib import Path

from software_update.testing import encode as e

from tests.mutation import anatomy
from tests.mutation.anatomy import Field, Message, Schema
from tests.vectors import cases

FOLDERS = (cases.HERE / "attacks", cases.HERE / "independent")
KEY: Schema = {2: {}}
ROOT: Schema = {1: {3: {}}, 3: KEY, 4: {}, 7: {}}
TARGETS: Schema = {1: {3: {}}, 2: {3: {}, 254: {}}}
SIGNED_ROOT: Schema = {1: ROOT, 2: {}}
BUNDLE: Schema = {3: {2: {1: TARGETS, 2: {}}}, 4: {}, 5: SIGNED_ROOT, 65: SIGNED_ROOT}
KEYS_OF_ROOT = 3
# Huge cases of which the device library compares each entry with all others.
SLOW = ("targets_65537", "targets_65537_unsigned", "payloads_65537")


@dataclasses.dataclass(frozen=True)
class Device:
    """A device before it reads a bundle. `at` is in seconds since 1970; None: not known, or not there.

    `installed` is a Manifest, and `installed_root` a root that it may have been accepted under.
    """

    trusted: bytes
    installed: bytes | None = None
    installed_root: bytes | None = None
    hardware_id: str | None = None
    at: int | None = None


@dataclasses.dataclass(frozen=True)
class Subject:
    """A bundle, the device that meets it, and the recorded verdict."""

    name: str
    verdict: str
    bundle: bytes
    device: Device


def subject(case: cases.Case, scratch: Path) -> Subject:
    """Returns a case as a subject. `scratch` is a folder for a bundle that is too large to keep."""
    at = None if case.at is None else int(datetime.datetime.fromisoformat(case.at).timestamp())
    device = Device(
        case.trusted_root.read_bytes(),
        None if case.installed is None else case.installed.read_bytes(),
        None if case.installed_root is None else case.installed_root.read_bytes(),
        case.hardware_id,
        at,
    )
    name = f"{case.trusted_root.parent.name}/{case.name}"
    return Subject(name, case.verdict, case.file(scratch).read_bytes(), device)


@functools.cache
def kept() -> tuple[Subject, ...]:
    """Returns all cases whose bundle is in the tree."""
    found = [case for folder in FOLDERS for case in cases.load(folder)]
    return tuple(subject(case, Path()) for case in found if case.bundle is not None)


def huge() -> list[cases.Case]:
    """Returns the cases whose bundle must be made from a recipe."""
    found = [case for folder in FOLDERS for case in cases.load(folder)]
    return [case for case in found if case.bundle is None]


def take_apart(data: bytes, schema: Schema) -> Message:
    """The tree of a message. A field that should be a message, and is not one, keeps its bytes.

    Raises ValueError if `data` is not a message itself.
    """
    message = []
    for span in anatomy.spans(data, 0, len(data)):
        content: bytes | Message = data[span.start : span.end]
        if span.number in schema and span.wire_type == anatomy.DELIMITED:
            with contextlib.suppress(ValueError):
                content = take_apart(data[span.start : span.end], schema[span.number])
        message.append(Field(span.number, content, span.wire_type))
    return tuple(message)


_varint = functools.lru_cache(4096)(e.varint)


def put_together(message: Message) -> bytes:
    """The bytes of a tree."""
    out = []
    for field in message:
        content = field.content
        if isinstance(content, tuple):
            content = put_together(content)
        out.append(_varint(field.number * 8 + field.wire_type))
        if field.wire_type == anatomy.DELIMITED:
            out.append(_varint(len(content)))
        out.append(content)
    return b"".join(out)


@functools.lru_cache(1024)
def keys_of_root(signed_root: bytes) -> dict[bytes, bytes]:
    """As key_values, of bytes."""
    return key_values(take_apart(signed_root, SIGNED_ROOT))


def key_values(signed_root: Message) -> dict[bytes, bytes]:
    """Returns the keys that a signed root lists, by their stated key ids."""
    found = {}
    for root in nested(signed_root, 1):
        for mapping in nested(root, KEYS_OF_ROOT):
            for key in nested(mapping, 2):
                values = anatomy.children(key, 3)
                ids = anatomy.children(mapping, 1)
                if values and ids:
                    found[ids[0]] = values[0]
    return found


def nested(message: Message, number: int) -> list[Message]:
    """The messages in all fields of a number."""
    return [
        field.content
        for field in message
        if field.number == number and isinstance(field.content, tuple)
    ]


def cuts_and_bits(bundle: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields the bundle cut at every byte, and with every bit the other way."""
    for at in range(len(bundle)):
        yield f"the first {at} bytes", bundle[:at]
    for at in range(len(bundle)):
        for bit in range(8):
            changed = bytes([bundle[at] ^ 1 << bit])
            yield f"bit {bit} of byte {at}", bundle[:at] + changed + bundle[at + 1 :]
