"""The commands that install one file into a raw slot: of our client, of rauc, and dd, which only writes."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.commands import CLIENT, OUR_TOOL, TOOLS, Work
from tests.benchmarks.measure import Command, run
from tests.device.rauc_service import rauc_service

_CONFIGURATION = """\
vendor = "Example"
state = "{folder}/state"
[domains.main]
root = "{keys}/root.pb"
slots = ["A", "B"]
[[domains.main.sources]]
type = "file"
path = "{folder}/ours.bundle"
[[domains.main.installers]]
type = "raw"
targets = ["f/00000"]
slots = {{ A = "{folder}/slot_A", B = "{folder}/slot_B" }}
[domains.main.boot]
type = "directory"
link = "{folder}/current"
slots = {{ A = "{folder}/A", B = "{folder}/B" }}
"""


def installations(work: Work, size: int, stack: ExitStack) -> list[Command]:
    """Returns the commands, rauc's first. `stack` ends rauc's service."""
    folder = work.folder
    commands = [_client(work), _dd(work)]
    if {"rauc", "mksquashfs"} <= work.peers.programs.keys() and shutil.which("rauc"):
        commands.insert(0, _rauc(work, stack))
    slots = {"rauc": folder / "rauc_service/slot_B"}

    def with_new_slot(command: Command) -> Command:
        slot = slots.get(command.tool, folder / "slot_B")
        return replace(command, prepare=lambda: _prepare(folder, slot, size))

    return [with_new_slot(command) for command in commands]


def _prepare(folder: Path, slot: Path, size: int) -> None:
    """Makes the slot empty and the client new, and waits until the disk is idle."""
    slot.unlink(missing_ok=True)
    with slot.open("wb") as file:
        file.truncate(size)
    shutil.rmtree(folder / "state", ignore_errors=True)
    os.sync()


def _client(work: Work) -> Command:
    """Returns the command of our client, for the bundle that it makes. It stops before the restart."""
    for name in "AB":
        (work.folder / name).mkdir()
        (work.folder / f"slot_{name}").touch()
    (work.folder / "current").symlink_to("A")
    config = _CONFIGURATION.format(folder=work.folder, keys=work.keys)
    (work.folder / "client.toml").write_text(config)
    run(work.create(OUR_TOOL, 0))
    template = f"{CLIENT} install {{folder}}/ours.bundle --yes --config {{folder}}/client.toml"
    return replace(work.command(CLIENT, template), says="is in slot B")


def _dd(work: Work) -> Command:
    """Returns a command that writes and syncs the file, and does nothing else."""
    return work.command(
        "dd", "dd if={inputs}/00000.img of={folder}/slot_B bs=1M conv=fsync,notrunc"
    )


def _rauc(work: Work, stack: ExitStack) -> Command:
    """Starts rauc's service, and returns its command, for the bundle that it makes."""
    [tool] = [each for each in TOOLS if each.name == "rauc"]
    run(work.create(tool, 0))
    lines = ["bootloader=noop", "bundle-formats=plain"]
    lines += [f"data-directory={work.folder}/rauc_data"]
    lines += ["[keyring]", f"path={work.keys}/key.crt"]
    (work.folder / "rauc_data").mkdir()
    service = stack.enter_context(rauc_service(work.folder / "rauc_service", "A", lines))
    command = work.command("rauc", "rauc install {artifact}", tool.artifact)
    return replace(command, environment=service.env, server=service.pid, says="succeeded")
