"""Tests that a device updates itself, refuses what it must, and survives power cuts."""

from __future__ import annotations

import os
from pathlib import Path

from examples.blinky import update
from examples.blinky.device import Device, factory_from

VERSION = int(os.environ["VERSION"])
BUNDLES = {name: Path(path).absolute() for name, path in update.bundles_from(os.environ).items()}


def test_play(tmp_path: Path) -> None:
    device = Device(factory_from(os.environ), tmp_path)
    for scene in update.scenes(VERSION, int(os.environ["CUT"])):
        report = scene.run(device, BUNDLES)
        assert update.problem_of(scene, report) is None, (scene.title, report.lines)


def test_a_no_keeps_the_release(tmp_path: Path) -> None:
    device = Device(factory_from(os.environ), tmp_path)
    device.make()
    refused = device.run(bundle=BUNDLES["next"], answers="n")
    assert "blinky: not installed: there is no consent" in refused.lines
    assert f"bootloader: starting version {VERSION} in slot B" in device.run().lines


def test_a_release_that_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    device = Device(factory_from(os.environ), tmp_path)
    device.make()
    again = device.run(bundle=device.factory.bundle)
    assert again.lines[-1] == "blinky: flash operations: 0"
