"""Reads messages with protobuf, and returns values in the form of the strict reader."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import DecodeError

from software_update.format.proto import tuf_pb2, update_bundle_pb2
from software_update.format.wire import Known, Message, Placed


def _manifest_with_a_list() -> Any:
    """Returns the class of a Manifest whose map is a list of entries, which is the same on the wire.

    In a map, protobuf merges entries of one key, and leaves out an entry with an unknown field.
    """
    pool = descriptor_pool.DescriptorPool()
    for module in (timestamp_pb2, tuf_pb2, update_bundle_pb2):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            for nested in message.nested_type:
                nested.options.Clear()
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("software_update.Manifest"))


# The messages that are read, and protobuf's classes for them.
CLASSES: dict[str, Any] = {
    "SignedRootMetadata": tuf_pb2.SignedRootMetadata,
    "SignedTargetsMetadata": tuf_pb2.SignedTargetsMetadata,
    "RootMetadata": tuf_pb2.RootMetadata,
    "TargetsMetadata": tuf_pb2.TargetsMetadata,
    "Manifest": _manifest_with_a_list(),
    "Signature": tuf_pb2.Signature,
    "TargetFile": tuf_pb2.TargetFile,
    "CommonMetadata": tuf_pb2.CommonMetadata,
    "SignatureRequirement": tuf_pb2.SignatureRequirement,
}


def read_by_protobuf(data: bytes, message: Message[Any]) -> tuple[Any, ...] | None:
    """Returns the values that protobuf reads from `data`; None if it rejects them."""
    try:
        return _values(message, CLASSES[message.name].FromString(data))
    except DecodeError:
        return None


def comparable(data: bytes, value: Any) -> Any:
    """Returns a value of the strict reader with the content of each Placed instead of it."""
    if isinstance(value, Placed):
        return (
            data[value.start : value.end] if value.value is None else comparable(data, value.value)
        )
    return tuple(comparable(data, each) for each in value) if isinstance(value, tuple) else value


def _values(message: Message[Any], parsed: Any) -> tuple[Any, ...]:
    return tuple(_value(field, parsed) for field in message.fields)


def _value(field: Known, parsed: Any) -> Any:
    name = field.name.partition(".")[2]
    found = getattr(parsed, name)
    if field.repeated:
        return tuple(_values(field.message, each) if field.message else each for each in found)
    if field.default is None and not parsed.HasField(name):
        return None
    return _values(field.message, found) if field.message else found
