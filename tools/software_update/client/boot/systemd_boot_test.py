"""Tests of systemd-boot as boot control, with a boot loader that orders and counts entries as it does."""

import re
from collections.abc import Sequence
from posixpath import normpath
from typing import cast

import pytest

from software_update.client.boot.systemd_boot import SystemdBoot
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootControl, BootError, BootStatus, SlotState
from software_update.client.simulator.crashes import Ending, Ran, Scenario, State, explore
from software_update.client.simulator.image import Device, Image
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.system import Clock, Network, Programs, System

ENTRIES = "/efi/loader/entries"
NAMES = {"A": "fw-a", "B": "fw-b"}
# More than two sectors, so a power cut may leave each of them out.
TEMPLATE = f"title Slot %s\nlinux /%s/linux\noptions {'quiet ' * 200}software_update.slot=%s\n"
COUNTED = re.compile(r"(.+?)(?:\+(\d+)(?:-(\d+))?)?\.conf")


def template(slot: str) -> bytes:
    return (TEMPLATE % (slot, slot, slot)).encode()


def read(storage: SimulatedStorage, file: str) -> str:
    opened = storage.open(f"{ENTRIES}/{file}")
    return opened.read(0, opened.size()).decode().partition("\0")[0]


def start(storage: SimulatedStorage) -> str | None:
    """Starts the entry that systemd-boot prefers, and returns its slot; None if there is none.

    The order is that of boot_entry_compare in systemd's src/boot/boot.c: entries without tries last, then
    those with a sort-key first, then by sort-key, the highest version, and the highest id.
    """
    best: tuple[tuple[object, ...], str, re.Match[str]] | None = None
    for file in storage.list(ENTRIES):
        counted = COUNTED.fullmatch(file)
        if counted is None:
            continue
        lines = dict(line.partition(" ")[::2] for line in read(storage, file).splitlines())
        if "linux" not in lines:
            continue
        assert "options" in lines
        key = lines.get("sort-key")
        assert key in (None, "software-update")
        version = int(lines.get("version", "0")) if key else 0
        rank = (counted[2] != "0", key is not None, version, counted[1])
        if best is None or rank > best[0]:
            best = (rank, lines["options"].rpartition("=")[2], counted)
    if best is None:
        return None
    _, slot, counted = best
    if counted[2] is not None:
        left, done = int(counted[2]), int(counted[3] or "0")
        new = f"{counted[1]}+{max(left - 1, 0)}-{done + 1}.conf"
        if new != counted[0]:
            storage.rename(f"{ENTRIES}/{counted[0]}", f"{ENTRIES}/{new}")
            storage.sync_folder(ENTRIES)
    return slot


def entries(storage: SimulatedStorage) -> list[str]:
    found = storage.list(ENTRIES)
    assert {f"{name}.template" for name in NAMES.values()} <= {*found}
    return [each for each in found if not each.endswith(".template")]


def system_of(storage: SimulatedStorage) -> System:
    return System(storage, cast(Programs, None), cast(Clock, None), cast(Network, None))


def control_of(storage: SimulatedStorage, booted: str = "A") -> SystemdBoot:
    return SystemdBoot(system_of(storage), NAMES, ENTRIES, booted=booted)


def factory(**more: bytes) -> Image:
    files = {f"fw-{slot.lower()}.template": template(slot) for slot in "AB"}
    files |= {"fw-a.conf": template("A"), **more}
    return Image.of({normpath(f"{ENTRIES}/{name}"): content for name, content in files.items()})


@pytest.fixture(name="storage")
def storage_fixture() -> SimulatedStorage:
    return SimulatedStorage(factory())


def status(booted: str, primary: str, a: SlotState, b: SlotState) -> BootStatus:
    return BootStatus(booted, primary, {"A": a, "B": b})


GOOD, TRYING = SlotState.GOOD, SlotState.TRYING
UNBOOTABLE, EXHAUSTED = SlotState.UNBOOTABLE, SlotState.EXHAUSTED


def test_update_that_is_confirmed(storage: SimulatedStorage) -> None:
    boot = control_of(storage)
    assert boot.check() == []
    assert boot.warnings() == []
    assert boot.status() == status("A", "A", GOOD, UNBOOTABLE)
    boot.mark_unbootable("B")
    boot.try_slot("B")
    assert entries(storage) == ["fw-a.conf", "fw-b+3.conf"]
    lines = read(storage, "fw-b+3.conf").splitlines()
    assert lines[:3] == ["sort-key software-update", "version 1", "title Slot B"]
    assert lines[3].endswith(" software_update.slot=B")
    assert lines[4:] == ["linux /B/linux"]
    assert boot.status() == status("A", "B", GOOD, TRYING)
    assert start(storage) == "B"
    assert entries(storage) == ["fw-a.conf", "fw-b+2-1.conf"]
    boot = control_of(storage, "B")
    assert boot.status() == status("B", "B", GOOD, TRYING)
    boot.confirm("B")
    assert entries(storage) == ["fw-a.conf", "fw-b.conf"]
    assert boot.status() == status("B", "B", GOOD, GOOD)
    assert start(storage) == "B"


def test_next_update_gets_a_higher_version(storage: SimulatedStorage) -> None:
    for slot, other in (("B", "A"), ("A", "B"), ("B", "A")):
        boot = control_of(storage, other)
        boot.mark_unbootable(slot)
        boot.try_slot(slot)
        assert start(storage) == slot
        control_of(storage, slot).confirm(slot)
    assert "version 3\n" in read(storage, "fw-b.conf")
    assert "version 2\n" in read(storage, "fw-a.conf")
    assert "version" not in read(storage, "fw-a.template")


def test_exhausted_slot(storage: SimulatedStorage) -> None:
    boot = control_of(storage)
    boot.try_slot("B")
    assert [start(storage) for _ in range(5)] == ["B", "B", "B", "A", "A"]
    assert entries(storage) == ["fw-a.conf", "fw-b+0-3.conf"]
    assert boot.status() == status("A", "A", GOOD, EXHAUSTED)


def test_rules_of_boot_control(storage: SimulatedStorage) -> None:
    def restart() -> BootControl:
        return control_of(storage, str(start(storage)))

    found = check_boot(restart(), "B", restart)
    assert [each for each in found if each.problem] == []


def test_slot_that_was_selected_by_hand_becomes_primary(storage: SimulatedStorage) -> None:
    boot = control_of(storage)
    boot.try_slot("B")
    boot.confirm("A")
    assert boot.status() == status("A", "A", GOOD, TRYING)


def test_last_entry_stays(storage: SimulatedStorage) -> None:
    with pytest.raises(BootError, match=r"^/efi/.*: no slot other than 'A' has an entry that "):
        control_of(storage).mark_unbootable("A")
    assert start(storage) == "A"


def test_wrong_slots(storage: SimulatedStorage) -> None:
    boot = control_of(storage)
    with pytest.raises(BootError, match=r"^slot 'C': is not one of A, B$"):
        boot.mark_unbootable("C")
    with pytest.raises(BootError, match=r"^slot 'A': is running; try another one$"):
        boot.try_slot("A")
    with pytest.raises(BootError, match=r"^slot 'B': does not run; "):
        boot.confirm("B")


def test_change_is_read_back(storage: SimulatedStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemdBoot, "_write", lambda self, path, content: None)
    with pytest.raises(BootError, match=r"the entry of slot 'B' has not changed$"):
        control_of(storage).try_slot("B")


@pytest.mark.parametrize("content", [b"", b"title x\n", b"efi /x.efi\n", b"title x\n\0linux /x\n"])
def test_template_without_a_kernel(content: bytes) -> None:
    storage = SimulatedStorage(factory(**{"fw-b.template": content}))
    error = (
        f"{ENTRIES}/fw-b.template: is missing, or has no line with linux or uki; "
        "put the entry of slot 'B' there"
    )
    assert control_of(storage).check() == [error]
    with pytest.raises(BootError, match=f"^{error}$"):
        control_of(storage).try_slot("B")


def test_order_of_the_template_is_replaced() -> None:
    lines = b"sort-key debian\r\nversion 6.1\r\nmachine-id 00\r\nlinux /b\r\noptions x=B\r\n"
    storage = SimulatedStorage(factory(**{"fw-b.template": lines}))
    control_of(storage).try_slot("B")
    assert read(storage, "fw-b+3.conf") == (
        "sort-key software-update\nversion 1\noptions x=B\nlinux /b\n"
    )


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("loader.conf", b"timeout 3\ndefault fw-a*\n", "has a default entry; remove the line"),
        (
            "entries/fw-a.conf",
            b"sort-key debian\nlinux x\n",
            "has the sort-key 'debian', which may start",
        ),
        ("entries/rescue.conf", b"sort-key a\n", "has the sort-key 'a', which may start it first"),
    ],
)
def test_other_orders_are_problems(file: str, content: bytes, problem: str) -> None:
    storage = SimulatedStorage(factory(**{f"../{file}": content}))
    [found] = control_of(storage).check()
    assert found.startswith(f"/efi/loader/{file}: {problem}")


def test_default_of_the_firmware_is_a_problem() -> None:
    variable = "/sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
    storage = SimulatedStorage(factory(**{f"/../../..{variable}": b"x"}))
    [found] = control_of(storage).check()
    assert found.startswith("the EFI variable LoaderEntryDefault is set; ")


def test_harmless_other_entries(storage: SimulatedStorage) -> None:
    other = SimulatedStorage(factory(**{"z.conf": b"sort-key z\n", "auto.conf": b"linux /x\n"}))
    assert control_of(other).check() == []


def test_check_of_the_configuration(storage: SimulatedStorage) -> None:
    boot = SystemdBoot(system_of(storage), {"A": "fw+1", "B": "FW+1"}, ENTRIES, 0, "A")
    found = boot.check()
    assert found[:4] == [
        "entry 'fw+1': use letters, digits, . _ and - only",
        "entry 'FW+1': use letters, digits, . _ and - only",
        "names: name two or more different entries",
        "tries: is 0; use 1 or more",
    ]


def test_incomplete_entries_are_removed() -> None:
    storage = SimulatedStorage(factory(**{"fw-b+3.conf": b"", "fw-b.conf": b"title x\n\0"}))
    boot = control_of(storage)
    assert boot.status() == status("A", "A", GOOD, UNBOOTABLE)
    boot.mark_unbootable("B")
    assert entries(storage) == ["fw-a.conf"]


# --- the slot that runs, with a unified kernel image ---

SELECTED = "/sys/firmware/efi/efivars/LoaderEntrySelected-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"


def image_with(command_line: bytes, selected: bytes | None) -> SystemdBoot:
    """Returns boot control in an image with that command line, started from that entry."""
    more = {"../../../proc/cmdline": command_line}
    if selected is not None:
        more[f"../../..{SELECTED}"] = selected
    return SystemdBoot(system_of(SimulatedStorage(factory(**more))), NAMES, ENTRIES)


def variable(entry: str) -> bytes:
    """Returns what efivarfs has of the variable: four bytes of attributes, and the value."""
    return b"\x06\0\0\0" + f"{entry}\0".encode("utf-16-le")


@pytest.mark.parametrize("entry", ["fw-b.conf", "FW-B.conf", "fw-b+2-1.conf"])
def test_entry_names_the_slot_if_the_command_line_names_none(entry: str) -> None:
    assert image_with(b"quiet", variable(entry)).status().booted == "B"


def test_command_line_comes_before_the_entry() -> None:
    boot = image_with(b"quiet software_update.slot=A", variable("fw-b.conf"))
    assert boot.status().booted == "A"


@pytest.mark.parametrize("entry", ["other.conf", "fw-b", "fw-bb.conf", ""])
def test_entry_of_no_slot(entry: str) -> None:
    with pytest.raises(
        BootError, match=f"{SELECTED}: the entry '{entry}' is not one of fw-a, fw-b; "
    ):
        image_with(b"quiet", variable(entry)).status()


def test_nothing_names_the_slot() -> None:
    with pytest.raises(BootError, match=r"^/proc/cmdline: names no slot; "):
        image_with(b"quiet", None).status()


# --- power cuts ---

SLOT = "/dev/slot-b"


def install(storage: SimulatedStorage) -> None:
    file = storage.open_to_write(SLOT)
    for content in (b"half", b"new!"):
        file.write(0, content)
        file.sync()


def run(state: State, power: Power) -> Ran:
    """A start of the machine, and the next part of an update to slot B."""
    storage = SimulatedStorage(state.image, power)
    booted = start(storage)
    assert booted is not None
    boot = control_of(storage, booted)
    if booted == "A":
        boot.mark_unbootable("B")
        install(storage)
        boot.try_slot("B")
        return Ran(Ending.RESTART, storage.snapshot())
    boot.confirm("B")
    return Ran(Ending.DONE, storage.snapshot())


def image_problems(image: Image) -> Sequence[str]:
    storage = SimulatedStorage(image)
    if start(storage) is None:
        return ["no entry starts"]
    may_start = control_of(storage).status().slots["B"] in (GOOD, TRYING)
    whole = image.content(SLOT) in (b"old!", b"new!")
    return ["slot B may start, and is not complete"] if may_start and not whole else []


def change_problems(before: Image, after: Image) -> Sequence[str]:
    slots = [start(SimulatedStorage(image)) for image in (before, after)]
    return ["a slot that starts has lost its entry"] if slots == ["B", "A"] else []


def end_problems(image: Image) -> Sequence[str]:
    storage = SimulatedStorage(image)
    clean = entries(storage) == ["fw-a.conf", "fw-b.conf"]
    return [] if start(storage) == "B" and clean else [f"the entries are {entries(storage)}"]


def image_before_the_update() -> Image:
    """Slot A runs, and slot B has the release before."""
    files = {
        f"{ENTRIES}/fw-{slot.lower()}.conf": b"sort-key software-update\nversion %d\n" % version
        + template(slot)
        for slot, version in (("A", 2), ("B", 1))
    }
    files |= {f"{ENTRIES}/fw-{slot.lower()}.template": template(slot) for slot in "AB"}
    return Image.of({**files, SLOT: Device(b"old!")})


def test_update_survives_every_power_cut() -> None:
    table = explore(
        Scenario(
            "systemd-boot",
            image_before_the_update(),
            run,
            image_problems=image_problems,
            change_problems=change_problems,
            end_problems=end_problems,
        )
    )
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 300
