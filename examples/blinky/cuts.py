"""Cuts the power of a device in an update, at flash operations that an option selects.

`bazel run //examples/blinky:cuts -- --every=1` cuts at all of them, before, in and after the operation: three
cuts an operation.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from examples.blinky.board import POWER_CUT
from examples.blinky.device import Device, Factory, Report, factory_from

KINDS = ("before", "torn", "after")
# Starts after which a device must have the new release: a cut in the last start of a trial brings the old
# one back, and the release is offered again.
_MOST_STARTS = 3
_SECONDS_BETWEEN_LINES = 10


@dataclass(frozen=True)
class Cut:
    """The power fails at a flash operation (from 1) of an update."""

    operation: int
    kind: str


@dataclass(frozen=True)
class Update:
    """An update from the factory's release to the one in a bundle."""

    factory: Factory
    flash: bytes
    bundle: Path
    old: int
    new: int


def prepare(factory: Factory, folder: Path, bundle: Path, old: int, new: int) -> Update:
    """Makes a device, and keeps its flash memory for all updates."""
    device = Device(factory, folder)
    made = device.make()
    if made.status != 0:
        raise RuntimeError(f"the factory failed: {made.lines}")
    return Update(factory, device.board.read(), bundle, old, new)


def operations_of(update: Update, folder: Path) -> int:
    """The number of flash operations of an update without a power cut."""
    report = _device(update, folder).run(bundle=update.bundle)
    prefix = "blinky: flash operations: "
    return int(next(line for line in report.lines if line.startswith(prefix)).removeprefix(prefix))


def problem_of(update: Update, cut: Cut, folder: Path) -> str | None:
    """Cuts an update and switches the device on again. Returns the fault, or None."""
    device = _device(update, folder)
    report = device.run(f"cut={cut.operation}:{cut.kind}", bundle=update.bundle)
    if report.status != POWER_CUT:
        return _fault(cut, f"no cut, status {report.status}", report)
    was_new = _confirmed(report, update.new)
    for _ in range(_MOST_STARTS):
        report = device.run(bundle=update.bundle)
        if report.status != 0:
            return _fault(cut, f"status {report.status}", report)
        if was_new and f"blinky: version {update.old}" in report.lines:
            return _fault(cut, "the old version runs after the new one was confirmed", report)
        if _confirmed(report, update.new) or _runs(report, update.new):
            return None
    return _fault(cut, "the new version does not run", report)


def _confirmed(report: Report, version: int) -> bool:
    return f"blinky: confirmed version {version}" in report.lines


def _runs(report: Report, version: int) -> bool:
    return any(line.startswith(f"bootloader: starting version {version} ") for line in report.lines)


def _device(update: Update, folder: Path) -> Device:
    folder.mkdir(parents=True, exist_ok=True)
    device = Device(update.factory, folder)
    device.board.write(update.flash)
    return device


def _fault(cut: Cut, fault: str, report: Report) -> str:
    return f"operation {cut.operation}, {cut.kind}: {fault}: {report.lines}"


def every(step: int, operations: int) -> Iterator[Cut]:
    """Cuts at each `step`-th operation. The kinds take turns if `step` is not 1."""
    for index, operation in enumerate(range(1, operations + 1, step)):
        kinds = KINDS if step == 1 else KINDS[index % 3 : index % 3 + 1]
        for kind in kinds:
            yield Cut(operation, kind)


def problems(
    update: Update, cuts: Sequence[Cut], folder: Path, jobs: int
) -> Generator[str | None, None, None]:
    """Makes all cuts, `jobs` at a time. Yields the fault of each when it is made, or None."""

    def made(index: int) -> str | None:
        place = folder / str(index)
        try:
            return problem_of(update, cuts[index], place)
        finally:
            shutil.rmtree(place)

    pool = ThreadPoolExecutor(jobs)
    try:
        for done in as_completed([pool.submit(made, index) for index in range(len(cuts))]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass
class Progress:
    """Prints faults when they occur, and every ten seconds how far the cuts are."""

    total: int
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    faults: int = 0
    _shown: float = field(default_factory=time.monotonic)

    def add(self, fault: str | None) -> None:
        """Counts a cut."""
        self.done += 1
        if fault:
            self.faults += 1
            print(fault, flush=True)
        if time.monotonic() - self._shown >= _SECONDS_BETWEEN_LINES:
            self._shown = time.monotonic()
            print(self, flush=True)

    def __str__(self) -> str:
        seconds = time.monotonic() - self.began
        return f"{self.done} of {self.total} power cuts, faults: {self.faults}, {seconds:.0f} s"


def main() -> int:
    """Makes the cuts and prints their number. Returns 1 if a device had a fault, 130 after an interrupt."""
    parser = argparse.ArgumentParser(prog="cuts", description="Cuts the power in updates.")
    parser.add_argument(
        "--every", type=int, default=1, help="cut at each N-th operation; default: 1"
    )
    parser.add_argument("--jobs", type=int, default=2, help="devices at the same time; default: 2")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = Progress(0)
    try:
        make(args.every, args.jobs, progress)
    except KeyboardInterrupt:
        print(f"interrupted: {progress}")
        return 130
    print(progress)
    return 1 if progress.faults else 0


def make(step: int, jobs: int, progress: Progress) -> None:
    """Makes the cuts at each `step`-th operation of an update."""
    old, bundle = int(os.environ["VERSION"]), Path(os.environ["BUNDLE_NEXT"]).absolute()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "made").mkdir()
        update = prepare(factory_from(os.environ), folder / "made", bundle, old, old + 1)
        operations = operations_of(update, folder / "whole")
        cuts = list(every(step, operations))
        progress.total = len(cuts)
        print(f"{operations} flash operations in an update, {len(cuts)} power cuts", flush=True)
        with closing(problems(update, cuts, folder, jobs)) as faults:
            for fault in faults:
                progress.add(fault)


if __name__ == "__main__":
    sys.exit(main())
