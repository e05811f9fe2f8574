"""Tests of the device of scenarios."""

from software_update.client.boot_control import SlotState
from software_update.client.scenario.device import DOMAIN, Device
from software_update.testing import encode as e

ANCHOR = e.signed(e.root(), e.ROOT_KEY)
BUNDLE = e.bundle({"app": b"1" * 16}, version=1)


def device() -> Device:
    return Device(ANCHOR, None, "the vendor", lambda _: None)


def test_new_device_runs_slot_a_and_knows_no_release() -> None:
    new = device()
    assert new.booted == "A"
    assert new.slots() == {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE}
    assert new.client.state.domain(DOMAIN).floor is None


def test_factory_release_is_in_slot_a() -> None:
    made = device()
    made.factory(BUNDLE)
    file = made.storage.open("/slots/A/app")
    assert file.read(0, 99) == b"1" * 16


def test_unsynced_bytes_are_lost_when_the_power_fails() -> None:
    made = device()

    def write(_: object) -> None:
        file = made.storage.open_to_write("/state/note")
        file.write(0, b"note")
        made.storage.sync_folder("/state")

    assert made.do(write, cut_at=3) == "sync folder /state"
    assert not made.storage.exists("/state/note")


def test_clock_goes_on_after_a_restart() -> None:
    made = device()
    made.move_clock(made.clock.now() + 1000)
    time, boot = made.clock.now(), made.clock.boot_id()
    made.restart()
    assert made.clock.now() == time
    assert made.clock.boot_id() != boot
