"""Tests that the check of installers passes good ones, and finds each planted bug."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from software_update.client.installer import Installer, InstallError, PartWriter, TargetWriter
from software_update.client.installer_check import check_installer
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.exec_program import PROTOCOL, ExecInstaller
from software_update.client.installers.raw import RawInstaller
from software_update.client.system import ProgramResult
from software_update.testing.fake_programs import FakePrograms, system_of
from software_update.testing.memory_storage import MemoryStorage

LENGTH = 3001


class GoodWriter:
    """A writer into the dictionary of a GoodInstaller."""

    def __init__(self, installer: "GoodInstaller", place: tuple[str, str]) -> None:
        self.installer = installer
        self.place = place
        installer.slots[place] = b""

    def write(self, content: bytes | memoryview) -> None:
        self.installer.slots[self.place] += bytes(content)

    def finish(self) -> None:
        self.installer.durable[self.place] = self.installer.slots[self.place]

    def abort(self) -> None:
        pass


class GoodInstaller:
    """An installer into a dictionary, which keeps all rules. Planted bugs are subclasses."""

    def __init__(self) -> None:
        self.slots: dict[tuple[str, str], bytes] = {("A", "app"): b"running"}
        self.durable = dict(self.slots)

    def check(self) -> list[str]:
        return []

    def problem(self, slot: str, target: str, length: int) -> str | None:
        return None if length < 1 << 20 else "too long"

    def clear(self, slot: str) -> None:
        for place in [each for each in self.slots if each[0] == slot]:
            del self.slots[place]

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        return GoodWriter(self, (slot, target))

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        if (slot, target) not in self.slots:
            raise FileNotFoundError(target)
        return self.slots[slot, target][offset : offset + length]

    def restart(self) -> Installer:
        self.slots = dict(self.durable)
        return self


def broken(installer: Installer, **options: Any) -> dict[str, str]:
    """Returns the broken rules, with the problems."""
    options = {"targets": ["app", "lib/x"], "running": "A", "length": LENGTH, **options}
    found = check_installer(installer, "B", **options)
    return {each.rule: each.problem for each in found if each.problem is not None}


def test_good_installer_keeps_all_rules() -> None:
    for installer in (GoodInstaller(), GoodResuming()):
        assert broken(installer, restart=installer.restart) == {}


class Problems(GoodInstaller):
    def check(self) -> list[str]:
        return ["/dev/b: missing", "/dev/a: missing"]


class NothingFits(GoodInstaller):
    def problem(self, slot: str, target: str, length: int) -> str | None:
        return "no room"


class AllFits(GoodInstaller):
    def problem(self, slot: str, target: str, length: int) -> str | None:
        return None


class ProblemWrites(GoodInstaller):
    def problem(self, slot: str, target: str, length: int) -> str | None:
        if (slot, target) in self.slots:
            self.slots[slot, target] = bytes(min(length, 10))
        return super().problem(slot, target, length)


class LosesChunks(GoodInstaller):
    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        writer = super().begin(slot, target, length)

        class Lossy(GoodWriter):
            def write(self, content: bytes | memoryview) -> None:
                writer.write(bytes(content)[:-1])

        return Lossy(self, (slot, target))


class NoEmptyTarget(GoodInstaller):
    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        if length == 0:
            raise InstallError("nothing to write")
        return super().begin(slot, target, length)


class KeepsTheBuffer(GoodInstaller):
    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        writer = super().begin(slot, target, length)

        class Late:
            def __init__(self) -> None:
                self.chunks: list[bytes | memoryview] = []

            def write(self, content: bytes | memoryview) -> None:
                self.chunks.append(content)

            def finish(self) -> None:
                for each in self.chunks:
                    writer.write(each)
                writer.finish()

            def abort(self) -> None:
                pass

        return Late()


class IgnoresTheOffset(GoodInstaller):
    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        whole = super().read(slot, target, 0, 1 << 20)
        return whole[:length] if length < 600 and offset < len(whole) else whole[offset:]


class ReadsTooMuch(GoodInstaller):
    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        return super().read(slot, target, offset, length + 1)


class StaleReads(GoodInstaller):
    """Reads come from a cache that a second target does not renew."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[tuple[str, str], bytes] = {}

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        whole = super().read(slot, target, 0, 1 << 20)
        return self.cache.setdefault((slot, target), whole)[offset : offset + length]


class ForgetsToTruncate(GoodInstaller):
    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        before = self.slots.get((slot, target), b"")
        writer = super().begin(slot, target, length)
        installer = self

        class Overwriting(GoodWriter):
            def finish(self) -> None:
                writer.write(before[len(installer.slots[slot, target]) :])
                writer.finish()

        return Overwriting(self, (slot, target))


class AbortBlocks(GoodInstaller):
    """An aborted target stays open, and no other can begin."""

    def __init__(self) -> None:
        super().__init__()
        self.blocked = False

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        if self.blocked:
            raise InstallError("another target is being written")
        installer = self

        class Blocking(GoodWriter):
            def abort(self) -> None:
                installer.blocked = True

        return Blocking(self, (slot, target))


class AppendsAfterInterruption(GoodInstaller):
    """An interrupted target is continued instead of begun."""

    def __init__(self) -> None:
        super().__init__()
        self.finished: set[tuple[str, str]] = set()

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        place = (slot, target)
        half = b"" if place in self.finished else self.slots.get(place, b"")
        self.finished.discard(place)
        installer = self

        class Continuing(GoodWriter):
            def finish(self) -> None:
                installer.finished.add(place)
                super().finish()

            def abort(self) -> None:
                installer.finished.add(place)

        writer = Continuing(self, place)
        self.slots[place] = half
        return writer


class ClearsOnce(GoodInstaller):
    def clear(self, slot: str) -> None:
        if not any(each[0] == slot for each in self.slots):
            raise InstallError("the slot is empty")
        super().clear(slot)


class ClearsNothing(GoodInstaller):
    def clear(self, slot: str) -> None:
        pass


class OnePlace(GoodInstaller):
    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        return super().begin(slot, "app" if slot == "B" else target, length)

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        return super().read(slot, "app", offset, length)


class FinishDoesNotSync(GoodInstaller):
    def restart(self) -> Installer:
        self.slots = {("A", "app"): b"running", **dict.fromkeys(self.slots, b"")}
        return self


class WritesIntoTheRunningSlot(GoodInstaller):
    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        self.slots["A", "app"] = b"overwritten"
        return super().begin(slot, target, length)


class ClearsTheRunningSlot(GoodInstaller):
    def clear(self, slot: str) -> None:
        self.slots.clear()


class RaisesKeyError(GoodInstaller):
    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        return self.slots[slot, target][offset : offset + length]


class PartialWriter(GoodWriter):
    """A writer that continues after some bytes."""

    def __init__(self, installer: GoodInstaller, place: tuple[str, str], start: bytes) -> None:
        super().__init__(installer, place)
        installer.slots[place] = start

    def sync(self) -> None:
        self.installer.durable[self.place] = self.installer.slots[self.place]


class GoodResuming(GoodInstaller):
    """A good installer that continues targets."""

    def read_part(self, slot: str, target: str, offset: int, length: int) -> bytes:
        return self.read(slot, target, offset, length)

    def sync_target(self, slot: str, target: str) -> None:
        self.durable[slot, target] = self.slots[slot, target]

    def resume(self, slot: str, target: str, length: int, offset: int) -> PartWriter:
        start = self.slots.get((slot, target), b"")[:offset]
        return PartialWriter(self, (slot, target), start)


class ResumesAtTheEnd(GoodResuming):
    def resume(self, slot: str, target: str, length: int, offset: int) -> PartWriter:
        return super().resume(slot, target, length, offset or 1 << 20)


class ResumesFromTheStart(GoodResuming):
    def resume(self, slot: str, target: str, length: int, offset: int) -> PartWriter:
        return super().resume(slot, target, length, 0)


class HidesParts(GoodResuming):
    def read_part(self, slot: str, target: str, offset: int, length: int) -> bytes:
        return super().read_part(slot, target, offset, length) if offset else b""


class ReadsOtherParts(GoodResuming):
    def read_part(self, slot: str, target: str, offset: int, length: int) -> bytes:
        return bytes(length)


class LosesASyncedTarget(GoodResuming):
    def sync_target(self, slot: str, target: str) -> None:
        self.durable[slot, target] = b""


class SyncsNothing(GoodResuming):
    def resume(self, slot: str, target: str, length: int, offset: int) -> PartWriter:
        writer = super().resume(slot, target, length, offset)
        writer.sync = lambda: None  # type: ignore[method-assign]
        return writer


PLANTED: list[tuple[type[GoodInstaller], str, str]] = [
    (Problems, "check finds no problem", "/dev/b: missing; /dev/a: missing"),
    (NothingFits, "problem accepts a target that fits", "no room"),
    (AllFits, "problem rejects a target that cannot fit", "bytes are accepted"),
    (ProblemWrites, "problem writes nothing", "target 'app' reads back differently from byte 0"),
    (LosesChunks, "a finished target reads back", "from byte 3000 on (3000 of 3001 bytes)"),
    (NoEmptyTarget, "an empty target reads back", "nothing to write"),
    (KeepsTheBuffer, "write copies the bytes before it returns", "differently from byte 0"),
    (IgnoresTheOffset, "read returns any range", "bytes 3000 to 3000 of target 'app' are wrong"),
    (ReadsTooMuch, "read returns any range", "bytes 1500 to 1506 of target 'app' are wrong"),
    (StaleReads, "a second target replaces the first", "differently from byte 0"),
    (ForgetsToTruncate, "nothing of a longer target is left", "ends with bytes of the one before"),
    (AbortBlocks, "a target can be written after abort", "another target is being written"),
    (AppendsAfterInterruption, "a target can be written after an interruption", "differently"),
    (
        ClearsOnce,
        "clear is repeatable, and a target can be written after it",
        "the slot is empty",
    ),
    (ClearsNothing, "clear removes all targets", "the slot still contains target 'app'"),
    (OnePlace, "targets do not overwrite each other", "target 'app' reads back differently"),
    (FinishDoesNotSync, "a finished target survives a power cut", "(0 of 3001 bytes)"),
    (WritesIntoTheRunningSlot, "the running slot does not change", "slot 'A' has other bytes"),
    (ClearsTheRunningSlot, "the running slot does not change", "slot 'A' has other bytes"),
    (ResumesAtTheEnd, "resume from byte 0 begins a target", "differently from byte 0"),
    (ResumesFromTheStart, "a target is continued after its synced bytes", "1501 of 3001 bytes"),
    (HidesParts, "a target is continued after its synced bytes", "only 0 of 1500 synced bytes"),
    (ReadsOtherParts, "a target is continued after its synced bytes", "the first 1500 bytes are"),
    (SyncsNothing, "synced bytes survive a power cut", "the first 1500 bytes are not those"),
    (LosesASyncedTarget, "a synced target survives a power cut", "(0 of 3001 bytes)"),
    (RaisesKeyError, "clear removes all targets", "raises KeyError (('B', 'app')), which is"),
]


@pytest.mark.parametrize(("plant", "rule", "problem"), PLANTED)
def test_planted_bug_is_found(plant: type[GoodInstaller], rule: str, problem: str) -> None:
    installer = plant()
    found = broken(installer, restart=installer.restart)
    assert rule in found
    assert problem in found[rule]


def test_each_rule_is_broken_by_a_planted_bug() -> None:
    installer = GoodResuming()
    found = check_installer(
        installer, "B", ["app", "x"], length=9, running="A", restart=installer.restart
    )
    assert {each.rule for each in found} == {rule for _, rule, _ in PLANTED}


def after_cut(storage: MemoryStorage, installer: Installer) -> Callable[[], Installer]:
    def restart() -> Installer:
        storage.cut_power()
        return installer

    return restart


@pytest.mark.parametrize("folder", ["/dev", "/slots"])
def test_raw_installer_keeps_all_rules(folder: str) -> None:
    storage = MemoryStorage()
    for slot in "AB":
        storage.put(f"{folder}/{slot}", bytes(LENGTH + 512))
    raw = RawInstaller(storage, "app", {slot: f"{folder}/{slot}" for slot in "AB"})
    assert broken(raw, targets=["app"], restart=after_cut(storage, raw)) == {}


def test_directory_installer_keeps_all_rules() -> None:
    storage = MemoryStorage()
    storage.put("/srv/A/app", b"running")
    directory = DirectoryInstaller(storage, {slot: f"/srv/{slot}" for slot in "AB"})
    assert broken(directory, restart=after_cut(storage, directory)) == {}


def test_exec_installer_keeps_all_rules() -> None:
    storage = MemoryStorage()
    storage.make_folder("/state")
    good = GoodInstaller()

    def program(argv: Sequence[str], stdin: bytes) -> ProgramResult:
        request = json.loads(stdin)
        answer = answer_with(good, storage, request)
        return ProgramResult(0, json.dumps({"protocol": PROTOCOL, **answer}).encode(), b"")

    installer = ExecInstaller(system_of(FakePrograms(program), storage), ["/bin/x"], "/state/x")

    def restart() -> Installer:
        good.restart()
        storage.cut_power()
        storage.make_folder("/state")
        return installer

    assert broken(installer, restart=restart) == {}


def answer_with(
    good: GoodInstaller, storage: MemoryStorage, request: dict[str, Any]
) -> dict[str, Any]:
    slot, target, length = request["slot"], request["target"], request["length"]
    match request["call"]:
        case "check":
            return {"problems": good.check()}
        case "problem":
            return {"problem": good.problem(slot, target, length)}
        case "clear":
            good.clear(slot)
        case "write":
            writer = good.begin(slot, target, length)
            writer.write(storage.content(request["file"]))
            writer.finish()
        case "read":
            try:
                found = good.read(slot, target, request["offset"], length)
            except FileNotFoundError:
                return {"found": False}
            storage.put(request["file"], found)
            return {"found": True}
    return {}
