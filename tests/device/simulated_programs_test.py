"""The simulated fw_printenv and fw_setenv do what the real ones do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from software_update.client.simulator import environment
from software_update.client.simulator.boot_programs import BootPrograms
from software_update.client.simulator.image import Device, Image
from software_update.client.simulator.storage import SimulatedStorage

from tests.device.programs import program

SIZE = 0x400
# Program, arguments, and standard input.
STEPS: list[tuple[str, list[str], str]] = [
    ("fw_printenv", [], ""),
    ("fw_setenv", ["-s", "-"], "BOOT_ORDER=A B\nBOOT_A_LEFT=3\n# comment\nno equals sign\n"),
    ("fw_printenv", [], ""),
    ("fw_printenv", ["BOOT_ORDER", "BOOT_A_LEFT"], ""),
    ("fw_printenv", ["-n", "BOOT_ORDER"], ""),
    ("fw_setenv", ["BOOT_A_LEFT", "2"], ""),
    ("fw_setenv", ["BOOT_A_LEFT", "2"], ""),
    ("fw_setenv", ["-s", "-"], "BOOT_A_LEFT=2\n"),
    ("fw_setenv", ["-s", "-"], "BOOT_A_LEFT=\nBOOT_B_LEFT=f=1\n"),
    ("fw_setenv", ["BOOT_B_LEFT"], ""),
    ("fw_setenv", ["missing"], ""),
    ("fw_printenv", [], ""),
]


@pytest.mark.parametrize("copies", [1, 2])
def test_simulated_programs_do_what_the_real_ones_do(tmp_path: Path, copies: int) -> None:
    program("fw_setenv", "libubootenv-tool")
    flash, config, defaults = (tmp_path / name for name in ("flash", "config", "defaults"))
    flash.write_bytes(b"\xff" * SIZE * copies)
    config.write_text("".join(f"{flash} {SIZE * copy:#x} {SIZE:#x}\n" for copy in range(copies)))
    defaults.write_text("bootcmd=run start\n")
    files = {str(path): path.read_bytes() for path in (config, defaults)}
    simulated = SimulatedStorage(Image.of({**files, str(flash): Device(flash.read_bytes())}))
    programs = BootPrograms(simulated)
    places = environment.parse_config(config.read_text())
    for name, arguments, stdin in STEPS:
        argv = [name, "-c", str(config), "-f", str(defaults), *arguments]
        real = subprocess.run(argv, input=stdin.encode(), capture_output=True, check=False)
        run = programs.printenv if name == "fw_printenv" else programs.setenv
        result = run(argv, stdin.encode())
        assert (result.exit_code, result.stdout) == (real.returncode, real.stdout), argv
        written = SimulatedStorage(Image.of({str(flash): Device(flash.read_bytes())}))
        assert environment.read(simulated, places) == environment.read(written, places), argv
