"""Plays the updates of a device in QEMU, on a terminal: good releases, bad ones, and a power cut.

`bazel run //examples/blinky:update` plays all of it.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.blinky.board import POWER_CUT
from examples.blinky.device import Device, Report, factory_from

# Starts that a trial gets: kTrialBoots of the application.
TRIAL_BOOTS = 2


@dataclass(frozen=True)
class Scene:
    """A step of the play: a title, the run, and the lines that the run must have, as often as listed."""

    title: str
    run: Callable[[Device, Mapping[str, Path]], Report]
    expected: tuple[str, ...]
    status: int = 0


def _offer(name: str, *options: str) -> Callable[[Device, Mapping[str, Path]], Report]:
    return lambda device, bundles: device.run(*options, bundle=bundles[name])


def scenes(version: int, cut: int) -> list[Scene]:
    """The play, for a device that is made with `version`; `cut` is the flash operation of the power cut."""
    old, new, bad = version, version + 1, version + 2
    return [
        Scene(
            f"A new device gets version {old} in the factory.",
            lambda device, bundles: device.make(),
            (f"blinky: confirmed version {old}",),
        ),
        Scene(
            f"It is offered version {new}, tries it, and confirms it.",
            _offer("next"),
            (
                f"blinky: install? (y, n) version {new}",
                f"bootloader: trying version {new} in slot A",
                f"blinky: confirmed version {new}",
            ),
        ),
        Scene(
            "A stranger signed this release.",
            _offer("of_stranger"),
            ("blinky: rejected: THRESHOLD_NOT_MET",),
        ),
        Scene(
            "This release is for another board.",
            _offer("for_other_board"),
            ("blinky: rejected: WRONG_HARDWARE",),
        ),
        Scene(
            "This release is older than the installed one.",
            _offer("older"),
            ("blinky: rejected: TARGETS_ROLLBACK",),
        ),
        Scene(
            f"Version {bad} crashes in its trial: version {new} comes back.",
            _offer("crashing"),
            (
                f"bootloader: starting version {new} in slot A",
                *[f"bootloader: trying version {bad} in slot B"] * TRIAL_BOOTS,
                f"bootloader: starting version {new} in slot A",
                "blinky: the release in trial did not work: this one is back",
            ),
        ),
        Scene(
            f"Another device: in the middle of its update to version {new}, a person pulls the plug ...",
            lambda device, bundles: _made(device).run(f"cut={cut}:torn", bundle=bundles["next"]),
            (f"blinky: install? (y, n) version {new}",),
            status=POWER_CUT,
        ),
        Scene(
            "... and plugs it in again. It remembers the consent.",
            _offer("next"),
            (f"blinky: version {old}", f"blinky: confirmed version {new}"),
        ),
    ]


def _made(device: Device) -> Device:
    quiet = Device(device.factory, device.board.folder)
    quiet.make()
    return device


def main() -> int:
    """Plays all scenes. Returns 1 if the device did not do what the titles say."""
    # So that the emulator ends with this program, whichever way it is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bundles = {name: Path(path).absolute() for name, path in bundles_from(os.environ).items()}
    try:
        with tempfile.TemporaryDirectory() as scratch:
            device = Device(
                factory_from(os.environ), Path(scratch), lambda line: print("  " + line)
            )
            for scene in scenes(int(os.environ["VERSION"]), int(os.environ["CUT"])):
                print(scene.title, flush=True)
                problem = problem_of(scene, scene.run(device, bundles))
                if problem:
                    print(f"update: {problem}", file=sys.stderr)
                    return 1
    except KeyboardInterrupt:
        return 130
    return 0


def bundles_from(env: Mapping[str, str]) -> dict[str, str]:
    """Reads the offered bundles from the environment: `BUNDLE_NEXT` is `next`."""
    prefix = "BUNDLE_"
    return {
        name.removeprefix(prefix).lower(): path
        for name, path in env.items()
        if name.startswith(prefix)
    }


def problem_of(scene: Scene, report: Report) -> str | None:
    """The difference between a run and its scene, or None."""
    for line in scene.expected:
        count, expected = report.lines.count(line), scene.expected.count(line)
        if count != expected:
            return f"the device said {count} times and not {expected} times: {line}"
    if report.status != scene.status:
        return f"the emulator ended with {report.status}, not with {scene.status}"
    return None


if __name__ == "__main__":
    sys.exit(main())
