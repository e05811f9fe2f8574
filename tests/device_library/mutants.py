"""Mutants of all cases: bundles and devices with some changes, most of them signed again.

A change of signed bytes, without new signatures, gives THRESHOLD_NOT_MET and nothing else. So key ids,
lists of payloads and signatures are mostly repaired after the change, and the verifier gets as far as the
change itself.
Everything comes from a seed, so a mutant can be made again from its number.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence

from software_update.testing import encode as e

from tests.device_library import subjects
from tests.device_library.subjects import Device, Subject
from tests.mutation import anatomy
from tests.mutation.anatomy import Field, Message, Path
from tests.vectors import cases

# Signs bytes with the key that has this public key; None if the key cannot sign.
Signer = Callable[[bytes, bytes], bytes | None]

BOUNDARIES = sorted(
    {
        base + near
        for base in (
            0,
            1,
            2,
            16,
            32,
            64,
            65,
            127,
            255,
            2**14,
            2**16,
            2**20,
            2**31,
            2**32,
            2**36,
            2**63,
        )
        for near in (-1, 0, 1)
        if base + near >= 0
    }
    | {2**64 - 1, 999_999_999, 1_000_000_000, 253_402_300_799, 253_402_300_800}
    | {2**64 - 62_135_596_800, 2**64 - 62_135_596_801, 1_780_272_000, 1_780_272_001}
)
TEXTS = (
    b"root",
    b"targets",
    b"user_manifest",
    b"app",
    b"App",
    b"boot",
    b"",
    b"a/b",
    b"a/*",
    b"*",
    b"/*",
    b"1.0.0",
    b"1.0",
    b"0.0.1",
    b"0.0.2",
    b"2.0.0",
    b"1.999999999.0",
    b"1.0000000000.1",
    b"1.0.0\n",
    b"..",
    b"a/../b",
    b"con",
    b"a\x00",
    b"\xff",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"x" * 255,
    b"x" * 256,
    b"\xf0\x9f\x98\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
    b"a//b",
    b"a/",
    b".",
    b" ",
    b"a ",
)
UNKNOWN = (
    e.number(99, 1),
    e.number(99, 2**64 - 1),
    e.blob(99, b"unknown"),
    e.blob(254, b""),
    e.blob(70, b"ours"),
    e.number(254, 1),
    e.number(255, 1),
    e.varint(99 * 8 + 1) + bytes(8),
    e.varint(99 * 8 + 5) + bytes(4),
    e.varint(99 * 8 + 3) + e.varint(99 * 8 + 4),
    e.varint(99 * 8 + 3),
    e.number(2**29 - 1, 0),
    e.number(2**29, 0),
    e.varint(0) + b"\0",
)
ENVELOPE_ROOTS = (5, 65)


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A bundle and a device, made from the case `origin`."""

    origin: str
    bundle: bytes
    device: Device


@functools.cache
def _names() -> list[bytes]:
    document = json.loads((cases.HERE / "names.json").read_bytes())
    names = [each if isinstance(each, str) else each["name"] for each in document["valid"]]
    names += [each["name"] for each in document["invalid"]]
    return [name.encode("utf-8", "surrogatepass") for name in names]


@functools.cache
def _trees() -> list[tuple[Subject, Message]]:
    """The cases that are messages, as trees."""
    found = []
    for subject in subjects.kept():
        if len(subject.bundle) > 20_000:
            continue
        try:
            found.append((subject, subjects.take_apart(subject.bundle, subjects.BUNDLE)))
        except ValueError:
            continue
    return found


@functools.cache
def _accepted_trees() -> list[tuple[Subject, Message]]:
    return [each for each in _trees() if each[0].verdict == "ACCEPT"]


@functools.cache
def _fields_by_number() -> dict[int, list[Field]]:
    """Fields of all cases, to put into others."""
    found: dict[int, list[Field]] = {}
    for _, tree in _trees():
        for path in anatomy.paths(tree):
            for field in anatomy.at(tree, path):
                kept = found.setdefault(field.number, [])
                if len(kept) < 400 and len(anatomy.content_bytes(field)) < 2000:
                    kept.append(field)
    return found


@functools.cache
def _json_documents() -> list[bytes]:
    """The release manifests of all cases."""
    found = set()
    for _, tree in _trees():
        for entry in subjects.nested(tree, 4):
            if anatomy.children(entry, 1)[:1] == [b"user_manifest"]:
                found |= set(anatomy.children(entry, 2)[:1])
    return sorted(found)


def many(seed: int, count: int, sign: Signer) -> Iterator[Mutant]:
    """Yields `count` mutants; each depends only on the seed and its own number."""
    for number in range(count):
        yield one(f"{seed}/{number}", sign)


def one(seed: str, sign: Signer) -> Mutant:
    """Returns the mutant of this seed."""
    rng = random.Random(seed)
    subject, original = rng.choice(_accepted_trees() if rng.random() < 0.5 else _trees())
    tree, device = original, subject.device
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        tree = _changed(tree, rng, _paths_of_case(subject.name) if tree is original else None)
    if rng.random() < 0.1:
        device = _changed_device(device, rng)
    if rng.random() < 0.9:
        tree = _with_key_ids(tree)
    if rng.random() < 0.8:
        tree = _listed_again(tree)
    if rng.random() < 0.97:
        tree = _signed_again(tree, device.trusted, rng, sign)
    out = subjects.put_together(tree)
    if rng.random() < 0.03:
        out = _changed_bytes(out, rng)
    return Mutant(subject.name, out, device)


# Changes


def _changed(tree: Message, rng: random.Random, paths: list[list[Path]] | None) -> Message:
    """The tree with a change. `paths`: as of _paths_by_kind, if they are known."""
    change = rng.random()
    if change < 0.2:
        return _changed_release(tree, rng)
    path = rng.choice(rng.choice(_paths_by_kind(tree) if paths is None else paths))
    return anatomy.replaced(tree, path, _changed_message(anatomy.at(tree, path), rng))


def _paths_by_kind(tree: Message) -> list[list[Path]]:
    """The paths of all messages. Most are keys and signatures; so every kind gets its turn."""
    by_kind: dict[tuple[int, ...], list[Path]] = {}
    for path in anatomy.paths(tree):
        by_kind.setdefault(_kind(tree, path), []).append(path)
    return list(by_kind.values())


@functools.cache
def _paths_of_case(name: str) -> list[list[Path]]:
    [tree] = [tree for subject, tree in _trees() if subject.name == name]
    return _paths_by_kind(tree)


def _kind(tree: Message, path: Path) -> tuple[int, ...]:
    numbers = []
    for index in path:
        numbers.append(tree[index].number)
        content = tree[index].content
        assert isinstance(content, tuple)
        tree = content
    return tuple(numbers)


def _changed_message(message: Message, rng: random.Random) -> Message:
    fields = list(message)
    change = rng.randrange(10)
    at = rng.randrange(len(fields)) if fields else 0
    if not fields or change == 0:
        at = rng.randrange(len(fields) + 1)
        fields[at:at] = [_some_field(rng)]
    elif change == 1:
        del fields[at]
    elif change == 2:
        fields.insert(rng.randrange(len(fields) + 1), fields[at])
    elif change == 3:
        rng.shuffle(fields)
    elif change == 4:
        fields[at] = rng.choice(_fields_by_number().get(fields[at].number, [fields[at]]))
    elif change == 5:
        content = anatomy.content_bytes(fields[at])
        fields[at] = Field(fields[at].number, _changed_bytes(content, rng), fields[at].wire_type)
    else:
        fields[at] = _other_value(fields[at], rng)
    return tuple(fields)


def _some_field(rng: random.Random) -> Field:
    """A field of any other message, or one that nothing defines."""
    if rng.random() < 0.4:
        [field] = _fields_of(rng.choice(UNKNOWN))
        return field
    by_number = _fields_by_number()
    return rng.choice(by_number[rng.choice(list(by_number))])


@functools.cache
def _fields_of(data: bytes) -> tuple[Field, ...]:
    """The one field of these bytes; bytes that are none are put where a field of the number 0 would be."""
    try:
        [field] = subjects.take_apart(data, {})
    except ValueError:
        return (Field(0, data[1:], data[0] % 8),)
    return (field,)


def _other_value(field: Field, rng: random.Random) -> Field:
    if field.wire_type == anatomy.NUMBER:
        return Field(field.number, _other_number(anatomy.content_bytes(field), rng), anatomy.NUMBER)
    change = rng.randrange(6)
    if change == 0:
        number = rng.choice((field.number + 1, max(0, field.number - 1), rng.randrange(1, 300)))
        return Field(number, field.content, field.wire_type)
    if change == 1:
        return Field(field.number, e.varint(rng.choice(BOUNDARIES)), anatomy.NUMBER)
    if isinstance(field.content, tuple):
        return Field(field.number, _changed_message(field.content, rng), field.wire_type)
    pools = {2: TEXTS, 3: _names()}
    new = rng.choice(pools[change]) if change in pools else _changed_bytes(field.content, rng)
    return Field(field.number, new, field.wire_type)


def _other_number(content: bytes, rng: random.Random) -> bytes:
    """A varint near this one, or at a boundary; sometimes in a longer form."""
    value = rng.choice(BOUNDARIES)
    how = rng.random()
    if how < 0.3 and content and content[-1] < 128:
        value = max(0, _number(content) + rng.choice((-1, 1, 2)))
    return e.varint(value, rng.randrange(2, 11) if how > 0.95 else 0)


def _number(content: bytes) -> int:
    """The number that a varint encodes, in whatever form."""
    return sum((byte & 127) << 7 * index for index, byte in enumerate(content)) % 2**64


def _changed_bytes(content: bytes, rng: random.Random) -> bytes:
    """The bytes with a change of a bit, a byte, or a piece."""
    if not content:
        return rng.randbytes(rng.randrange(3))
    at = rng.randrange(len(content))
    before, byte, rest = content[:at], content[at : at + 1], content[at + 1 :]
    other = rng.randrange(len(content))
    piece = content[other : other + 1 + rng.randrange(40)]
    changes = (
        lambda: before + bytes([byte[0] ^ 1 << rng.randrange(8)]) + rest,
        lambda: before + rng.randbytes(1) + rest,
        lambda: before + rest[rng.randrange(3) :],
        lambda: before + rng.randbytes(1 + rng.randrange(3)) + byte + rest,
        lambda: before,
        lambda: before + piece + byte + rest,
        lambda: before + piece + content[at + len(piece) :],
    )
    return rng.choice(changes)()


# Release manifests

JSON_PIECES = (
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"1",
    b"-1",
    b"1e1",
    b"1.0",
    b"4294967295",
    b"4294967296",
    b"01",
    b"+1",
    b"1E400",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"18446744073709551616",
    b"9" * 40,
    b'""',
    b'"a"',
    b'"\\u0000"',
    b'"\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\\uDC00\\uD800"',
    b'"\\x"',
    b"[]",
    b"{}",
    b"[[]]",
    b'{"a":1}',
    b'{"a":1,"a":2}',
    b"[1,]",
    b"{,}",
    b'"',
    b"\\",
    b"/**/",
    b"'",
    b" ",
    b"\n",
    b"\t",
    b"\r",
    b"\x0b",
    b"\x0c",
    b"\xa0",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\x1f",
    b"\x7f",
    b"\xff",
    b"\xc3",
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"[" * 31,
    b"[" * 33,
    b'"board-1"',
    b'"board-2"',
    b'"schema"',
    b'"software_update.release.v1"',
    b'"software_update.release.v2"',
    b":",
    b",",
    b"}",
    b"software_update.release.",
    b'"product"',
    b'"version"',
    b'"release_counter"',
    b'"hardware_ids"',
    b'"minimum_counter"',
    b'"release_counter":7,',
    b'"minimum_counter":1,',
    b'"hardware_ids":[],',
    b'"hardware_ids":["board-1"],',
    b'"kind":"security",',
    b'"security":true,',
    b'"x":[{"y":[{}]}],',
    b'"texts":{"de":{"summary":"a"}},',
    b'"duration":1,',
    b'"reversible":false,',
    b"\\u0073",
    b"\\/",
)


JSON_VALUES: tuple[object, ...] = (
    0,
    1,
    5,
    -1,
    2**32 - 1,
    2**32,
    "",
    "x" * 300,
    [],
    ["board-1"],
    {},
    None,
    True,
    1.5,
)


def _changed_release(tree: Message, rng: random.Random) -> Message:
    """Changes the payload user_manifest, or adds one."""
    for index, field in enumerate(tree):
        if field.number == 4 and isinstance(field.content, tuple):
            names = anatomy.children(field.content, 1)
            contents = anatomy.children(field.content, 2)
            if names[:1] == [b"user_manifest"] and contents:
                content = rng.choice(_json_documents()) if rng.random() < 0.2 else contents[0]
                entry = e.text(1, "user_manifest") + e.blob(2, changed_json(content, rng))
                new = subjects.take_apart(entry, {})
                return anatomy.replaced(tree, (index,), new)
    changed = changed_json(rng.choice(_json_documents()), rng)
    return (*tree, *subjects.take_apart(e.payload("user_manifest", changed), {4: {}}))


def changed_json(content: bytes, rng: random.Random) -> bytes:
    """The JSON text with a change: of a byte, of a value, of the whole text's encoding."""
    change = rng.random()
    if change < 0.03:
        text = content.decode(errors="replace")
        encoding = rng.choice(
            ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-8-sig")
        )
        return text.encode(encoding, "replace")
    if change < 0.1:
        return _json_by_value(content, rng)
    if change < 0.5 or not content:
        return _changed_bytes(content, rng)
    marks = [at for at, byte in enumerate(content) if byte in b'{}[]:,"']
    at = rng.choice(marks) if marks else rng.randrange(len(content))
    at += rng.randrange(2)
    end = at
    if rng.random() < 0.6:
        later = [mark for mark in marks if mark >= at]
        end = rng.choice(later[:4]) if later else at
    return content[:at] + rng.choice(JSON_PIECES) + content[end:]


def _json_by_value(content: bytes, rng: random.Random) -> bytes:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _changed_bytes(content, rng)
    if not isinstance(document, dict) or not document:
        return _changed_bytes(content, rng)
    keys = [*document, "schema", "product", "hardware_ids", "release_counter", "minimum_counter"]
    document[rng.choice(keys)] = rng.choice(JSON_VALUES)
    try:
        return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode()
    except ValueError:
        return content


# Devices


def _changed_device(device: Device, rng: random.Random) -> Device:
    change = rng.randrange(4)
    if change == 0:
        at = rng.choice((None, 0, 1, 1_780_272_000, 1_780_272_001, 253_402_300_800, -1))
        return dataclasses.replace(device, at=at)
    if change == 1:
        ids = (None, "board-1", "board-2", "", "\u00e9", "board-10")
        return dataclasses.replace(device, hardware_id=rng.choice(ids))
    other = rng.choice(subjects.kept()).device
    if change == 2:
        return dataclasses.replace(device, installed=other.installed)
    return dataclasses.replace(device, installed_root=other.trusted)


# Repairs


def _edited(message: Message, path: Sequence[int], edit: Callable[[Message], Message]) -> Message:
    """The message with an edit of each message that the fields of these numbers lead to."""
    if not path:
        return edit(message)
    return tuple(
        Field(field.number, _edited(field.content, path[1:], edit), field.wire_type)
        if field.number == path[0] and isinstance(field.content, tuple)
        else field
        for field in message
    )


def _with_key_ids(tree: Message) -> Message:
    """The key ids of changed keys become right again, also in roles and signatures."""
    renamed: dict[bytes, bytes] = {}

    def mapping(message: Message) -> Message:
        ids = anatomy.children(message, 1)
        parts = [
            anatomy.children(key, number)
            for key in subjects.nested(message, 2)
            for number in (1, 2, 3)
        ]
        if len(ids) != 1 or len(ids[0]) != 32 or [len(part) for part in parts] != [1, 1, 1]:
            return message
        [key_type], [scheme], [keyval] = parts
        key_id = e.key_id_of(keyval, _number(key_type), _number(scheme))
        if key_id == ids[0]:
            return message
        renamed[ids[0]] = key_id
        return _with_bytes(message, 1, key_id)

    for number in ENVELOPE_ROOTS:
        tree = _edited(tree, (number, 1, subjects.KEYS_OF_ROOT), mapping)
    return _renamed(tree, renamed) if renamed else tree


def _with_bytes(message: Message, number: int, content: bytes) -> Message:
    """The message with this content in all fields of a number that have bytes."""
    return tuple(
        Field(number, content)
        if field.number == number and field.wire_type == anatomy.DELIMITED
        else field
        for field in message
    )


def _renamed(message: Message, renamed: dict[bytes, bytes]) -> Message:
    """The tree with other key ids wherever a field of the number 1 has one of these as its content."""

    def content(field: Field) -> bytes | Message:
        if isinstance(field.content, tuple):
            return _renamed(field.content, renamed)
        return renamed.get(field.content, field.content) if field.number == 1 else field.content

    return tuple(Field(field.number, content(field), field.wire_type) for field in message)


def _listed_again(tree: Message) -> Message:
    """Targets of changed payloads get the lengths and digests that these have now."""
    contents: dict[bytes, bytes] = {}
    for entry in subjects.nested(tree, 4):
        names, values = anatomy.children(entry, 1), anatomy.children(entry, 2)
        if len(names) == 1 and len(values) == 1:
            contents[names[0]] = values[0]

    def target(message: Message) -> Message:
        names = anatomy.children(message, 1)
        if len(names) != 1 or names[0] not in contents:
            return message
        content = contents[names[0]]
        length = Field(2, e.varint(len(content)), anatomy.NUMBER)
        message = tuple(
            length if each.number == 2 and each.wire_type == anatomy.NUMBER else each
            for each in message
        )
        digest = hashlib.sha256(content).digest()
        return _edited(message, (3,), lambda hash_: _with_bytes(hash_, 2, digest))

    def targets(message: Message) -> Message:
        listed = {
            name for file in subjects.nested(message, 2) for name in anatomy.children(file, 1)
        }
        message = _edited(message, (2,), target)
        if b"user_manifest" in contents and b"user_manifest" not in listed:
            new = e.target("user_manifest", contents[b"user_manifest"])
            message += (Field(2, subjects.take_apart(new, subjects.TARGETS[2])),)
        return message

    return _edited(tree, (3, 2, 1), targets)


def _signed_again(tree: Message, trusted: bytes, rng: random.Random, sign: Signer) -> Message:
    """Each signature of a known key becomes a good one again; rarely, one becomes bad."""
    keys = subjects.keys_of_root(trusted)
    for number in ENVELOPE_ROOTS:
        for root in subjects.nested(tree, number):
            keys = keys | subjects.key_values(root)

    def signed(message: Message) -> Message:
        contents = [field.content for field in message if field.number == 1]
        if not contents:
            return message
        content = contents[0]
        serialized = subjects.put_together(content) if isinstance(content, tuple) else content

        def signature(inner: Message) -> Message:
            ids = anatomy.children(inner, 1)
            keyval = keys.get(ids[0]) if ids else None
            value = None if keyval is None or rng.random() < 0.01 else sign(keyval, serialized)
            return inner if value is None else _with_bytes(inner, 2, value)

        return _edited(message, (2,), signature)

    for path in ((5,), (65,), (3, 2)):
        tree = _edited(tree, path, signed)
    return tree
