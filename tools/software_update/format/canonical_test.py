"""Tests of canonical.py. The reference is protobuf, with which the tools write."""

from collections.abc import Iterator
from typing import Any

import pytest

from software_update.format import canonical, messages, wire
from software_update.format.proto import tuf_pb2
from software_update.format.verdicts import Refused
from software_update.signing.signing_request import parse_request
from software_update.testing import encode as e
from software_update.testing.changes import ROOT, TARGETS, changed_bytes, changed_fields

UNKNOWN = e.blob(100, b"secret") + e.number(101, 300) + e.varint(102 << 3 | 5) + b"1234"
NEGATIVE = e.targets_of(e.common("targets", expires=-1), [e.target("app", b"")])


def bases() -> Iterator[bytes]:
    yield from (TARGETS, ROOT, NEGATIVE, e.root(), e.targets({"b": b"", "a": b"x"}))
    yield from (TARGETS + UNKNOWN, UNKNOWN + ROOT)


def by_protobuf(message: Any) -> bytes:
    """Sorts the lists of a message, and encodes it."""
    if isinstance(message, tuf_pb2.RootMetadata):
        message.keys.sort(key=lambda each: each.key_id)
        message.allowed_targets.sort()
        for field, role in message.ListFields():
            if field.message_type is tuf_pb2.SignatureRequirement.DESCRIPTOR:
                role.key_ids.sort()
    else:
        message.target_files.sort(key=lambda each: each.file_name)
        for each in message.target_files:
            each.length = each.length
            if each.HasField("compression"):
                each.compression.original_length = each.compression.original_length
            each.hashes.sort(key=lambda hash_: (hash_.function, hash_.hash))
    return bytes(message.SerializeToString(deterministic=True))


def test_metadata_that_a_device_accepts_are_encoded_as_by_protobuf() -> None:
    found = 0
    changed = [each for base in bases() for each in changed_fields(base)]
    # Some of the changes, spread over all fields, because a root takes 1 ms.
    for data in {*bases(), *changed[::7], *changed_bytes(TARGETS + UNKNOWN)}:
        try:
            request = parse_request(data)
        except Refused:
            continue
        found += 1
        is_root = request.role == "root"
        message: Any = messages.ROOT_METADATA if is_root else messages.TARGETS_METADATA
        value = wire.read(data, 0, len(data), message, max_unknown=256)
        parsed = (tuf_pb2.RootMetadata if is_root else tuf_pb2.TargetsMetadata).FromString(data)
        unknown = canonical.encode_unknown(data, wire.unknown_fields(data, message))
        assert canonical.encode(message, value, unknown) == by_protobuf(parsed)
        parsed.DiscardUnknownFields()
        assert canonical.encode(message, value, {}) == by_protobuf(parsed)
    assert found > 700


@pytest.mark.parametrize(
    "message", [each for each in vars(messages).values() if isinstance(each, wire.Message)]
)
def test_messages_list_their_fields_in_the_order_of_their_numbers(
    message: wire.Message[Any],
) -> None:
    """The encoder writes them in this order."""
    numbers = [each.number for each in message.fields]
    assert numbers == sorted(numbers)


def test_empty_text_is_written_where_the_schema_makes_absence_visible() -> None:
    data = e.text(4, "")
    value = wire.read(data, 0, len(data), messages.COMMON_METADATA, max_unknown=0)
    assert canonical.encode(messages.COMMON_METADATA, value, {}) == data
    absent = value._replace(role=None)
    assert canonical.encode(messages.COMMON_METADATA, absent, {}) == b""
