"""Tests an update of slots that are folders, with a power cut at every point, and again in each recovery."""

from collections.abc import Sequence
from posixpath import basename

import pytest

from software_update.client.boot import directory
from software_update.client.boot.directory import DirectoryBoot
from software_update.client.boot_control import SlotState
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.simulator.crashes import Ending, Ran, Scenario, State, explore
from software_update.client.simulator.image import Image, Link
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage

LINK = "/srv/current"
SLOTS = {"A": "/srv/A", "B": "/srv/B"}
OLD = {"app": b"old release"}
NEW = {"app": b"new", "lib/x": b"library of the new one"}


def install(installer: DirectoryInstaller) -> None:
    installer.clear("B")
    for target, content in NEW.items():
        writer = installer.begin("B", target, len(content))
        writer.write(content)
        writer.finish()
    for target, content in NEW.items():
        assert installer.read("B", target, 0, 100) == content


def run(state: State, power: Power) -> Ran:
    """A start of the machine: the client counts it, and does the next part of the update."""
    storage = SimulatedStorage(state.image, power)
    boot = DirectoryBoot(storage, LINK, SLOTS, tries=2)
    while boot.started():
        pass
    status = boot.status()
    if status.booted == "A":
        boot.mark_unbootable("B")
        install(DirectoryInstaller(storage, SLOTS))
        boot.try_slot("B")
        return Ran(Ending.RESTART, storage.snapshot())
    if status.slots["B"] is not SlotState.GOOD:
        boot.confirm("B")
    return Ran(Ending.DONE, storage.snapshot())


def started_slot(image: Image) -> str:
    link = image.find(LINK)
    return basename(link.target) if isinstance(link, Link) else "missing"


def image_problems(image: Image) -> Sequence[str]:
    slot = started_slot(image)
    release = {"A": OLD, "B": NEW}.get(slot)
    if release is None:
        return [f"the link leads to {slot}"]
    whole = all(image.content(f"/srv/{slot}/{name}") == release[name] for name in release)
    return [] if whole else [f"slot {slot} starts, and is not complete"]


def end_problems(image: Image) -> Sequence[str]:
    return [] if started_slot(image) == "B" else ["the update has not been installed"]


SCENARIO = Scenario(
    "folders",
    Image.of({LINK: Link("A"), "/srv/A/app": OLD["app"], "/srv/B/old/x": b"older release"}),
    run,
    image_problems=image_problems,
    end_problems=end_problems,
)


def test_update_survives_every_power_cut() -> None:
    table = explore(SCENARIO)
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 4000


def test_link_that_is_changed_in_place_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_place(storage: SimulatedStorage, target: str, path: str) -> None:
        storage.remove(path)
        storage.make_link(target, path)
        storage.sync_folder("/srv")

    monkeypatch.setattr(directory, "switch_link", in_place)
    table = explore(SCENARIO, depth=1)
    assert any("the link leads to missing" in str(each) for each in table.violations)


def test_missing_sync_of_a_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("software_update.client.simulator.storage.SimulatedFile.sync", nothing)
    table = explore(SCENARIO, depth=1)
    assert any("slot B starts, and is not complete" in str(each) for each in table.violations)


def nothing(_: object) -> None:
    pass
