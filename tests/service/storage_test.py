"""The real service on real storage that is full, read-only, cuts writes short, or reports errors.

The file systems are in memory, in a mount namespace of the test. No file system here reports EIO, so these
errors come from the system's calls in the service's process.
"""

import contextlib
import errno
import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from software_update.client.state import Code, Detail, State
from software_update.testing.short_folder import short_folder

from tests.service.killed_service import Device
from tests.service.namespaces import SmallDisk, in_namespace, make_read_only

KIB, MIB = 1 << 10, 1 << 20
SECONDS = 60.0


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as made:
        yield made


def wait_for(device: Device, reached: Callable[[State], bool]) -> State:
    """Waits for a state in the record."""
    end = time.monotonic() + SECONDS
    while not reached(state := device.state()):
        assert time.monotonic() < end, state
        time.sleep(0.02)
    return state


def failed(device: Device) -> Callable[[State], bool]:
    """Returns whether the offered release has failed."""

    def reached(state: State) -> bool:
        ended = state.detail in (Detail.FINISHED, Detail.QUARANTINED, Detail.IDLE)
        return ended and state.result is not None and state.result.code != Code.NOTHING_OFFERED

    return reached


def fails_with(device: Device, code: Code, text: str, prepare: Callable[[], None]) -> State:
    """Runs the service until the release has failed, and checks that it runs on and nothing was activated."""
    device.offer(device.version + 1)
    with device.running(prepare) as service:
        state = wait_for(device, failed(device))
        time.sleep(0.1)
        os.kill(service, 0)
    assert state.result is not None
    assert (state.result.code, text in state.result.text) == (code, True), state.result
    assert os.readlink(device.folder / "slots" / "current") == "A"
    device.check()
    return state


def no_limit() -> None:
    """Prepares nothing."""


def contents(version: int) -> dict[str, bytes]:
    """Returns two targets, each of which fits into a disk that is too small for both."""
    return {
        "app/main": bytes([version]) * 1_500_000,
        "app/other": bytes([version + 1]) * 1_500_000,
        "version": b"%d" % version,
    }


def test_slot_that_becomes_full_is_not_activated_and_heals(folder: Path) -> None:
    """The last write that fits is a short one, and the next one fails with ENOSPC."""

    def test() -> None:
        (folder / "slots" / "B").mkdir(parents=True)
        disk = SmallDisk(folder / "slots" / "B", 2 * MIB + 300 * KIB)
        device = Device(folder, contents=contents)
        state = fails_with(device, Code.NO_ROOM, "No space left on device", no_limit)
        # The release is not the reason, so it is not counted towards its quarantine.
        assert state.failures == ()
        disk.resize(8 * MIB)
        device.converge()
        assert device.floor == 1

    in_namespace(test)


def test_full_state_folder_delays_the_update_only(folder: Path) -> None:
    def test() -> None:
        (folder / "state").mkdir(parents=True)
        disk = SmallDisk(folder / "state", 64 * KIB)
        device = Device(folder)
        filler = folder / "state" / "filler"
        with filler.open("wb", buffering=0) as file:
            while True:
                try:
                    file.write(bytes(4096))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    break
        fails_with(device, Code.NO_ROOM, "No space left on device", no_limit)
        disk.resize(8 * MIB)
        device.converge()
        assert device.floor == 1

    in_namespace(test)


def test_read_only_slot_is_not_activated(folder: Path) -> None:
    def test() -> None:
        (folder / "slots" / "B").mkdir(parents=True)
        disk = SmallDisk(folder / "slots" / "B", 8 * MIB)
        device = Device(folder)
        disk.set_read_only(True)
        fails_with(device, Code.INSTALL_FAILED, "Read-only file system", no_limit)
        disk.set_read_only(False)
        # Three failures may have put the release into quarantine by then.
        device.offer(device.version + 1)
        device.converge()
        assert device.floor == 2

    in_namespace(test)


def test_service_with_a_read_only_state_folder_changes_nothing_and_goes_on_later(
    folder: Path,
) -> None:
    def test() -> None:
        device = Device(folder)
        before = device.state()
        device.offer(1)
        service = device.running(lambda: make_read_only(folder / "state"))
        with pytest.raises(AssertionError, match="Read-only file system"), service:
            time.sleep(0.5)
        assert list((folder / "slots" / "B").iterdir()) == []
        assert device.state() == before
        (folder / "errors").unlink()
        device.converge()
        assert device.floor == 1

    in_namespace(test)


def test_write_that_the_system_cuts_short_is_not_taken_for_complete(folder: Path) -> None:
    """The limit for the length of a file cuts one write short, and fails the next one with EFBIG."""
    device = Device(folder)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB + 1, MIB + 1))

    fails_with(device, Code.INSTALL_FAILED, "File too large", limit)
    device.offer(device.version + 1)
    device.converge()
    assert device.floor == 2


@contextlib.contextmanager
def may_end(device: Device) -> Iterator[None]:
    """Lets the service end with EIO: its manager starts it again."""
    try:
        yield
    except AssertionError as error:
        assert "Input/output error" in str(error), error
        (device.folder / "errors").unlink()


@pytest.mark.parametrize("name", ["fsync", "pwrite", "pread"])
def test_errors_of_the_medium_leave_the_device_as_it_was(folder: Path, name: str) -> None:
    """From one call on, each one of the service fails with EIO; the next service works again."""
    device = Device(folder)
    for number in (1, 6, 15, 30):
        device.offer(device.version + 1)

        def fail_from(number: int = number) -> None:
            real, calls = getattr(os, name), iter(range(1 << 30))

            def call(*arguments: Any) -> Any:
                if next(calls) >= number:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                return real(*arguments)

            setattr(os, name, call)

        with may_end(device), device.running(fail_from):
            time.sleep(0.4)
        device.check()
    device.offer(device.version + 1)
    device.converge()
    assert device.floor == device.version
