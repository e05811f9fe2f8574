"""Tests of boot loaders that start the first slot of a list that has starts left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from software_update.client.boot.ordered import TRYING, OrderedBoot
from software_update.client.boot_control import BootError, BootStatus, SlotState

GOOD, UNBOOTABLE, EXHAUSTED = SlotState.GOOD, SlotState.UNBOOTABLE, SlotState.EXHAUSTED


@dataclass
class Loader(OrderedBoot):
    """A boot loader with variables in memory. Those in `stuck` keep their values."""

    variables: dict[str, str]
    booted: str = "A"
    slots: Sequence[str] = ("A", "B")
    tries: int = 3
    stuck: Sequence[str] = ()
    writes: list[Mapping[str, str]] = field(default_factory=list)
    synced: int = -1
    order = "ORDER"
    place = "/env"

    def warnings(self) -> list[str]:
        return []

    def running(self) -> str:
        return self.booted

    def read(self) -> dict[str, str]:
        return dict(self.variables)

    def write(self, changes: Mapping[str, str]) -> None:
        self.writes.append(changes)
        kept = {name: value for name, value in changes.items() if name not in self.stuck}
        self.variables.update(kept)

    def sync(self) -> None:
        self.synced = len(self.writes)

    def left(self, variables: Mapping[str, str], slot: str) -> int:
        return int(variables.get(slot, self.tries))

    def with_left(self, slot: str, left: int) -> Mapping[str, str]:
        return {slot: str(left)}


@pytest.fixture
def boot() -> Loader:
    """Slot A runs, and has been confirmed; slot B has the release before."""
    return Loader({"ORDER": "A B", "A": "3", "B": "3"})


def states(a: SlotState, b: SlotState) -> Mapping[str, SlotState]:
    return {"A": a, "B": b}


def test_update_that_is_confirmed(boot: Loader) -> None:
    assert boot.status() == BootStatus("A", "A", states(GOOD, GOOD))
    boot.mark_unbootable("B")
    assert boot.variables == {"ORDER": "A", "A": "3", "B": "0"}
    assert boot.status() == BootStatus("A", "A", states(GOOD, UNBOOTABLE))
    boot.try_slot("B")
    assert boot.variables == {"ORDER": "B A", "A": "3", "B": "3", TRYING: "B"}
    assert boot.status() == BootStatus("A", "B", states(GOOD, SlotState.TRYING))
    boot.booted, boot.variables["B"] = "B", "2"
    assert boot.status() == BootStatus("B", "B", states(GOOD, SlotState.TRYING))
    boot.confirm("B")
    assert boot.variables == {"ORDER": "B A", "A": "3", "B": "3", TRYING: ""}
    assert boot.status() == BootStatus("B", "B", states(GOOD, GOOD))
    assert len(boot.writes) == 3


def test_slot_that_was_never_healthy_is_exhausted(boot: Loader) -> None:
    boot.try_slot("B")
    boot.variables["B"] = "0"
    assert boot.status() == BootStatus("A", "A", states(GOOD, EXHAUSTED))


def test_running_slot_is_not_exhausted(boot: Loader) -> None:
    """The boot loader took its last start away to start it."""
    boot.variables["A"] = "0"
    assert boot.status() == BootStatus("A", "B", states(GOOD, GOOD))
    boot.try_slot("B")
    boot.booted, boot.variables["B"] = "B", "0"
    assert boot.status() == BootStatus("B", "A", states(GOOD, SlotState.TRYING))


def test_running_slot_can_be_given_up(boot: Loader) -> None:
    """A rollback happens in the slot that is being tried."""
    boot.try_slot("B")
    boot.booted = "B"
    boot.mark_unbootable("B")
    assert boot.status() == BootStatus("B", "A", states(GOOD, UNBOOTABLE))
    assert boot.variables[TRYING] == ""


def test_slot_without_any_start_left(boot: Loader) -> None:
    boot.variables.update(A="0", B="0")
    assert boot.status().primary is None


def test_repeated_calls_write_once(boot: Loader) -> None:
    for change in (boot.mark_unbootable, boot.try_slot):
        before = len(boot.writes)
        change("B")
        change("B")
        assert len(boot.writes) == before + 1


def test_each_change_is_synced(boot: Loader) -> None:
    boot.mark_unbootable("B")
    assert boot.synced == 1
    boot.synced = -1  # A client that was killed before it synced.
    boot.mark_unbootable("B")
    assert boot.synced == 1


def test_confirmation_restores_the_starts_of_a_good_slot(boot: Loader) -> None:
    boot.variables["A"] = "0"
    boot.confirm("A")
    assert boot.variables["A"] == "3"


def test_confirmation_leaves_another_slot_that_is_tried(boot: Loader) -> None:
    boot.try_slot("B")
    boot.confirm("A")
    assert boot.status() == BootStatus("A", "A", states(GOOD, SlotState.TRYING))


def test_running_slot_gets_starts_before_another_slot_is_tried(boot: Loader) -> None:
    boot.variables["A"] = "0"
    boot.mark_unbootable("B")
    assert boot.variables["A"] == "3"
    boot.variables["A"] = "1"
    boot.try_slot("B")
    assert boot.variables["A"] == "3"


def test_missing_variables_are_those_of_the_boot_script(boot: Loader) -> None:
    boot.variables.clear()
    assert boot.status() == BootStatus("A", "A", states(GOOD, GOOD))


def test_list_keeps_slots_that_the_client_does_not_know(boot: Loader) -> None:
    boot.variables["ORDER"] = "A B rescue"
    boot.mark_unbootable("B")
    boot.try_slot("B")
    assert boot.variables["ORDER"] == "B A rescue"


def test_last_slot_stays_bootable(boot: Loader) -> None:
    boot.variables["ORDER"] = "B"
    with pytest.raises(BootError, match=r"^/env: no slot other than 'B' is in ORDER"):
        boot.mark_unbootable("B")
    assert not boot.writes


def test_slot_that_does_not_run_is_not_confirmed(boot: Loader) -> None:
    with pytest.raises(BootError, match="slot 'B': does not run"):
        boot.confirm("B")
    assert not boot.writes


def test_value_that_is_not_kept(boot: Loader) -> None:
    boot.stuck = ("B",)
    with pytest.raises(BootError, match=r"^/env: B is '3' after it was set to '0'"):
        boot.mark_unbootable("B")


@pytest.mark.parametrize(
    "slots, tries, problem",
    [
        (["A"], 3, "slots: name two or more different slots"),
        (["A", "A"], 3, "slots: name two or more different slots"),
        (["A", "B c"], 3, "slot 'B c': use letters, digits and _ only"),
        (["A", "B"], 0, "tries: is 0; use 1 or more"),
    ],
)
def test_bad_options(boot: Loader, slots: Sequence[str], tries: int, problem: str) -> None:
    boot.slots, boot.tries = slots, tries
    assert boot.check() == [problem]
