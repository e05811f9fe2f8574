"""Tests of boot control with a link to a folder."""

import json
from collections.abc import Callable

import pytest

from software_update.client.boot.directory import DirectoryBoot
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.testing.memory_storage import MemoryStorage

LINK = "/srv/app/current"
RECORD = "/srv/app/current.json"
SLOTS = {"A": "/srv/app/A", "B": "/srv/app/B"}
GOOD, TRYING = SlotState.GOOD, SlotState.TRYING
UNBOOTABLE, EXHAUSTED = SlotState.UNBOOTABLE, SlotState.EXHAUSTED


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    for folder in SLOTS.values():
        storage.put(f"{folder}/app", b"program")
    storage.make_link("A", LINK)
    storage.sync_all()
    storage.log.clear()
    return storage


@pytest.fixture(name="boot")
def boot_fixture(storage: MemoryStorage) -> DirectoryBoot:
    return DirectoryBoot(storage, LINK, SLOTS, tries=2)


def status(booted: str, primary: str, a: SlotState, b: SlotState) -> BootStatus:
    return BootStatus(booted, primary, {"A": a, "B": b})


def test_first_start_needs_no_record(storage: MemoryStorage, boot: DirectoryBoot) -> None:
    assert boot.check() == []
    assert boot.warnings() == []
    assert boot.status() == status("A", "A", GOOD, UNBOOTABLE)
    assert not storage.exists(RECORD)
    assert not boot.started()
    assert boot.status() == status("A", "A", GOOD, UNBOOTABLE)


def test_tried_slot_runs_after_the_next_start_and_stays_when_confirmed(
    storage: MemoryStorage, boot: DirectoryBoot
) -> None:
    boot.try_slot("B")
    assert storage.read_link(LINK) == "B"
    assert boot.status() == status("A", "B", GOOD, TRYING)
    assert not boot.started()
    assert boot.status() == status("B", "B", GOOD, TRYING)
    boot.confirm("B")
    boot.confirm("B")
    for _ in range(5):
        assert not boot.started()
    assert boot.status() == status("B", "B", GOOD, GOOD)


def test_slot_that_is_not_confirmed_falls_back(boot: DirectoryBoot) -> None:
    boot.try_slot("B")
    assert [boot.started(), boot.started()] == [False, False]
    assert boot.status() == status("B", "B", GOOD, TRYING)
    assert boot.started()
    assert boot.status() == status("B", "A", GOOD, EXHAUSTED)
    assert not boot.started()
    assert boot.status() == status("A", "A", GOOD, EXHAUSTED)


def test_new_try_after_an_exhausted_one_counts_from_the_start(boot: DirectoryBoot) -> None:
    boot.try_slot("B")
    for _ in range(4):
        boot.started()
    boot.mark_unbootable("B")
    assert boot.status() == status("A", "A", GOOD, UNBOOTABLE)
    boot.try_slot("B")
    assert [boot.started() for _ in range(3)] == [False, False, True]


def test_machine_start_is_counted_once(storage: MemoryStorage, boot: DirectoryBoot) -> None:
    assert not boot.client_started("1")
    boot.try_slot("B")
    assert not boot.client_started("1")
    assert boot.status() == status("A", "B", GOOD, TRYING)
    for boot_id in ("2", "3"):
        assert not boot.client_started(boot_id)
        assert not boot.client_started(boot_id)
        assert boot.status() == status("B", "B", GOOD, TRYING)
    assert boot.client_started("4")
    assert boot.status() == status("B", "A", GOOD, EXHAUSTED)
    # The client was started again before it restarted the application.
    assert boot.client_started("4")
    assert not boot.started()
    assert not boot.client_started("4")
    assert boot.status() == status("A", "A", GOOD, EXHAUSTED)


def test_restart_of_the_machine_is_counted_when_it_has_started(storage: MemoryStorage) -> None:
    boot = DirectoryBoot(storage, LINK, SLOTS, restarts="machine")
    boot.client_started("1")
    boot.try_slot("B")
    assert not boot.started()
    assert boot.status() == status("A", "B", GOOD, TRYING)
    assert not boot.client_started("2")
    assert boot.status() == status("B", "B", GOOD, TRYING)


def test_rollback_of_the_tried_slot(storage: MemoryStorage, boot: DirectoryBoot) -> None:
    boot.try_slot("B")
    boot.started()
    boot.mark_unbootable("B")
    assert storage.read_link(LINK) == "A"
    assert boot.status() == status("B", "A", GOOD, UNBOOTABLE)
    assert not boot.started()
    assert boot.status() == status("A", "A", GOOD, UNBOOTABLE)


def test_earlier_slot_starts_again_when_there_are_more() -> None:
    storage = MemoryStorage()
    slots = {name: f"/srv/app/{name}" for name in "ABC"}
    for folder in slots.values():
        storage.make_folder(folder)
    storage.make_link("C", LINK)
    boot = DirectoryBoot(storage, LINK, slots)
    for slot in "AB":
        boot.try_slot(slot)
        boot.started()
        boot.confirm(slot)
    boot.try_slot("C")
    boot.started()
    boot.mark_unbootable("C")
    assert boot.status().primary == "B"


def test_last_good_slot_stays(storage: MemoryStorage, boot: DirectoryBoot) -> None:
    with pytest.raises(BootError, match=r"'A' is the only good slot and stays bootable$"):
        boot.mark_unbootable("A")
    boot.try_slot("B")
    with pytest.raises(BootError, match=r"'A' is the only good slot and stays bootable$"):
        boot.mark_unbootable("A")


def test_running_and_unconfirmed_slots_are_not_replaced(boot: DirectoryBoot) -> None:
    with pytest.raises(BootError, match=r"^/srv/app/current: slot 'A' is running; try another"):
        boot.try_slot("A")
    boot.try_slot("B")
    boot.started()
    with pytest.raises(BootError, match=r"^/srv/app/current: slot 'B' runs unconfirmed; "):
        boot.try_slot("A")


def test_slot_is_confirmed_only_while_it_runs(boot: DirectoryBoot) -> None:
    with pytest.raises(BootError, match=r": slot 'A' is running, and 'A' is next; start 'B' "):
        boot.confirm("B")
    boot.try_slot("B")
    for slot in "AB":
        with pytest.raises(BootError, match=r": slot 'A' is running, and 'B' is next; start "):
            boot.confirm(slot)


def test_link_is_the_truth_when_a_person_changed_it(
    storage: MemoryStorage, boot: DirectoryBoot
) -> None:
    boot.started()
    storage.remove(LINK)
    storage.make_link("/srv/app/../app/B", LINK)
    assert boot.status() == status("A", "B", GOOD, UNBOOTABLE)
    assert boot.started()
    assert storage.read_link(LINK) == "A"


def test_link_leads_to_a_folder_elsewhere(storage: MemoryStorage) -> None:
    storage.make_folder("/mnt/b")
    boot = DirectoryBoot(storage, LINK, {"A": "/srv/app/A", "B": "/mnt/b"})
    boot.try_slot("B")
    assert storage.read_link(LINK) == "/mnt/b"
    assert boot.status().primary == "B"


# Each change, from the state in which it happens, and the status afterwards.
CHANGES: dict[str, tuple[tuple[str, ...], str, BootStatus]] = {
    "first start": ((), "started", status("A", "A", GOOD, UNBOOTABLE)),
    "mark": ((), "mark_unbootable B", status("A", "A", GOOD, UNBOOTABLE)),
    "try": ((), "try_slot B", status("A", "B", GOOD, TRYING)),
    "try after mark": (("mark_unbootable B",), "try_slot B", status("A", "B", GOOD, TRYING)),
    "start": (("try_slot B",), "started", status("B", "B", GOOD, TRYING)),
    "confirm": (("try_slot B", "started"), "confirm B", status("B", "B", GOOD, GOOD)),
    "roll back": (
        ("try_slot B", "started"),
        "mark_unbootable B",
        status("B", "A", GOOD, UNBOOTABLE),
    ),
    "fall back": (
        ("try_slot B", "started", "started"),
        "started",
        status("B", "A", GOOD, EXHAUSTED),
    ),
}


def call(boot: DirectoryBoot, step: str) -> None:
    name, *arguments = step.split()
    getattr(boot, name)(*arguments)


def prepared(steps: tuple[str, ...]) -> tuple[MemoryStorage, DirectoryBoot]:
    storage = MemoryStorage()
    for folder in SLOTS.values():
        storage.put(f"{folder}/app", b"program")
    storage.make_link("A", LINK)
    boot = DirectoryBoot(storage, LINK, SLOTS, tries=2)
    for step in steps:
        call(boot, step)
    storage.sync_all()
    storage.log.clear()
    return storage, boot


@pytest.mark.parametrize("after", [MemoryStorage.cut_power, MemoryStorage.sync_all])
@pytest.mark.parametrize("change", CHANGES)
def test_change_is_kept_and_a_cut_at_each_call_is_harmless(
    change: str, after: Callable[[MemoryStorage], None]
) -> None:
    """`after` loses everything that was not synced, or keeps it."""
    steps, last, expected = CHANGES[change]
    storage, boot = prepared(steps)
    before = boot.status()
    storage.log.clear()
    call(boot, last)
    calls = len(storage.log)
    after(storage)
    assert boot.status() == expected
    for number in range(calls):
        storage, boot = prepared(steps)
        storage.fail_at = number
        with pytest.raises(BootError, match="Input/output error"):
            call(boot, last)
        storage.fail_at = None
        after(storage)
        found = boot.status()
        # At every moment, the application starts from a slot that may start.
        assert found.primary is not None
        assert found.slots[found.primary] in (GOOD, TRYING)
        assert found.primary in (before.primary, expected.primary)
        assert GOOD in found.slots.values()
        if last != "started":
            call(boot, last)
            assert boot.status() == expected


BROKEN = "is not a record of slots; remove it to make 'A' the good slot"


@pytest.mark.parametrize(
    "changed",
    [
        {"running": "C"},
        {"good": []},
        {"good": ["C"]},
        {"good": 1},
        {"trying": "C"},
        {"previous": "C"},
        {"starts": "1"},
        {"starts": -1},
        {"running": ["A"]},
        {"boot_id": 1},
    ],
)
def test_broken_record_is_an_error(
    storage: MemoryStorage, boot: DirectoryBoot, changed: dict[str, object]
) -> None:
    boot.started()
    content = {**json.loads(storage.content(RECORD)), **changed}
    storage.put(RECORD, json.dumps(content).encode())
    assert boot.check() == [f"{RECORD}: {BROKEN}"]
    with pytest.raises(BootError, match=f"^{RECORD}: {BROKEN}$"):
        boot.status()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", bytes(20_000)])
def test_record_that_is_not_json(
    storage: MemoryStorage, boot: DirectoryBoot, content: bytes
) -> None:
    storage.put(RECORD, content)
    assert boot.check() == [f"{RECORD}: {BROKEN}"]


def test_missing_and_foreign_links(storage: MemoryStorage, boot: DirectoryBoot) -> None:
    storage.remove(LINK)
    assert boot.check() == [f"{LINK}: is not a link; create it: ln -s /srv/app/A {LINK}"]
    storage.make_link("elsewhere", LINK)
    assert boot.check() == [f"{LINK}: leads to elsewhere, which is not a slot; lead it to one"]


def test_unknown_slot(boot: DirectoryBoot) -> None:
    for change in (boot.mark_unbootable, boot.try_slot, boot.confirm):
        with pytest.raises(BootError, match=r"^/srv/app/current: there is no slot 'C'$"):
            change("C")


class Forgetful(MemoryStorage):
    """A medium that does not keep what is written to a name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def rename(self, old: str, new: str) -> None:
        if new == self.name and self.exists(new):
            self.remove(old)
        else:
            super().rename(old, new)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (LINK, "does not lead to slot 'B' after it was changed"),
        (RECORD, "does not have its new content after it was written"),
    ],
)
def test_change_is_read_back(name: str, error: str) -> None:
    storage = Forgetful(name)
    storage.make_folder("/srv/app")
    storage.make_link("A", LINK)
    boot = DirectoryBoot(storage, LINK, SLOTS)
    boot.started()
    with pytest.raises(BootError, match=f"^{name}: {error}$"):
        boot.try_slot("B")
