"""The descriptions of messages agree with the schema, proto/*.proto."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from software_update.format import messages, wire
from software_update.format.proto import tuf_pb2
from software_update.format.wire import Known, Message
from software_update.testing.oracle import CLASSES

READ = (
    messages.SIGNED_ROOT_METADATA,
    messages.SIGNED_TARGETS_METADATA,
    messages.ROOT_METADATA,
    messages.MANIFEST,
)
# protobuf would truncate a larger number. No field has a use for a negative one except int64.
LARGEST = {
    FieldDescriptor.TYPE_UINT32: 2**32 - 1,
    FieldDescriptor.TYPE_UINT64: 2**64 - 1,
    FieldDescriptor.TYPE_INT32: 2**31 - 1,
    FieldDescriptor.TYPE_INT64: 2**64 - 1,
    FieldDescriptor.TYPE_BOOL: 1,
    FieldDescriptor.TYPE_ENUM: 2**31 - 1,
}


def described() -> Iterator[tuple[Message[Any], Any]]:
    """Yields each message that is read, with its descriptor in the schema."""
    rest = [(each, CLASSES[each.name].DESCRIPTOR) for each in READ]
    while rest:
        message, descriptor = rest.pop()
        yield message, descriptor
        inner = {each.number: each.message_type for each in descriptor.fields}
        rest += [(each.message, inner[each.number]) for each in message.fields if each.message]


def described_fields() -> list[tuple[Known, Any]]:
    return [
        (field, descriptor.fields_by_number[field.number])
        for message, descriptor in described()
        for field in message.fields
    ]


def test_each_message_has_all_fields_of_the_schema() -> None:
    for message, descriptor in described():
        assert message.name == descriptor.name
        names = [f"{descriptor.name}.{each.name}" for each in descriptor.fields]
        assert [each.name for each in message.fields] == names
        assert [each.number for each in message.fields] == [
            each.number for each in descriptor.fields
        ]


@pytest.mark.parametrize(("field", "schema"), described_fields(), ids=str)
def test_field(field: Known, schema: Any) -> None:
    assert field.repeated == schema.is_repeated
    assert field.text == (schema.type == FieldDescriptor.TYPE_STRING)
    if schema.type in LARGEST:
        assert (field.wire_type, field.limit) == (wire.VARINT, LARGEST[schema.type])
    else:
        assert field.wire_type == wire.LENGTH_DELIMITED
    inner = schema.message_type.name if schema.message_type else None
    assert (field.message and field.message.name) == inner
    assert (field.value_of is bool) == (schema.type == FieldDescriptor.TYPE_BOOL)
    signed = field.value_of is not None and field.value_of is not bool
    assert signed == (schema.type == FieldDescriptor.TYPE_INT64)


@pytest.mark.parametrize(("field", "schema"), described_fields(), ids=str)
def test_absence_is_visible_where_the_schema_makes_it_visible(field: Known, schema: Any) -> None:
    if field.default is None and not field.repeated:
        assert schema.has_presence


def test_numbers_of_enums() -> None:
    assert tuf_pb2.SHA256 == messages.SHA256
    assert {number: name for name, number in tuf_pb2.KeyType.items()} == messages.KEY_TYPES
    assert {number: name for name, number in tuf_pb2.KeyScheme.items()} == messages.KEY_SCHEMES
