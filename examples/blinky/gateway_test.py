"""Tests that the client of a gateway updates the device over its serial line."""

from __future__ import annotations

import os
from pathlib import Path

from software_update.client.bundle_digest import bundle_digest
from software_update.client.consenting_smp import ConsentingSmp
from software_update.client.installers.microcontroller import MicrocontrollerInstaller
from software_update.client.mcuboot_slots import KeptSlots
from software_update.client.shell.smp_serial import SerialSmp
from software_update.testing.memory_storage import MemoryStorage

from examples.blinky.board import on_a_line
from examples.blinky.device import Device, factory_from

SECONDS = 60.0
TARGET = "blinky.bundle"


def test_gateway_updates_its_microcontroller(tmp_path: Path) -> None:
    device = Device(factory_from(os.environ), tmp_path)
    device.make()
    old, new = (Path(os.environ[name]).read_bytes() for name in ("BUNDLE", "BUNDLE_NEXT"))
    storage = MemoryStorage()
    storage.free = 1 << 24
    storage.make_folder("/state")
    with on_a_line(device.board, SECONDS) as line:
        smp = ConsentingSmp(SerialSmp(line, settle=0.2), bundle_digest)
        assert [each.hash for each in smp.images() if each.active] == [bundle_digest(old)]
        kept = KeptSlots(storage, "/state/mcu", ["A", "B"])
        writer = MicrocontrollerInstaller(smp, kept, TARGET).begin("B", TARGET, len(new))
        writer.write(new)
        writer.finish()
        smp.test(bundle_digest(new))
        smp.reset()
        smp.confirm(bundle_digest(new))
        active = [each for each in smp.images() if each.active]
        assert [(each.hash, each.confirmed) for each in active] == [(bundle_digest(new), True)]
