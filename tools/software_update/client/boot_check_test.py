"""Tests that the check of boot controls passes good ones, and finds each planted bug."""

from collections.abc import Callable

import pytest

from software_update.client.boot.directory import DirectoryBoot
from software_update.client.boot.uboot import UBoot
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootControl, BootError, BootStatus, SlotState
from software_update.client.simulator import bootloader, environment
from software_update.client.simulator.image import Device, Image, Link
from software_update.client.simulator.machine import COMMAND_LINE, boot
from software_update.client.simulator.storage import SimulatedStorage

GOOD, TRYING = SlotState.GOOD, SlotState.TRYING
UNBOOTABLE, EXHAUSTED = SlotState.UNBOOTABLE, SlotState.EXHAUSTED


class GoodBoot:
    """A device with a boot loader that keeps all rules. Planted bugs are subclasses."""

    def __init__(self) -> None:
        self.booted = "A"
        self.primary: str | None = "A"
        self.slots = {"A": GOOD, "B": UNBOOTABLE}
        self.left = 0

    def check(self) -> list[str]:
        return []

    def warnings(self) -> list[str]:
        return []

    def status(self) -> BootStatus:
        return BootStatus(self.booted, self.primary, dict(self.slots))

    def mark_unbootable(self, slot: str) -> None:
        self.slots[slot] = UNBOOTABLE
        if self.primary == slot:
            self.primary = self.good()

    def try_slot(self, slot: str) -> None:
        self.slots[slot] = TRYING
        self.primary = slot
        self.left = 3

    def confirm(self, slot: str) -> None:
        if slot != self.booted:
            raise BootError(f"slot '{slot}' does not run")
        self.slots[slot] = GOOD
        self.primary = slot

    def good(self) -> str | None:
        return next((slot for slot, state in self.slots.items() if state is GOOD), None)

    def restart(self) -> BootControl:
        """Starts the device."""
        if self.primary is not None and self.slots[self.primary] is TRYING:
            if self.left == 0:
                self.slots[self.primary] = EXHAUSTED
                self.primary = self.good()
            else:
                self.left -= 1
        self.booted = self.primary or self.booted
        return self


def broken(control: BootControl, restart: Callable[[], BootControl] | None) -> dict[str, str]:
    """Returns the broken rules, with the problems."""
    found = check_boot(control, "B", restart)
    return {each.rule: each.problem for each in found if each.problem is not None}


def test_good_boot_control_keeps_all_rules_and_ends_as_it_began() -> None:
    good = GoodBoot()
    assert broken(good, good.restart) == {}
    assert good.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})


def test_without_restarts() -> None:
    good = GoodBoot()
    assert broken(good, None) == {}
    assert good.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})


class Problems(GoodBoot):
    def check(self) -> list[str]:
        return ["/etc/fw_env.config: missing"]


class OtherSlots(GoodBoot):
    def status(self) -> BootStatus:
        return BootStatus("a", self.primary, {**self.slots})


class UnconfirmedStart(GoodBoot):
    def __init__(self) -> None:
        super().__init__()
        self.slots["A"] = TRYING


class StatusChanges(GoodBoot):
    def status(self) -> BootStatus:
        status = super().status()
        self.slots["B"] = GOOD if self.slots["B"] is UNBOOTABLE else self.slots["B"]
        return status


class MarkKeepsThePrimary(GoodBoot):
    def mark_unbootable(self, slot: str) -> None:
        self.slots[slot] = UNBOOTABLE


class MarkKeepsTheState(GoodBoot):
    def mark_unbootable(self, slot: str) -> None:
        state = self.slots[slot]
        super().mark_unbootable(slot)
        self.slots[slot] = EXHAUSTED if state is TRYING else state


class MarkToggles(GoodBoot):
    def mark_unbootable(self, slot: str) -> None:
        state = GOOD if self.slots[slot] is UNBOOTABLE else UNBOOTABLE
        super().mark_unbootable(slot)
        self.slots[slot] = state


class TryMakesGood(GoodBoot):
    def try_slot(self, slot: str) -> None:
        super().try_slot(slot)
        self.slots[slot] = GOOD


class TryForgetsThePrimary(GoodBoot):
    def try_slot(self, slot: str) -> None:
        super().try_slot(slot)
        self.primary = self.good()


class TryOnlyOnce(GoodBoot):
    def try_slot(self, slot: str) -> None:
        if self.slots[slot] is TRYING:
            raise BootError("is being tried already")
        super().try_slot(slot)


class TrySpoilsTheRunningSlot(GoodBoot):
    def try_slot(self, slot: str) -> None:
        self.slots = dict.fromkeys(self.slots, UNBOOTABLE)
        super().try_slot(slot)


class TryCannotBeTakenBack(GoodBoot):
    def mark_unbootable(self, slot: str) -> None:
        if self.slots[slot] is not TRYING:
            super().mark_unbootable(slot)


class ConfirmsAnySlot(GoodBoot):
    def confirm(self, slot: str) -> None:
        self.slots[slot] = GOOD
        self.primary = slot


class UnbootableStarts(GoodBoot):
    def restart(self) -> BootControl:
        if self.left and self.slots["B"] is UNBOOTABLE:
            self.primary = "B"
        return super().restart()


class StartMakesGood(GoodBoot):
    def restart(self) -> BootControl:
        super().restart()
        self.slots[self.booted] = GOOD
        return self


class TriedNeverStarts(GoodBoot):
    def restart(self) -> BootControl:
        self.left = 0
        return super().restart()


class NeverFallsBack(GoodBoot):
    def restart(self) -> BootControl:
        self.left = 3
        return super().restart()


class FallsBackToNothingGood(GoodBoot):
    def restart(self) -> BootControl:
        super().restart()
        if self.slots["B"] is EXHAUSTED:
            self.slots["B"] = UNBOOTABLE
        return self


class FewerTriesTheSecondTime(GoodBoot):
    count = 39

    def try_slot(self, slot: str) -> None:
        super().try_slot(slot)
        self.count = max(1, self.count - 1)
        self.left = self.count


class ConfirmDoesNotKeep(GoodBoot):
    def restart(self) -> BootControl:
        if self.primary == "B" and self.slots["B"] is GOOD:
            self.slots["B"] = TRYING
        return super().restart()


class ConfirmDoesNothing(GoodBoot):
    def confirm(self, slot: str) -> None:
        if self.slots[slot] is not TRYING:
            super().confirm(slot)


class ConfirmOnlyOnce(GoodBoot):
    def confirm(self, slot: str) -> None:
        if self.slots[slot] is GOOD and slot == self.booted:
            raise BootError("is good already")
        super().confirm(slot)


class ConfirmSpoilsOthers(GoodBoot):
    def confirm(self, slot: str) -> None:
        super().confirm(slot)
        self.slots = {each: GOOD if each == slot else UNBOOTABLE for each in self.slots}


class RunningSlotStays(GoodBoot):
    def mark_unbootable(self, slot: str) -> None:
        if slot == self.booted:
            raise BootError("is running")
        super().mark_unbootable(slot)


class Stranded(GoodBoot):
    """Once B has been confirmed, A never starts again."""

    def try_slot(self, slot: str) -> None:
        if slot == "A":
            raise BootError("slot A is broken")
        super().try_slot(slot)


PLANTED: list[tuple[type[GoodBoot], str, str]] = [
    (Problems, "check finds no problem", "/etc/fw_env.config: missing"),
    (OtherSlots, "status lists the running slot and its state", "booted is 'a', and not a slot"),
    (UnconfirmedStart, "status lists the running slot and its state", "is trying, and must be"),
    (StatusChanges, "reading the status changes nothing", "two calls of status give two answers"),
    (MarkKeepsThePrimary, "an unbootable slot is not primary", "primary is 'B', and must be 'A'"),
    (MarkKeepsTheState, "an unbootable slot is not primary", "is exhausted, and must be unboot"),
    (MarkToggles, "mark_unbootable is repeatable", "is good, and must be unbootable"),
    (TryMakesGood, "a tried slot is primary, and not good", "is good, and must be trying"),
    (TryForgetsThePrimary, "a tried slot is primary, and not good", "primary is 'A', and must"),
    (TryOnlyOnce, "try_slot is repeatable", "is being tried already"),
    (
        TrySpoilsTheRunningSlot,
        "the running slot stays good while another is tried",
        "the state of slot 'A' is unbootable, and must be good",
    ),
    (TryCannotBeTakenBack, "a try can be taken back", "primary is 'B', and must be 'A'"),
    (ConfirmsAnySlot, "a slot that does not run cannot be confirmed", "confirm accepts slot 'B'"),
    (UnbootableStarts, "an unbootable slot does not start", "booted is 'B', and must be 'A'"),
    (StartMakesGood, "a tried slot starts next, and is not good", "is good, and must be trying"),
    (TriedNeverStarts, "a slot that is not confirmed falls back", "does not start at all"),
    (NeverFallsBack, "a slot that is not confirmed falls back", "still starts after 40 tries"),
    (FallsBackToNothingGood, "a slot that is not confirmed falls back", "must be exhausted"),
    (FewerTriesTheSecondTime, "a slot can be tried again, with all its tries", "and then"),
    (ConfirmDoesNotKeep, "a confirmed slot is good and stays", "is trying, and must be good"),
    (ConfirmDoesNothing, "a confirmed slot is good and stays", "is trying, and must be good"),
    (ConfirmOnlyOnce, "confirm is repeatable", "is good already"),
    (
        ConfirmSpoilsOthers,
        "the slot before stays good after a confirm",
        "the state of slot 'A' is unbootable, and must be good",
    ),
    (RunningSlotStays, "a running slot that is tried can be given up", "is running"),
    (Stranded, "the device ends as it began", "slot A is broken"),
]


@pytest.mark.parametrize(("plant", "rule", "problem"), PLANTED)
def test_planted_bug_is_found(plant: type[GoodBoot], rule: str, problem: str) -> None:
    control = plant()
    found = broken(control, control.restart)
    assert rule in found
    assert problem in found[rule]


def test_each_rule_is_broken_by_a_planted_bug() -> None:
    good = GoodBoot()
    rules = {each.rule for each in check_boot(good, "B", good.restart)}
    assert rules == {rule for _, rule, _ in PLANTED}


def test_spare_slot_must_not_run() -> None:
    found = {each.rule: each.problem for each in check_boot(GoodBoot(), "A")}
    assert found["the device ends as it began"] == "slot 'A' is running; name another one"


def test_directory_keeps_all_rules() -> None:
    storage = SimulatedStorage(Image.of({"/srv/current": Link("A"), "/srv/A/app": b"program"}))
    slots = {"A": "/srv/A", "B": "/srv/B"}
    control = DirectoryBoot(storage, "/srv/current", slots)

    def restart() -> BootControl:
        while control.started():
            pass
        return control

    assert broken(control, restart) == {}


def test_uboot_keeps_all_rules() -> None:
    config = b"/dev/env 0 0x200\n"
    places = environment.parse_config(config.decode())
    variables = {"BOOT_ORDER": "A", "BOOT_A_LEFT": "3"}
    files: dict[str, bytes | Device | Link | None] = {
        "/etc/fw_env.config": config,
        "/dev/env": Device(environment.encode(variables, 0x200)),
        COMMAND_LINE: b"",
    }
    storage = SimulatedStorage(Image.of(files))
    loader = bootloader.UBoot(places)

    def restart() -> BootControl:
        return UBoot(boot(storage, loader).system)

    assert broken(restart(), restart) == {}
