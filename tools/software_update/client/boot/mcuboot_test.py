"""Tests of boot control for microcontrollers with MCUboot."""

from dataclasses import dataclass

import pytest

from software_update.client.boot.mcuboot import McubootBoot
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootControl, BootError, SlotState
from software_update.client.installers.mcuboot import McubootInstaller
from software_update.client.mcuboot_slots import KeptSlots
from software_update.testing.mcuboot import FakeMcu, image
from software_update.testing.memory_storage import MemoryStorage

OLD, NEW = image(b"old"), image(b"new" * 1000)


@dataclass
class Bench:
    mcu: FakeMcu
    storage: MemoryStorage
    kept: KeptSlots
    boot: McubootBoot

    def install(self, slot: str, content: bytes) -> None:
        self.boot.mark_unbootable(slot)
        installer = McubootInstaller(self.mcu, self.kept, "mcu")
        writer = installer.begin(slot, "mcu", len(content))
        writer.write(content)
        writer.finish()


@pytest.fixture(name="bench")
def bench_fixture() -> Bench:
    mcu, storage = FakeMcu(OLD), MemoryStorage()
    storage.make_folder("/state")
    kept = KeptSlots(storage, "/state/mcu", ["A", "B"])
    return Bench(mcu, storage, kept, McubootBoot(mcu, kept))


def test_every_rule_of_a_boot_control_holds(bench: Bench) -> None:
    bench.install("B", NEW)

    def restart() -> BootControl:
        bench.boot.restart()
        return McubootBoot(bench.mcu, bench.kept)

    found = check_boot(bench.boot, "B", restart)
    assert len(found) > 15
    assert [each for each in found if each.problem] == []


def test_image_of_the_factory_is_in_the_first_slot(bench: Bench) -> None:
    status = bench.boot.status()
    assert (status.booted, status.primary) == ("A", "A")
    assert status.slots == {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE}
    assert bench.boot.check() == []


def test_slots_follow_the_images_over_several_releases(bench: Bench) -> None:
    for number, slot in enumerate(["B", "A", "B"]):
        bench.install(slot, image(b"release", number + 2))
        bench.boot.try_slot(slot)
        bench.boot.restart()
        assert bench.boot.status().slots[slot] == SlotState.TRYING
        bench.boot.confirm(slot)
        status = bench.boot.status()
        assert (status.booted, status.primary) == (slot, slot)
        assert set(status.slots.values()) == {SlotState.GOOD}


def test_unconfirmed_slot_names_the_slot_that_starts_next(bench: Bench) -> None:
    bench.install("B", NEW)
    bench.boot.try_slot("B")
    bench.boot.restart()
    assert (bench.boot.status().booted, bench.boot.status().primary) == ("B", "A")


def test_try_that_the_device_keeps_is_an_error(bench: Bench) -> None:
    bench.install("B", NEW)
    bench.boot.try_slot("B")
    bench.mcu.keeps_pending = True
    with pytest.raises(BootError, match="the other slot is in use"):
        bench.boot.mark_unbootable("B")
    assert bench.boot.status().slots["B"] == SlotState.TRYING


def test_slot_without_an_image_cannot_be_tried(bench: Bench) -> None:
    with pytest.raises(BootError, match="slot 'B': has no image; install one"):
        bench.boot.try_slot("B")


def test_running_slots_are_guarded(bench: Bench) -> None:
    with pytest.raises(BootError, match="slot 'A': is running; try another one"):
        bench.boot.try_slot("A")
    with pytest.raises(BootError, match="slot 'A': runs and is confirmed"):
        bench.boot.mark_unbootable("A")
    with pytest.raises(BootError, match="slot 'C': is not a slot of the domain"):
        bench.boot.confirm("C")
    bench.install("B", NEW)
    bench.boot.try_slot("B")
    bench.boot.restart()
    with pytest.raises(BootError, match="slot 'B': runs unconfirmed; confirm it"):
        bench.boot.try_slot("A")


def test_image_of_another_tool_is_an_error_with_advice(bench: Bench) -> None:
    bench.install("B", NEW)
    bench.mcu.primary = image(b"other")
    (problem,) = bench.boot.check()
    assert problem.startswith("/state/mcu: image ")
    assert problem.endswith("remove the folder if the image was installed in another way")


def test_reset_that_was_lost_is_sent_again_until_the_device_has_started(bench: Bench) -> None:
    bench.install("B", NEW)
    bench.boot.try_slot("B")
    bench.mcu.lost_resets = 5
    with pytest.raises(BootError, match="slot 'B': does not start after 3 resets"):
        bench.boot.restart()
    assert (bench.boot.status().booted, bench.mcu.starts) == ("A", 0)
    bench.boot.restart()
    assert (bench.boot.status().booted, bench.mcu.starts) == ("B", 1)
    bench.boot.confirm("B")
    bench.boot.restart()
    assert (bench.boot.status().booted, bench.mcu.starts) == ("B", 2)


class Forgetful(FakeMcu):
    """A device that answers, and keeps nothing."""

    def test(self, image_hash: bytes) -> None:
        pass

    def confirm(self, image_hash: bytes) -> None:
        pass

    def erase(self) -> None:
        pass


def test_each_change_is_read_back(bench: Bench) -> None:
    bench.install("B", NEW)
    forgetful = Forgetful(OLD, NEW)
    boot = McubootBoot(forgetful, bench.kept)
    with pytest.raises(BootError, match="slot 'B': does not start next after"):
        boot.try_slot("B")
    forgetful.pending = True
    with pytest.raises(BootError, match="slot 'B': still starts next after it was erased"):
        boot.mark_unbootable("B")
    forgetful.reset()
    with pytest.raises(BootError, match="slot 'B': is not confirmed after"):
        boot.confirm("B")


def test_domain_has_two_slots(bench: Bench) -> None:
    kept = KeptSlots(bench.storage, "/state/mcu", ["A", "B", "C"])
    assert McubootBoot(bench.mcu, kept).check() == [
        "slots: MCUboot has two slots for an image; name two"
    ]
