"""The life of a gateway, as a transcript of its console: `bazel run //examples/gateway:life` prints it.

Each step returns only when the device has done what the step is about, and raises AssertionError otherwise.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from examples.gateway.machine import Machine
from tests.device.programs import program

PAGE = "examples/gateway/README.md"
TRANSCRIPT = re.compile(r"^(```text life\n)(.*?)^(```)$", re.MULTILINE | re.DOTALL)

_CLIENT = "software-update-client"
# The EFI system partition on the disk.
_ESP = "@@1M"
_STICK_BYTES = 128 << 20
# Parts of lines that differ between two runs, or between two builds with other packages of Debian.
_CHANGING = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b\d+\.\d MB\b", "N MB"),
    (r"boot\.c:\d+@", "boot.c:N@"),
)


@dataclass(frozen=True)
class Built:
    """The files of a build: the disk and firmware of a device, and the images and bundles of each version."""

    folder: Path

    def __getitem__(self, name: str) -> Path:
        return self.folder / name


def built(env: Mapping[str, str]) -> Built:
    """Reads what the BUILD file hands over in the environment."""
    return Built(Path(env["GATEWAY_DISK"]).absolute().parent)


@dataclass
class Life:
    """A gateway, and what happens to it. `tell` gets each line of the transcript."""

    built: Built
    folder: Path
    tell: Callable[[str], None]
    machine: Machine = field(init=False)

    def __post_init__(self) -> None:
        disk, variables = self.built["disk.img"], self.built["firmware_variables.fd"]
        self.machine = Machine.make(self.folder / "gateway", disk, variables)

    # --- what people and the device do ---

    def heading(self, text: str) -> None:
        """Tells what comes next."""
        self.tell(f"== {text}")

    def starts(self, version: str) -> str:
        """Waits until a version takes commands, and returns what it has shown at its start."""
        shown = self._tell(self.machine.started())
        assert f"gateway: version {version}, Secure Boot on" in shown, shown
        return shown

    def power_on(self, version: str) -> str:
        """Switches the gateway on."""
        self.machine.power_on()
        return self.starts(version)

    def client(self, *words: str) -> str:
        """Runs a subcommand of the client on the console."""
        command = " ".join([_CLIENT, *words])
        self.tell(f"# {command}")
        return self._tell(self.machine.run(command))

    def client_restarts(self, version: str, *words: str) -> str:
        """Runs a subcommand that restarts the gateway."""
        command = " ".join([_CLIENT, *words])
        self.tell(f"# {command}")
        self.machine.enter(command)
        return self.starts(version)

    def firmware_refuses(self, image: str) -> None:
        """Waits until the firmware refuses the image of a slot, and switches the gateway off."""
        shown = self.machine.read_until(b"Access Denied\n")
        line = next(each for each in shown.splitlines() if "Error loading EFI binary" in each)
        self._tell(line)
        assert f"{image}: Access denied" in line
        assert "gateway: version" not in shown
        self.machine.power_off()

    # --- the disk and the stick ---

    def put(self, name: str, place: str) -> None:
        """Puts a file of the build onto the EFI system partition, as a person does who has the disk."""
        self._mcopy(self.folder / "gateway/disk.img", _ESP, self.built[name], place)

    def put_text(self, text: str, place: str) -> None:
        """Puts a text there."""
        path = self.folder / "text"
        path.write_text(text)
        self._mcopy(self.folder / "gateway/disk.img", _ESP, path, place)

    def stick(self, *names: str) -> None:
        """Puts a stick with files of the build into the gateway."""
        image = self.folder / "gateway/stick.img"
        with image.open("wb") as file:
            file.truncate(_STICK_BYTES)
        command = [program("mkfs.fat", "dosfstools"), "-F", "32", "-n", "STICK", str(image)]
        subprocess.run(command, check=True, capture_output=True)
        for name in names:
            self._mcopy(image, "", self.built[name], name)

    def _mcopy(self, image: Path, offset: str, source: Path, place: str) -> None:
        command = [
            program("mcopy", "mtools"),
            "-o",
            "-i",
            f"{image}{offset}",
            str(source),
            f"::/{place}",
        ]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def _tell(self, text: str) -> str:
        for line in text.rstrip("\n").splitlines():
            self.tell(stable(line))
        return text


def stable(line: str) -> str:
    """Returns a line without what differs between two runs."""
    for pattern, name in _CHANGING:
        line = re.sub(pattern, name, line)
    return line.rstrip()


def live(life: Life) -> None:
    """Plays all of it."""
    life.heading(
        "A new device starts without provisioning data: it knows no release, and asks about everything."
    )
    life.stick("bundle-1.0.bundle", "bundle-1.1.bundle")
    shown = life.power_on("1.0")
    assert "slot A runs an unknown release, root version 1, preset ask" in shown
    life.heading("The factory states the release. It is the floor now.")
    assert "slot A runs 1.0" in life.client("provision", "--bundle", "/media/bundle-1.0.bundle")

    life.heading(
        "A person installs version 1.1. It starts verified, passes its health checks, and is committed."
    )
    shown = life.client_restarts("1.1", "install", "/media/bundle-1.1.bundle", "--yes")
    assert "Gateway 1.1 is installed." in shown
    assert "slot B runs 1.1" in shown
    life.machine.power_off()

    life.heading(
        "An attacker with the disk puts an unsigned image into the slot. The firmware refuses it."
    )
    life.put("gateway-1.1.unsigned.efi", "b.efi")
    life.machine.power_on()
    life.firmware_refuses("b.efi")


def main() -> None:
    """Prints the life of a gateway; with `--update`, writes it into the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true", help="write the transcript into README.md")
    page = (
        Path(os.environ["BUILD_WORKSPACE_DIRECTORY"], PAGE) if parser.parse_args().update else None
    )
    lines = []

    def tell(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        life = Life(built(os.environ), Path(folder), tell)
        try:
            live(life)
        finally:
            life.machine.power_off()
        print(f"(the emulator ran for {life.machine.seconds:.0f} s)", file=sys.stderr)
    if page:
        text = "".join(f"{line}\n" for line in lines)
        page.write_text(
            TRANSCRIPT.sub(lambda found: f"{found[1]}{text}{found[3]}", page.read_text())
        )


if __name__ == "__main__":
    main()
