"""Tests of downloads into a slot that continue after an interruption."""

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.bundle.envelope import Payload
from software_update.client import payload_copy
from software_update.client.fetched import Fetched, FetchedFile
from software_update.client.installer import Installer, InstallError, TargetWriter
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.raw import RawInstaller
from software_update.client.payload_copy import SPOOL, Input, Means, SlotCopy
from software_update.client.release import slot_target
from software_update.format.messages import Compression, Target
from software_update.format.verdicts import Refused, Verdict
from software_update.testing.fake_device import ForwardBundle
from software_update.testing.memory_storage import MemoryFile, MemoryStorage
from software_update.testing.zstd_frames import stored as frame_of

STATE, BUNDLE = "/state", "/bundle"
RELEASE = "r" * 64
CHUNK, SYNCED = 10, 40


def content(seed: int, length: int) -> bytes:
    blocks = range(length // 32 + 1)
    return b"".join(hashlib.sha256(b"%d %d" % (seed, each)).digest() for each in blocks)[:length]


APP, LIB, ROOTFS = content(1, 500), content(2, 20), content(3, 300)


class Killed(BaseException):
    """The client was killed."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload_copy, "FETCHED_CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(payload_copy, "SYNCED_BYTES", SYNCED)
    monkeypatch.setattr(payload_copy, "CHUNK_BYTES", 64)


class Counted(ForwardBundle):
    """A bundle that counts what is read of it, and where."""

    can_reread = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ranges: list[tuple[int, int]] = []
        self.expected: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.ranges.append((offset, offset + length))
        return super().read(offset, length)

    def expect(self, offset: int, length: int) -> None:
        self.expected.append((offset, offset + length))


class Device:
    """A slot for each installer, and a bundle with targets that can be read forward."""

    def __init__(self, contents: Mapping[str, bytes], compress: bool = False) -> None:
        self.storage = MemoryStorage()
        for path in (f"{STATE}/x", "/slots/A/app", "/slots/B/old", "/slots/rootfs_B"):
            self.storage.put(path, b"running")
        folders = {slot: f"/slots/{slot}" for slot in "AB"}
        self.directory = DirectoryInstaller(self.storage, folders)
        self.raw = RawInstaller(self.storage, "rootfs", {"B": "/slots/rootfs_B"})
        self.listed: dict[str, Target] = {}
        self.payloads: dict[str, Payload] = {}
        bundle = b"head"
        for name, original in contents.items():
            stored = frame_of(original) if compress else original
            self.listed[name] = target_of(name, original, stored)
            self.payloads[name] = Payload(name, len(bundle), len(stored), b"")
            bundle += stored + b"name"
        self.storage.put(BUNDLE, bundle)
        self.bundle: Counted
        self.progress: list[int] = []
        self.other: Installer | None = None

    def opened(self) -> Counted:
        return Counted(self.storage.open(BUNDLE))

    def installer(self, name: str) -> Installer:
        return self.other or (self.raw if name == "rootfs" else self.directory)

    def take(
        self,
        names: Sequence[str],
        on_progress: Callable[[int], None] = lambda _: None,
        release: str = RELEASE,
    ) -> list[bytes]:
        """Copies targets as a client does after a start. Returns the digests of their payloads."""
        self.bundle, self.progress = self.opened(), []

        def progress(length: int) -> None:
            self.progress.append(length)
            on_progress(length)

        copy = SlotCopy(Means(self.storage, STATE, progress), "main", "B", release)
        copy.begin({id(each): each for each in map(self.installer, names)}.values())
        try:
            return [self.take_one(copy, name) for name in names]
        finally:
            self.bundle.close()

    def take_one(self, copy: SlotCopy, name: str) -> bytes:
        payload = Input(self.bundle, self.payloads[name], self.bundle.size())
        return copy.take(self.installer(name), self.listed[name], payload)

    def kill(self, names: Sequence[str], after: int, *, cut: bool = True) -> None:
        """Copies targets until the client has fetched so many bytes; then the power fails."""
        done = 0

        def kill(length: int) -> None:
            nonlocal done
            done += length
            if done > after:
                raise Killed

        with pytest.raises(Killed):
            self.take(names, kill)
        if cut:
            self.storage.cut_power()

    def fetched(self, name: str) -> int:
        """Returns how many bytes of a payload were read."""
        payload = self.payloads[name]
        start, end = payload.offset, payload.offset + payload.length
        return sum(max(0, min(last, end) - max(first, start)) for first, last in self.bundle.ranges)

    def saved(self) -> Fetched | None:
        return FetchedFile(self.storage, STATE).read("main", "B", RELEASE)

    def digests(self, names: Sequence[str]) -> list[bytes]:
        return [self.listed[name].sha256 for name in names]

    def has(self, name: str, expected: bytes) -> bool:
        found = self.installer(name).read("B", name, 0, len(expected) + 1)
        return found == expected


def target_of(name: str, original: bytes, payload: bytes) -> Target:
    """Returns the target of a content, as metadata lists it."""
    compression = None
    if payload != original:
        compression = Compression(1, len(original), hashlib.sha256(original).digest())
    return Target.of(name, len(payload), hashlib.sha256(payload).digest(), compression)


@pytest.mark.parametrize("name", ["rootfs", "app"])
def test_download_continues_after_the_last_sync(name: str) -> None:
    device = Device({name: APP})
    device.kill([name], 199)
    assert device.saved() == Fetched("main", "B", RELEASE, name, 160)
    assert device.take([name]) == device.digests([name])
    assert device.has(name, APP)
    # The bundle was read from the last sync on, and is asked for nothing else.
    assert device.fetched(name) == len(APP) - 160
    assert device.bundle.expected[0][0] == device.payloads[name].offset + 160
    assert sum(device.progress) == len(APP)
    assert device.storage.open_files == 0


@pytest.mark.parametrize("name", ["rootfs", "app"])
def test_any_kill_costs_at_most_a_sync_and_a_chunk(name: str) -> None:
    for after in range(0, len(APP), 7):
        for cut in (False, True):
            device = Device({name: APP})
            device.kill([name], after, cut=cut)
            assert device.take([name]) == device.digests([name])
            assert device.has(name, APP)
            assert device.fetched(name) <= len(APP) - after + SYNCED + CHUNK


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.booleans()), max_size=6),
    st.booleans(),
    st.permutations(["app", "lib/x", "rootfs", "zero"]),
)
def test_any_kills_cost_a_sync_and_a_chunk_each(
    kills: list[tuple[int, bool]], compress: bool, names: list[str]
) -> None:
    contents = {"app": APP, "lib/x": LIB, "rootfs": ROOTFS, "zero": b""}
    device = Device({name: contents[name] for name in names}, compress)
    fetched = 0
    for after, cut in kills:
        left = [after]

        def kill(length: int, left: list[int] = left) -> None:
            left[0] -= length
            if left[0] < 0:
                raise Killed

        with contextlib.suppress(Killed):
            device.take(names, kill)
        fetched += sum(map(device.fetched, names))
        if cut:
            device.storage.cut_power()
    assert device.take(names) == device.digests(names)
    fetched += sum(map(device.fetched, names))
    device.storage.cut_power()
    assert all(device.has(name, contents[name]) for name in names)
    total = sum(device.payloads[name].length for name in names)
    assert fetched <= total + len(kills) * (SYNCED + CHUNK)


def test_slot_is_synced_before_its_length_is_saved() -> None:
    device = Device({"rootfs": ROOTFS})
    device.storage.log.clear()
    device.take(["rootfs"])
    syncs = [at for at, each in enumerate(device.storage.log) if each == "sync /slots/rootfs_B"]
    saves = [
        at for at, each in enumerate(device.storage.log) if each == f"write {STATE}/fetched.json~"
    ]
    # The first save says that nothing is there, and the last one that the place is free again. Before
    # them, clear and finish have synced the slot.
    assert len(saves) == len(syncs) == len(ROOTFS) // SYNCED + 2
    assert all(sync < save for sync, save in zip(syncs, saves, strict=True))
    writes = [at for at, each in enumerate(device.storage.log) if each == "write /slots/rootfs_B"]
    for sync, save in zip(syncs, saves, strict=True):
        assert not any(sync < write < save for write in writes)


@pytest.mark.parametrize("after", [0, 30, 100, 519, 530, 700])
def test_targets_that_are_complete_are_not_fetched_again(after: int) -> None:
    names = ["app", "lib/x", "rootfs"]
    device = Device({"app": APP, "lib/x": LIB, "rootfs": ROOTFS})
    device.kill(names, after)
    assert device.take(names) == device.digests(names)
    for name, expected in zip(names, (APP, LIB, ROOTFS), strict=True):
        assert device.has(name, expected)
    if after >= len(APP) + CHUNK:
        assert device.fetched("app") == 0
    fetched = sum(map(device.fetched, names))
    total = len(APP) + len(LIB) + len(ROOTFS)
    assert fetched <= total - after + SYNCED + CHUNK
    assert sum(device.progress) == total
    assert device.storage.list("/slots/B") == ["app", "lib"]
    assert device.storage.list("/slots/B/lib") == ["x"]


def test_many_small_targets_are_not_fetched_again() -> None:
    contents = {f"lib/{number:02}": content(number, 15) for number in range(20)}
    device = Device(contents)
    device.kill(list(contents), 200)
    device.take(list(contents))
    assert sum(map(device.fetched, contents)) <= 300 - 200 + 15
    assert all(device.has(name, expected) for name, expected in contents.items())


def test_part_of_an_earlier_target_in_the_same_folder_is_not_taken_for_this_one() -> None:
    """A folder has one file for an unfinished target."""
    device = Device({"app": APP, "big": content(9, 400)})
    device.kill(["app", "big"], len(APP) + 30)
    assert device.saved() == Fetched("main", "B", RELEASE)
    assert device.take(["app", "big"]) == device.digests(["app", "big"])
    assert device.fetched("app") == 0
    assert device.has("big", content(9, 400))


def test_target_that_was_finished_just_before_the_cut_is_not_fetched_again() -> None:
    device = Device({"app": APP})
    device.take(["app"])
    FetchedFile(device.storage, STATE).save(Fetched("main", "B", RELEASE, "app", 480))
    device.take(["app"])
    assert device.fetched("app") == 0
    assert device.has("app", APP)


@pytest.mark.parametrize("name", ["rootfs", "lib/x"])
def test_target_of_a_killed_client_is_on_the_medium_before_it_counts(name: str) -> None:
    """The client was killed in `finish`, before its syncs: the target can be read, but may be lost."""
    device = Device({name: LIB})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryStorage, "sync_folder", lambda storage, path: None)
        patch.setattr(MemoryFile, "sync", lambda file: None)
        device.take([name])
    assert device.take([name]) == device.digests([name])
    assert device.fetched(name) == 0
    device.storage.cut_power()
    assert device.has(name, LIB)


@pytest.mark.parametrize("name", ["rootfs", "app"])
def test_wrong_part_is_fetched_once_more_from_its_beginning(name: str) -> None:
    device = Device({name: APP})
    device.kill([name], 199)
    path = "/slots/rootfs_B" if name == "rootfs" else "/slots/B/~"
    part = device.storage.content(path)
    device.storage.put(path, b"X" + part[1:])
    assert device.take([name]) == device.digests([name])
    assert device.has(name, APP)
    assert device.fetched(name) == 2 * len(APP) - 160
    assert device.saved() == Fetched("main", "B", RELEASE)


def test_payload_that_is_wrong_on_the_server_is_fetched_at_most_twice() -> None:
    device = Device({"rootfs": APP})
    device.kill(["rootfs"], 199)
    bundle = bytearray(device.storage.content(BUNDLE))
    bundle[device.payloads["rootfs"].offset + 400] ^= 1
    device.storage.put(BUNDLE, bytes(bundle))
    assert device.take(["rootfs"]) != device.digests(["rootfs"])
    assert device.fetched("rootfs") == 2 * len(APP) - 160
    assert device.storage.open_files == 0


@pytest.mark.parametrize("length", [39, 160, 501])
def test_part_that_is_missing_or_too_short_is_not_used(length: int) -> None:
    device = Device({"rootfs": APP})
    device.kill(["rootfs"], 45)
    device.storage.put("/slots/rootfs_B", APP[:39])
    FetchedFile(device.storage, STATE).save(Fetched("main", "B", RELEASE, "rootfs", length))
    device.take(["rootfs"])
    assert device.has("rootfs", APP)
    assert device.fetched("rootfs") == len(APP) - (39 if length == 39 else 0)


def test_part_that_becomes_shorter_is_an_error() -> None:
    device = Device({"rootfs": APP})
    device.kill(["rootfs"], 199)
    with pytest.raises(
        InstallError, match=r"^a part of a target became shorter while it was read$"
    ):
        device.take(["rootfs"], lambda _: device.storage.put("/slots/rootfs_B", b""))


def test_another_release_begins_with_an_empty_slot() -> None:
    device = Device({"app": APP, "lib/x": LIB})
    device.kill(["lib/x", "app"], 250)
    device.take(["app"], release="s" * 64)
    assert device.storage.list("/slots/B") == ["app"]
    assert device.saved() is None
    # What was saved about the first release must not come back: the slot has other bytes by now.
    device.storage.cut_power()
    device.take(["app"])
    assert device.fetched("app") == len(APP)


def test_slot_is_cleared_only_after_the_file_is_gone() -> None:
    device = Device({"app": APP})
    device.take(["app"])
    log = device.storage.log
    gone = log.index(f"sync_folder {STATE}")
    assert log.index("remove /slots/B/old") > gone > log.index(f"remove {STATE}/fetched.json")


def test_file_of_the_device_is_copied_from_its_beginning() -> None:
    device = Device({"app": APP, "lib/x": LIB})
    device.opened = lambda: Stored(device.storage.open(BUNDLE))  # type: ignore[method-assign]
    device.kill(["lib/x", "app"], 250)
    assert not device.storage.exists(f"{STATE}/fetched.json")
    assert device.take(["lib/x", "app"]) == device.digests(["lib/x", "app"])
    assert device.fetched("app") == len(APP)


class Stored(Counted):
    """A bundle in a file of the device."""

    can_reread = True


class Plain:
    """An installer without the methods of ResumesTargets."""

    def __init__(self, installer: Installer) -> None:
        self.check, self.problem = installer.check, installer.problem
        self.clear, self.read = installer.clear, installer.read
        self._begin = installer.begin

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        return self._begin(slot, target, length)


def test_installer_that_cannot_continue_starts_over() -> None:
    device = Device({"app": APP, "lib/x": LIB})
    device.other = Plain(device.directory)
    device.kill(["lib/x", "app"], 250)
    device.storage.put("/slots/B/leftover", b"x")
    assert device.take(["lib/x", "app"]) == device.digests(["lib/x", "app"])
    assert (device.fetched("lib/x"), device.fetched("app")) == (len(LIB), len(APP))
    assert device.storage.list("/slots/B") == ["app", "lib"]


@pytest.mark.parametrize("after", [0, 30, 199, 480, 520, 560, 830])
def test_compressed_payload_continues_in_the_spool(after: int) -> None:
    names = ["app", "rootfs"]
    device = Device({"app": APP, "rootfs": ROOTFS}, compress=True)
    device.kill(names, after)
    assert device.take(names) == device.digests(names)
    assert device.has("app", APP)
    assert device.has("rootfs", ROOTFS)
    total = sum(device.payloads[name].length for name in names)
    assert sum(map(device.fetched, names)) <= total - after + SYNCED + CHUNK
    assert device.storage.open_files == 0


def test_compressed_payload_continues_with_every_installer() -> None:
    device = Device({"app": APP}, compress=True)
    device.other = Plain(device.directory)
    device.kill(["app"], 300)
    assert device.take(["app"]) == device.digests(["app"])
    assert device.has("app", APP)
    assert device.fetched("app") == device.payloads["app"].length - 280


def test_spool_of_another_target_is_not_taken_for_this_one() -> None:
    """The installer starts over, so the first target uses the spool again."""
    device = Device({"app": APP, "lib/x": LIB + APP}, compress=True)
    device.other = Plain(device.directory)
    device.kill(["app", "lib/x"], 700)
    kept = device.saved()
    assert kept is not None and kept.target == "lib/x"
    assert device.take(["app", "lib/x"]) == device.digests(["app", "lib/x"])
    assert device.has("lib/x", LIB + APP)
    # It is not fetched a third time.
    assert device.fetched("lib/x") == device.payloads["lib/x"].length


@pytest.mark.parametrize("compress", [False, True])
def test_installer_that_starts_over_does_not_cost_the_part_of_another_one(compress: bool) -> None:
    names = ["mcu", "rootfs"]
    device = Device({"mcu": APP, "rootfs": ROOTFS})
    if compress:
        other = Device({"mcu": APP}, compress=True)
        device.listed["mcu"], payload = other.listed["mcu"], frame_of(APP)
        rest = device.storage.content(BUNDLE)[device.payloads["rootfs"].offset :]
        device.storage.put(BUNDLE, payload + rest)
        device.payloads["mcu"] = Payload("mcu", 0, len(payload), b"")
        device.payloads["rootfs"] = Payload("rootfs", len(payload), len(ROOTFS), b"")
    plain = Plain(device.directory)
    device.installer = lambda name: device.raw if name == "rootfs" else plain  # type: ignore[method-assign]
    length = device.payloads["mcu"].length
    device.kill(names, length + 199)
    # Not even a second interruption, while the first target is fetched again.
    device.kill(names, 100)
    assert device.take(names) == device.digests(names)
    assert device.fetched("mcu") == length
    assert device.fetched("rootfs") == len(ROOTFS) - 160
    assert device.has("rootfs", ROOTFS)


def test_spool_that_cannot_be_shortened_is_closed() -> None:
    device = Device({"app": APP}, compress=True)
    device.storage.log.clear()
    device.take(["app"])
    number = device.storage.log.index(f"truncate {STATE}/{SPOOL}")
    device = Device({"app": APP}, compress=True)
    device.storage.log.clear()
    device.storage.fail_at = number
    device.storage.fail_for_good = False
    with pytest.raises(OSError, match="Input/output error"):
        device.take(["app"])
    assert device.storage.open_files == 0


def test_damaged_compressed_payload_never_reaches_the_decompressor() -> None:
    device = Device({"app": APP}, compress=True)
    bundle = bytearray(device.storage.content(BUNDLE))
    bundle[device.payloads["app"].offset] ^= 0xFF
    device.storage.put(BUNDLE, bytes(bundle))
    assert device.take(["app"]) != device.digests(["app"])
    assert device.storage.list("/slots/B") == []


def test_payload_that_does_not_decompress_to_the_listed_original_names_the_target() -> None:
    device = Device({"app": APP}, compress=True)
    wrong = Compression(1, len(APP), bytes(32))
    device.listed["app"] = device.listed["app"]._replace(compression=wrong)
    with pytest.raises(Refused, match="target 'app'") as caught:
        device.take(["app"])
    assert caught.value.verdict == Verdict.DECOMPRESSION_FAILED
    assert device.storage.open_files == 0


def test_whole_target_is_only_believed_after_an_interruption() -> None:
    device = Device({"app": APP})
    device.take(["app"])
    copy = SlotCopy(Means(device.storage, STATE, lambda _: None), "main", "B", RELEASE)
    assert copy.has(device.directory, slot_target(device.listed["app"]))
    assert not copy.has(Plain(device.directory), slot_target(device.listed["app"]))
    FetchedFile(device.storage, STATE).remove()
    copy = SlotCopy(Means(device.storage, STATE, lambda _: None), "main", "B", RELEASE)
    assert not copy.has(device.directory, slot_target(device.listed["app"]))
