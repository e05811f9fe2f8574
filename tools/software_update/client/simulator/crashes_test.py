"""Tests of the search for broken rules, with small programs and bugs planted in them."""

import errno
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from software_update.client.simulator.changes import SECTOR, Snapshot
from software_update.client.simulator.crashes import (
    HEADER,
    Ending,
    Fault,
    Ran,
    Scenario,
    State,
    cut,
    explore,
    fail_each,
)
from software_update.client.simulator.image import Device, Image
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage

COUNT = 4


def seal(number: int) -> bytes:
    body = f"{number:8}".encode() * 100
    return body + hashlib.sha256(body).digest()


def unseal(content: bytes | None) -> int | None:
    if content and hashlib.sha256(content[:-32]).digest() == content[-32:]:
        return int(content[:8])
    return None


def read(storage: SimulatedStorage, path: str) -> bytes:
    file = storage.open(path)
    return file.read(0, file.size())


def highest(image: Image) -> int | None:
    found = [unseal(image.content(f"/data/{index}")) for index in (0, 1)]
    return max((number for number in found if number is not None), default=None)


def record_scenario(*, slots: int = 2, sync: bool = True) -> Scenario:
    """Counts to COUNT in a record of two slots, each of which has a checksum."""

    def run(state: State, power: Power) -> Ran:
        storage = SimulatedStorage(state.image, power)
        found = [unseal(read(storage, f"/data/{index}")) for index in range(slots)]
        number = max(each for each in found if each is not None)
        while number < COUNT:
            number += 1
            file = storage.open_to_write(f"/data/{number % slots}")
            file.write(0, seal(number))
            if sync:
                file.sync()
        return Ran(Ending.DONE, storage.snapshot())

    def falls(before: Image, after: Image) -> Sequence[str]:
        return ["the number falls"] if (highest(after) or 0) < (highest(before) or 0) else []

    return Scenario(
        "record",
        Image.of({"/data/0": seal(0), "/data/1": bytes(832)}),
        run,
        image_problems=lambda image: [] if highest(image) is not None else ["no record is left"],
        change_problems=falls,
        end_problems=lambda image: [] if highest(image) == COUNT else ["the end is not reached"],
    )


def test_record_of_two_slots_survives_all_cuts() -> None:
    table = explore(record_scenario(), depth=3)
    assert [str(each) for each in table.violations] == []
    assert (table.points, table.restarts) == (2 * COUNT, 0)
    assert table.outcomes > 200
    assert table.images == 1 + 3 * COUNT


@pytest.mark.parametrize("bug", [record_scenario(slots=1), record_scenario(sync=False)])
def test_record_without_second_slot_or_sync_is_lost(bug: Scenario) -> None:
    table = explore(bug)
    assert any("no record is left" in str(each) for each in table.violations)


def rename_scenario(*, file_sync: bool = True, folder_sync: bool = True) -> Scenario:
    """Writes a file next to another, renames it over that, and then removes the old version's backup."""

    def run(state: State, power: Power) -> Ran:
        storage = SimulatedStorage(state.image, power)
        if read(storage, "/data/config") != b"new":
            file = storage.open_to_write("/data/config.new")
            file.truncate(0)
            file.write(0, b"new")
            if file_sync:
                file.sync()
            storage.rename("/data/config.new", "/data/config")
            if folder_sync:
                storage.sync_folder("/data")
        storage.remove("/backup/config")
        storage.sync_folder("/backup")
        return Ran(Ending.DONE, storage.snapshot())

    def problems(image: Image) -> Sequence[str]:
        content, backup = image.content("/data/config"), image.content("/backup/config")
        found = [] if content in (b"old", b"new") else [f"the file contains {content!r}"]
        if content == b"old" and backup is None:
            found.append("the backup has gone before the new file was safe")
        return found

    return Scenario(
        "rename",
        Image.of({"/data/config": b"old", "/backup/config": b"old"}),
        run,
        image_problems=problems,
    )


def test_write_and_rename_survive_all_cuts() -> None:
    table = explore(rename_scenario())
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 50


@pytest.mark.parametrize(
    ("bug", "problem"),
    [
        ({"file_sync": False}, "the file contains b''"),
        ({"file_sync": False}, r"the file contains b'\x00\x00\x00'"),
        ({"folder_sync": False}, "the backup has gone"),
    ],
)
def test_missing_sync_around_a_rename_is_found(bug: dict[str, bool], problem: str) -> None:
    table = explore(rename_scenario(**bug))
    assert any(problem in str(each) for each in table.violations)


NEW = bytes(range(256)) * 2 * 5


def install_scenario(*, file_sync: bool = True, read_back: bool = True) -> Scenario:
    """Writes a slot and then a mark that says that it is complete, on a medium with one bad sector."""

    def run(state: State, power: Power) -> Ran:
        bad = [("/dev/slot", 1)] if state.phase == 0 else []
        storage = SimulatedStorage(state.image, power, bad_sectors=bad)
        if read(storage, "/dev/mark") != b"1":
            slot = storage.open_to_write("/dev/slot")
            for offset in range(0, len(NEW), SECTOR):
                slot.write(offset, NEW[offset : offset + SECTOR])
            if file_sync:
                slot.sync()
            slot.drop_cache()
            if read_back and slot.read(0, len(NEW)) != NEW:
                return Ran(Ending.RESTART, storage.snapshot())
            mark = storage.open_to_write("/dev/mark")
            mark.write(0, b"1")
            mark.sync()
        return Ran(Ending.DONE, storage.snapshot())

    def problems(image: Image) -> Sequence[str]:
        marked = image.content("/dev/mark") == b"1" and image.content("/dev/slot") != NEW
        return ["the mark is there before the slot is complete"] if marked else []

    return Scenario(
        "install",
        Image.of({"/dev/slot": Device(bytes(len(NEW))), "/dev/mark": Device(b"0")}),
        run,
        image_problems=problems,
        end_problems=lambda image: [] if image.content("/dev/mark") == b"1" else ["unmarked"],
        last_phase=1,
    )


def test_install_into_a_raw_slot_survives_all_cuts() -> None:
    table = explore(install_scenario())
    assert [str(each) for each in table.violations] == []
    assert table.restarts == 1


@pytest.mark.parametrize("bug", [{"file_sync": False}, {"read_back": False}])
def test_install_without_sync_or_read_back_is_found(bug: dict[str, bool]) -> None:
    assert explore(install_scenario(**bug)).violations


def test_cut_repeats_the_way_to_a_violation() -> None:
    scenario = rename_scenario(folder_sync=False)
    violation = explore(scenario).violations[0]
    state = State(scenario.start)
    for step in violation.steps:
        state = cut(scenario, state, step.point, step.choice)
    assert violation.problem in scenario.image_problems(state.image)
    assert "/backup/config: kept" in str(violation)


def interrupted(scenario: Scenario) -> set[State]:
    """All states after one cut, each reached by a run that really ends there."""
    start = State(scenario.start)
    snapshots: list[Snapshot] = []
    scenario.run(start, Power(observe=snapshots.append))
    return {
        cut(scenario, start, snapshot.number, choice)
        for snapshot in snapshots
        for choice, _ in snapshot.outcomes(64)
    }


@pytest.mark.parametrize("make", [record_scenario, rename_scenario])
def test_snapshots_show_the_same_states_as_real_interruptions(
    make: Callable[[], Scenario],
) -> None:
    seen: set[State] = set()
    scenario = make()

    def look(image: Image) -> Sequence[str]:
        seen.add(State(image))
        return ()

    explore(replace(scenario, image_problems=look), depth=1)
    assert interrupted(scenario) | {State(scenario.start)} == seen


def started_scenario(*, always_sync: bool) -> Scenario:
    """Creates a file at the first start, syncs its name only then or always, and then marks it."""

    def run(state: State, power: Power) -> Ran:
        if state.alive is not None:
            storage = SimulatedStorage.resumed(state.alive, power)
        else:
            storage = SimulatedStorage(state.image, power)
        new = not storage.exists("/data/file")
        storage.open_to_write("/data/file")
        if new or always_sync:
            storage.sync_folder("/data")
        mark = storage.open_to_write("/dev/mark")
        mark.write(0, b"1")
        mark.sync()
        return Ran(Ending.DONE, storage.snapshot())

    def problems(image: Image) -> Sequence[str]:
        marked = image.content("/dev/mark") == b"1"
        return ["marked, but missing"] if marked and image.find("/data/file") is None else []

    start = Image.of({"/data": None, "/dev/mark": Device(b"0")})
    return Scenario("started", start, run, image_problems=problems)


BOTH = Fault.CUT | Fault.KILL


def test_kill_of_the_client_leaves_unsynced_names_to_a_later_cut() -> None:
    good, bad = (started_scenario(always_sync=each) for each in (True, False))
    assert explore(good, first=BOTH).violations == []
    assert explore(bad).violations == []
    violation = explore(bad, first=BOTH).violations[0]
    assert str(violation).startswith("marked, but missing (kill 1 at create /data/file; then cut ")
    state = State(bad.start)
    for step in violation.steps:
        state = cut(bad, state, step.point, step.choice)
    assert bad.image_problems(state.image) == ["marked, but missing"]


def test_cut_without_a_point_is_an_orderly_end() -> None:
    scenario = record_scenario()
    after = cut(scenario, State(scenario.start), 0, ())
    assert highest(after.image) == COUNT


def failing(state: State, power: Power) -> Ran:
    storage = SimulatedStorage(state.image, power)
    storage.make_folder("/new")
    raise OSError("full")


def restarting(state: State, power: Power) -> Ran:
    return Ran(Ending.RESTART, SimulatedStorage(state.image, power).snapshot())


def test_run_that_fails_is_a_violation() -> None:
    [violation] = explore(Scenario("fails", Image(), failing)).violations
    assert str(violation) == "the run fails: OSError: full (without a power cut)"


def test_device_that_always_restarts_is_a_violation() -> None:
    [violation] = explore(Scenario("restarts", Image(), restarting)).violations
    assert violation.problem == "has not recovered after 3 restarts"


def test_problem_of_a_step_names_the_operation() -> None:
    scenario = replace(record_scenario(), step_problems=lambda _, snapshot: [snapshot.what])
    table = explore(scenario, depth=0)
    assert table.violations[0].problem == "at write /data/1 0+832: write /data/1 0+832"


def test_failure_of_each_operation_is_tried() -> None:
    table = fail_each(install_scenario(), [errno.EIO])
    assert any("the run fails: OSError" in str(each) for each in table.violations)
    assert "EIO 1 at write /dev/slot 0+512" in str(table.violations[0])


def careful(state: State, power: Power) -> Ran:
    try:
        return install_scenario().run(state, power)
    except OSError:
        power.failures = {}
        return Ran(Ending.RESTART, SimulatedStorage(state.image, power).snapshot())


def test_device_that_recovers_from_each_failure_has_no_violation() -> None:
    codes = [errno.EIO, errno.ENOSPC]
    table = fail_each(replace(install_scenario(), run=careful), codes)
    assert [str(each) for each in table.violations] == []
    assert table.outcomes == len(codes) * table.points


def test_search_stops_after_enough_outcomes() -> None:
    full = explore(record_scenario()).outcomes
    assert 50 <= explore(record_scenario(), max_outcomes=50).outcomes < full


def test_row_has_the_columns_of_the_header() -> None:
    row = explore(record_scenario(), depth=0).row()
    assert len(row.split()) == len(HEADER.split())
    assert len(row) == len(HEADER)
