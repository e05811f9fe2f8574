"""A whole update of slots that are folders, without a boot loader, cut at every crash point."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from software_update.client.boot.directory import DirectoryBoot
from software_update.client.domain import Domain, Place
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.shell.client import Client
from software_update.client.simulator.bootloader import DirectoryLoader
from software_update.client.simulator.crashes import (
    HEADER,
    Ending,
    Fault,
    Ran,
    Scenario,
    State,
    explore,
)
from software_update.client.simulator.image import Image, Link
from software_update.client.simulator.machine import Machine, SimulatedClock, boot
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.sources.file import FileSource
from software_update.client.system import ProgramResult

from tests.crashes.device import BUNDLE, DOMAIN, FOLDER, OFFERED, ROOT, RUNNING, SLOTS, Device

LINK = "/srv/current"
RECORD = f"{LINK}.json"
FOLDERS = {slot: f"/srv/{slot}" for slot in SLOTS}
# The folder of each slot, and the content that it must have when the link leads to it.
WHOLE = {"A": RUNNING.rootfs, "B": OFFERED.rootfs}
OUTCOMES = 1000


class FolderDevice(Device):
    """A device whose machine starts an application from a link."""

    def client(self, machine: Machine, phase: int = 0) -> Client:
        """Returns the client, as its configuration describes this device."""
        storage = machine.storage
        domain = Domain(
            name=DOMAIN,
            vendor="ACME",
            anchor=ROOT,
            hardware_id=None,
            slots=SLOTS,
            sources=[FileSource(storage, BUNDLE)],
            places=[Place(("rootfs",), DirectoryInstaller(storage, FOLDERS))],
            boot=DirectoryBoot(storage, LINK, FOLDERS, restarts="machine"),
            staging=self.staging,
            restart=("reboot",),
        )
        return Client(machine.system, FOLDER, {DOMAIN: domain})

    def run(self, state: State, power: Power) -> Ran:
        """Starts the device, and uses the client until it restarts the device or has nothing to do."""
        storage = SimulatedStorage(state.image, power)
        restarts: list[Sequence[str]] = []

        def reboot(argv: Sequence[str], stdin: bytes) -> ProgramResult:
            restarts.append(argv)
            return ProgramResult(0, stdin, b"")

        clock = SimulatedClock(boot=next_boot_id(state.image))
        machine = boot(storage, DirectoryLoader(LINK), clock=clock, programs={"reboot": reboot})
        self._serve(machine, restarts)
        return Ran(Ending.RESTART if restarts else Ending.DONE, storage.snapshot())


def next_boot_id(image: Image) -> str:
    """Returns another boot id than the recorded one. There are two, so few images differ."""
    content = image.content(RECORD)
    return "two" if content and json.loads(content)["boot_id"] == "one" else "one"


def started_slot(image: Image) -> str | None:
    link = image.find(LINK)
    return link.target if isinstance(link, Link) else None


def image_problems(image: Image) -> Sequence[str]:
    slot = started_slot(image)
    if slot not in WHOLE:
        return [f"the link leads to {slot}"]
    content = image.content(f"/srv/{slot}/rootfs")
    return [] if content == WHOLE[slot] else [f"slot {slot} starts, and is not complete"]


def change_problems(before: Image, after: Image) -> Sequence[str]:
    slots = [started_slot(image) for image in (before, after)]
    return ["the link leads back to the slot before"] if slots == ["B", "A"] else []


def end_problems(image: Image) -> Sequence[str]:
    record = json.loads(image.content(RECORD) or b"{}")
    good = started_slot(image) == "B" and "B" in record["good"] and record["running"] == "B"
    return [] if good else [f"the update has not been confirmed: {record}"]


SCENARIO = Scenario(
    "slots that are folders",
    Image.of(
        {
            LINK: Link("A"),
            "/srv/A/rootfs": RUNNING.rootfs,
            "/srv/B/old/rootfs": b"older",
            BUNDLE: OFFERED.bundle,
            "/var/lib": None,
        }
    ),
    FolderDevice().run,
    image_problems=image_problems,
    change_problems=change_problems,
    end_problems=end_problems,
)


def test_update_survives_a_power_cut() -> None:
    """With two cuts in a row (depth=2), there are 82,631 outcomes, which take two minutes."""
    table = explore(SCENARIO, depth=1, first=Fault.CUT)
    print(f"\n{HEADER}\n{table.row()}")
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > OUTCOMES


def test_link_that_leads_to_the_slot_too_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = DirectoryBoot.mark_unbootable

    def early(boot: DirectoryBoot, slot: str) -> None:
        mark(boot, slot)
        boot.try_slot(slot)

    monkeypatch.setattr(DirectoryBoot, "mark_unbootable", early)
    table = explore(SCENARIO, depth=1, first=Fault.CUT)
    assert any("slot B starts, and is not complete" in str(each) for each in table.violations)


def test_file_that_is_not_synced_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "software_update.client.simulator.storage.SimulatedFile.sync", lambda file: None
    )
    table = explore(SCENARIO, depth=1, first=Fault.CUT)
    assert any("slot B starts, and is not complete" in str(each) for each in table.violations)
