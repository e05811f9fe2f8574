"""Tests of the backends on real files, with real programs."""

import sys
from pathlib import Path
from typing import cast

import pytest

from software_update.client.backend_check import Finding
from software_update.client.boot.directory import DirectoryBoot
from software_update.client.boot.exec_program import ExecBoot
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootControl
from software_update.client.installer_check import check_installer
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.exec_program import ExecInstaller
from software_update.client.installers.raw import RawInstaller
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.programs import MachinePrograms
from software_update.client.system import Clock, Network, System

# A device in a folder: `slots/B/TARGET` and `boot.json`. Both protocols differ in their calls only.
PROGRAM = """
import json, os, shutil, sys
folder = sys.argv[1]
request = json.load(sys.stdin)
call, slot = request["call"], request["slot"]
answer = {"protocol": request["protocol"]}


def place():
    return os.path.join(folder, "slots", slot, request["target"])


def load():
    with open(folder + "/boot.json") as file:
        return json.load(file)


def save(boot):
    with open(folder + "/boot.json", "w") as file:
        json.dump(boot, file)


if call == "check":
    answer |= {"problems": [], "warnings": []}
elif call == "problem":
    answer["problem"] = "too long" if request["length"] > 1 << 30 else None
elif call == "clear":
    shutil.rmtree(os.path.join(folder, "slots", slot), ignore_errors=True)
elif call == "write":
    os.makedirs(os.path.dirname(place()), exist_ok=True)
    shutil.copyfile(request["file"], place())
elif call == "read":
    answer["found"] = os.path.exists(place())
    if answer["found"]:
        with open(place(), "rb") as source, open(request["file"], "wb") as file:
            source.seek(request["offset"])
            file.write(source.read(request["length"]))
elif call == "status":
    boot = load()
    slots = [{"slot": each, "state": state} for each, state in boot["slots"].items()]
    answer |= {"booted": boot["booted"], "primary": boot["primary"], "slots": slots}
elif call == "mark_unbootable":
    boot = load()
    boot["slots"][slot] = "unbootable"
    boot["primary"] = next(each for each, state in boot["slots"].items() if state == "good")
    save(boot)
elif call == "try_slot":
    boot = load()
    boot["slots"][slot] = "trying"
    save({**boot, "primary": slot})
elif call == "confirm":
    boot = load()
    boot["slots"][slot] = "good"
    save({**boot, "primary": slot})
print(json.dumps(answer))
"""


@pytest.fixture(name="system")
def system_fixture() -> System:
    return System(MachineStorage(), MachinePrograms(), cast(Clock, None), cast(Network, None))


@pytest.fixture(name="program")
def program_fixture(tmp_path: Path) -> list[str]:
    (tmp_path / "product.py").write_text(PROGRAM)
    (tmp_path / "boot.json").write_text(
        '{"booted": "A", "primary": "A", "slots": {"A": "good", "B": "unbootable"}}'
    )
    return [sys.executable, "-S", str(tmp_path / "product.py"), str(tmp_path)]


def broken(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.problem is not None]


def test_raw_files(tmp_path: Path, system: System) -> None:
    paths = {slot: str(tmp_path / slot) for slot in "AB"}
    for path in paths.values():
        Path(path).write_bytes(b"older")
    raw = RawInstaller(system.storage, "rootfs", paths)
    assert broken(check_installer(raw, "B", ["rootfs"], running="A", restart=lambda: raw)) == []
    assert Path(paths["A"]).read_bytes() == b"older"


def test_folders(tmp_path: Path, system: System) -> None:
    (tmp_path / "A").mkdir()
    (tmp_path / "A/app").write_bytes(b"running")
    folders = {slot: str(tmp_path / slot) for slot in "AB"}
    made = DirectoryInstaller(system.storage, folders)
    found = check_installer(made, "B", ["app", "lib/x.py"], running="A", restart=lambda: made)
    assert broken(found) == []
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "app",
        "app",
        "x.py",
    ]


def test_link_to_folders(tmp_path: Path, system: System) -> None:
    folders = {slot: str(tmp_path / slot) for slot in "AB"}
    for folder in folders.values():
        Path(folder).mkdir()
    link = tmp_path / "current"
    link.symlink_to("A")
    boot = DirectoryBoot(system.storage, str(link), folders)

    def restart() -> BootControl:
        while boot.started():
            pass
        return boot

    assert broken(check_boot(boot, "B", restart)) == []
    assert link.readlink() == Path("A")


def test_program_as_installer(tmp_path: Path, system: System, program: list[str]) -> None:
    made = ExecInstaller(system, program, str(tmp_path / "staging"))
    found = check_installer(made, "B", ["mcu", "fpga"], length=5003, running="A")
    assert broken(found) == []
    assert not (tmp_path / "staging").exists()


def test_program_as_boot_control(system: System, program: list[str]) -> None:
    assert broken(check_boot(ExecBoot(system, program, ["A", "B"]), "B")) == []
