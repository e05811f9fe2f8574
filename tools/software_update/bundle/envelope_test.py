"""Tests of envelope.py."""

import pytest

from software_update.bundle import envelope
from software_update.format.proto import update_bundle_pb2

BUNDLE = update_bundle_pb2.UpdateBundle.DESCRIPTOR
MAPS = ("targets_metadata", "target_payloads")


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (envelope.TARGETS_FIELD, "targets_metadata"),
        (envelope.PAYLOAD_FIELD, "target_payloads"),
        (envelope.ROOT_FIELD, "root_metadata"),
        (envelope.ROOT_CHAIN_FIELD, "root_chain"),
    ],
)
def test_field_numbers_are_those_of_the_schema(number: int, name: str) -> None:
    assert BUNDLE.fields_by_name[name].number == number


@pytest.mark.parametrize("name", MAPS)
def test_fields_of_map_entries_are_those_of_the_schema(name: str) -> None:
    entry = BUNDLE.fields_by_name[name].message_type
    assert entry is not None
    assert {each.name: each.number for each in entry.fields} == {
        "key": envelope.KEY_FIELD,
        "value": envelope.VALUE_FIELD,
    }
