"""Tests of the slots of a domain with MCUboot."""

import pytest

from software_update.client.boot_control import SlotState
from software_update.client.mcuboot_slots import KeptSlot, KeptSlots
from software_update.testing.memory_storage import MemoryStorage


@pytest.fixture(name="kept")
def kept_fixture() -> KeptSlots:
    storage = MemoryStorage()
    storage.make_folder("/state")
    return KeptSlots(storage, "/state/mcu", ["A", "B"])


def test_without_a_record_no_image_is_known(kept: KeptSlots) -> None:
    assert kept.read() == {"A": KeptSlot(), "B": KeptSlot()}
    assert kept.image("A") is None


def test_record_reads_back(kept: KeptSlots) -> None:
    record = {"A": KeptSlot("ab" * 32, SlotState.GOOD), "B": KeptSlot("", SlotState.TRYING)}
    kept.write(record)
    assert kept.read() == record


@pytest.mark.parametrize(
    "content",
    [
        b"text",
        b'{"A": 1}',
        b'{"A": {"hash": ""}}',
        b'{"A": {"hash": "ab", "state": "good"}}',
        b'{"A": {"hash": "", "state": "fine"}}',
    ],
)
def test_other_content_is_an_error_with_the_path(kept: KeptSlots, content: bytes) -> None:
    kept.storage.make_folder("/state/mcu")
    file = kept.storage.open_to_write("/state/mcu/slots.json")
    file.write(0, content)
    file.close()
    with pytest.raises(
        OSError, match=r"^/state/mcu/slots.json: is not a record of slots; remove it"
    ):
        kept.read()
