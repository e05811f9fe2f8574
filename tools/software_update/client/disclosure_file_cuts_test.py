"""Tests disclosure_file.py with a power cut at every point, and again in each recovery."""

from collections.abc import Sequence

import pytest

from software_update.client import disclosure_file
from software_update.client.disclosure import Disclosed, Found
from software_update.client.disclosure_file import DisclosureFile
from software_update.client.simulator.crashes import Ending, Ran, Scenario, State, explore
from software_update.client.simulator.image import Image
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.system import Storage
from software_update.transparency.checkpoint import Checkpoint

PATH = "/state/disclosure"
FOUND = Disclosed("log.example", ("w0",))


def found(size: int) -> Found:
    return Found(FOUND, Checkpoint("log.example", size, bytes([size]) * 32))


def run(state: State, power: Power) -> Ran:
    """A start of the client, which keeps what it has found out about two releases."""
    storage = SimulatedStorage(state.image, power)
    file = DisclosureFile(storage, "/state")
    file.keep("main", "aa", found(1))
    file.keep("main", "bb", found(2))
    return Ran(Ending.DONE, storage.snapshot())


def image_problems(image: Image) -> Sequence[str]:
    file = DisclosureFile(SimulatedStorage(image, Power()), "/state")
    sizes = [each.size for each in file.seen("main").values()]
    known = [each for each in ("aa", "bb") if file.of("main", each) == FOUND]
    good: tuple[tuple[list[int], list[str]], ...] = (
        ([], []),
        ([1], ["aa"]),
        ([2], ["bb"]),
        ([2], ["aa"]),
    )
    return [] if (sizes, known) in good else [f"has trees {sizes} and releases {known}"]


def end_problems(image: Image) -> Sequence[str]:
    file = DisclosureFile(SimulatedStorage(image, Power()), "/state")
    return [] if file.of("main", "bb") == FOUND else ["the last release is not known"]


SCENARIO = Scenario(
    "disclosure",
    Image.of({"/state/record": b""}),
    run,
    image_problems=image_problems,
    end_problems=end_problems,
)


def test_file_survives_every_power_cut() -> None:
    table = explore(SCENARIO)
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 50


def test_tree_that_was_seen_is_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is written in place could be torn, and then the device has seen no tree."""

    def in_place(storage: Storage, path: str, content: bytes) -> None:
        file = storage.open_to_write(path)
        file.truncate(0)
        file.write(0, content)
        file.sync()
        file.close()
        storage.sync_folder("/state")

    def change_problems(before: Image, after: Image) -> Sequence[str]:
        seen = [
            DisclosureFile(SimulatedStorage(each, Power()), "/state").seen("main")
            for each in (before, after)
        ]
        return ["a tree is forgotten"] if seen[0] and not seen[1] else []

    start = Image.of({"/state/record": b""})
    power = Power()
    storage = SimulatedStorage(start, power)
    DisclosureFile(storage, "/state").keep("main", "aa", found(1))
    scenario = Scenario(
        "disclosure", storage.snapshot().durable(), run, change_problems=change_problems
    )
    assert explore(scenario, depth=1).violations == []
    monkeypatch.setattr(disclosure_file, "write_whole", in_place)
    table = explore(scenario, depth=1)
    assert any("a tree is forgotten" in str(each) for each in table.violations)
