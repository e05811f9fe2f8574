"""Tests of requests.py: everything that is signed is shown."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from software_update.cli.render.requests import request_lines
from software_update.format import wire
from software_update.format.proto import tuf_pb2
from software_update.format.verdicts import Refused
from software_update.keys.pem import read_public_key
from software_update.signing.signed_content import describe
from software_update.signing.signing_request import Request, parse_request
from software_update.testing import encode as e
from software_update.testing import tree
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)

# A message: its fields in order, each a number and a value. A tuple is a field of a fixed size.
_Value = int | bytes | tuple[int, bytes] | list[Any]
_Node = list[tuple[int, _Value]]

TARGETS = e.targets_of(
    e.common("targets", 7, expires=1924992000, nanos=5),
    [e.target_of("app", 8, [(1, bytes(32)), (2, b"other")]), e.target("boot", b"x")],
)
KEYS = (ROOT_KEY, ROOT_KEY_2, TARGETS_KEY, TARGETS_KEY_2, STRANGER)
ROOT = (
    e.blob(1, e.common("root", 3, spec="1.2.3"))
    + e.number(2, 1)
    + b"".join(e.blob(3, e.key(each)) for each in sorted(KEYS, key=key_id))
    + e.blob(4, e.role(sorted(map(key_id, (ROOT_KEY, ROOT_KEY_2))), 2))
    + e.blob(5, e.role([key_id(STRANGER)], 1))
    + e.blob(6, e.role([], 3))
    + e.blob(7, e.role(sorted(map(key_id, (TARGETS_KEY, TARGETS_KEY_2))), 1))
    + e.number(255, 1)
)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def shown(request: Request) -> list[str]:
    return list(request_lines("signing x", request))


def test_everything_in_targets_is_shown() -> None:
    unknown = e.blob(100, b"secret") + e.number(101, 300)
    request = parse_request(TARGETS + unknown)
    lines = shown(request)
    assert lines == [
        "signing x: targets metadata, version 7, expires 2031-01-01T00:00:00Z and 5 ns",
        f"  {len(TARGETS + unknown)} bytes, sha256 {request.sha256.hex()}",
        "  2 targets:",
        "    app: 8 bytes",
        f"      sha256 {'0' * 64}",
        f"      hash function 2: {b'other'.hex()}",
        "    boot: 1 bytes",
        f"      sha256 {sha256(b'x')}",
        f"  unknown field 100 of the metadata: wire type 2, 6 bytes, sha256 {sha256(b'secret')}",
        "  unknown field 101 of the metadata: wire type 0, 2 bytes, sha256 "
        f"{sha256(e.varint(300))}",
    ]


def test_everything_in_a_root_is_shown() -> None:
    lines = shown(parse_request(ROOT))
    assert lines[2:] == [
        "  DEV KEYS: anyone can sign this",
        "  spec_version 1.2.3",
        "  root: 2 of 2 keys",
        *(f"    {each}" for each in sorted(key_id(n).hex() for n in (ROOT_KEY, ROOT_KEY_2))),
        "  targets: 1 of 2 keys",
        *(f"    {each}" for each in sorted(key_id(n).hex() for n in (TARGETS_KEY, TARGETS_KEY_2))),
        "  timestamp: 1 of 1 keys",
        f"    {key_id(STRANGER).hex()}",
        "  snapshot: 3 of 0 keys",
        "  keys that are in neither of the roles root and targets:",
        f"    {key_id(STRANGER).hex()}",
        "  consistent_snapshot: true",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            e.targets_of(e.common("targets") + e.blob(9, b"x"), [e.target("a", b"")]),
            "common_metadata",
        ),
        (
            e.targets_of(e.common("targets"), [e.target("a", b"") + e.blob(9, b"x")]),
            "target_files[0]",
        ),
        (
            e.targets_of(
                e.common("targets"),
                [
                    e.target("a", b""),
                    e.text(1, "b")
                    + e.blob(3, e.number(1, 1) + e.blob(2, bytes(32)) + e.blob(9, b"x")),
                ],
            ),
            "target_files[1].hashes[0]",
        ),
    ],
)
def test_unknown_fields_at_every_level(data: bytes, message: str) -> None:
    said = describe(parse_request(data).content)
    assert [each["message"] for each in said["unknown_fields"]] == [message]
    line = f"  unknown field 9 of {message}: wire type 2, 1 bytes, sha256 "
    assert any(each.startswith(line) for each in shown(parse_request(data)))


def test_different_metadata_are_shown_differently() -> None:
    """Canonical metadata is determined by what is shown besides its SHA-256; other metadata is named so."""
    bases = [TARGETS + e.blob(100, b"secret"), ROOT + e.number(101, 3)]
    found = {changed for base in bases for changed in changed_bytes(base)}
    dev_key = read_public_key(str(tree.DEV_KEYS / "throwaway_dev_targets_key.pem.pub"))
    with_dev_key = e.root_of(
        e.common("root"),
        sorted((e.key(ROOT_KEY), e.key_of(dev_key.keyval))),
        e.role([key_id(ROOT_KEY)]),
        e.role([dev_key.key_id]),
    )
    bases += [TARGETS, ROOT, e.targets({"app": b"firmware"}), e.root(), with_dev_key]
    found |= {changed for base in bases for changed in (base, *changed_fields(base))}
    seen: dict[str, bytes] = {}
    others = 0
    for data in found:
        try:
            request = parse_request(data)
        except Refused:
            continue
        said = describe(request.content)
        title, digest, *lines = shown(request)
        assert digest == f"  {len(data)} bytes, sha256 {request.sha256.hex()}"
        assert (lines[-1].startswith("  not canonical: ")) == (not said["canonical"])
        if said["canonical"]:
            del said["sha256"], said["length"]
            for content in ("\n".join([title, *lines]), repr(said)):
                assert seen.setdefault(content, data) == data, content
        else:
            others += 1
    assert len(seen) > 1000
    assert others > 1000


def changed_bytes(data: bytes) -> Iterator[bytes]:
    """The data with one byte removed or one bit changed."""
    for index in range(len(data)):
        yield data[:index] + data[index + 1 :]
        for bit in range(8):
            yield data[:index] + bytes([data[index] ^ 1 << bit]) + data[index + 1 :]


def changed_fields(data: bytes) -> Iterator[bytes]:
    """The data with one field changed, moved, removed or added, at every level."""
    is_root = b"root" in data
    message = tuf_pb2.RootMetadata if is_root else tuf_pb2.TargetsMetadata
    yield from map(encode, changes(decode(data, message.DESCRIPTOR)))


def changes(node: _Node) -> Iterator[_Node]:
    for index, (number, value) in enumerate(node):
        before, after = node[:index], node[index + 1 :]
        yield before + after
        yield [*before, node[index], *node[index:]]
        yield [*after, node[index], *before]
        if isinstance(value, list):
            yield from ([*before, (number, each), *after] for each in changes(value))
        elif isinstance(value, int):
            yield from ([*before, (number, each), *after] for each in (0, 1, 2, value + 1))
        elif isinstance(value, bytes):
            yield from (
                [*before, (number, each), *after] for each in (b"", value + b"x", value[:-1])
            )
    for number in (*range(1, 8), 90, 91, 255):
        values: list[_Value] = [0, 1, b"", b"x", (1, bytes(8)), (5, bytes(4))]
        for value in values:
            yield [(number, value), *node]
            yield [*node, (number, value)]


def decode(data: bytes, descriptor: Any) -> _Node:
    node: _Node = []
    for field in wire.fields(data, 0, len(data)):
        known = descriptor and descriptor.fields_by_number.get(field.number)
        content = data[field.start : field.end]
        if field.wire_type == wire.VARINT:
            node.append((field.number, field.value))
        elif known and known.message_type:
            node.append((field.number, decode(content, known.message_type)))
        else:
            node.append((field.number, content))
    return node


def encode(node: _Node) -> bytes:
    return b"".join(encode_field(number, value) for number, value in node)


def encode_field(number: int, value: _Value) -> bytes:
    if isinstance(value, int):
        return e.number(number, value)
    if isinstance(value, tuple):
        return e.varint(number * 8 + value[0]) + value[1]
    return e.blob(number, encode(value) if isinstance(value, list) else value)


def test_every_known_field_is_described() -> None:
    """A new field of a message has to be added to signed_content.describe."""
    described = {
        "RootMetadata": {1, 2, 3, 4, 5, 6, 7, 255},
        "TargetsMetadata": {1, 2},
        "CommonMetadata": {1, 2, 3, 4},
        "TargetFile": {1, 2, 3},
        "Hash": {1, 2},
        "KeyMapping": {1, 2},
        "Key": {1, 2, 3},
        "SignatureRequirement": {1, 2},
    }
    messages = tuf_pb2.DESCRIPTOR.message_types_by_name
    assert {name: set(messages[name].fields_by_number) for name in described} == described
