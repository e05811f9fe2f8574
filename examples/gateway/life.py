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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from software_update.testing.command import done

from examples.blinky.board import on_a_socket
from examples.blinky.device import Device, factory_from
from examples.gateway.machine import Machine
from tests.device.nginx import Nginx
from tests.device.programs import program

PAGE = "examples/gateway/README.md"
TRANSCRIPT = re.compile(r"^(```text life\n)(.*?)^(```)$", re.MULTILINE | re.DOTALL)

_CLIENT = "software-update-client"
# The EFI system partition on the disk.
_ESP = "@@1M"
# The partition after it, as layout.json has it.
_STATE_OFFSET = "offset=101711872"
_STATE_SIZE = "16384k"
_STICK_BYTES = 128 << 20
# Parts of lines that differ between two runs, or between two builds with other packages of Debian.
_CHANGING = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b[0-9a-f]{16}\.\.\.", "DIGEST"),
    (r"\b\d+\.\d MB\b", "N MB"),
    (r"\b\d{5,} bytes\b", "N bytes"),
    (r"boot\.c:\d+@", "boot.c:N@"),
)


# An entry of systemd-boot that starts before all that the client has written.
_ENTRY = """sort-key software-update
version 99
title Gateway, slot B
uki /b.efi
"""
_OTHER_IMAGES = {
    "an unsigned image": "gateway-1.1.unsigned.efi",
    "an image with another signature": "attacker.efi",
}
_KEYS = Path("examples/gateway/keys")
# The content of the stick: the file of the build, and its name there.
_STICK = {
    "bundle-1.1.bundle": "bundle-1.1.bundle",
    "attacker_bundle.bundle": "attacker.bundle",
    "light_bundle.bundle": "light.bundle",
}
_LIGHT_SECONDS = 1800.0


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
    light: Path
    machine: Machine = field(init=False)
    server: Nginx = field(init=False)

    def __post_init__(self) -> None:
        self.server = Nginx(self.folder / "server")
        self.leave_factory()

    def leave_factory(self) -> None:
        """Makes the gateway as the factory does."""
        disk, variables = self.built["factory.img"], self.built["firmware_variables.fd"]
        self.machine = Machine.make(self.folder / "gateway", disk, variables)
        self.machine.server_port = int(self.server.url("").rsplit(":", 1)[1].rstrip("/"))
        self.machine.light = self.light
        self.stick(_STICK)

    def erase_state(self) -> None:
        """Empties the partition of the client's state, as if the factory had not written it."""
        disk = self.folder / "gateway/disk.img"
        command = [program("mke2fs", "e2fsprogs"), "-q", "-F", "-t", "ext4", "-E", _STATE_OFFSET]
        subprocess.run([*command, str(disk), _STATE_SIZE], check=True, capture_output=True)

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

    def client(self, *words: str, lines: int | None = None) -> str:
        """Runs a subcommand of the client on the console, and tells its first lines, by default all."""
        command = " ".join([_CLIENT, *words])
        self.tell(f"# {command}")
        return self._tell(self.machine.run(command), lines)

    def client_restarts(self, version: str, *words: str) -> str:
        """Runs a subcommand that restarts the gateway."""
        command = " ".join([_CLIENT, *words])
        self.tell(f"# {command}")
        self.machine.enter(command)
        return self.starts(version)

    def firmware_refuses(self, image: str) -> None:
        """Waits until the firmware refuses the image of a slot, and switches the gateway off."""
        shown = self.machine.read_until(b"Rebooting in 5s.\n")
        lines = [each for each in shown.splitlines() if not each.startswith("BdsDxe: ")]
        self._tell("\n".join(lines[-2:]))
        assert f"Error loading EFI binary \\{image}: Access denied" in lines[-2]
        assert "gateway: version" not in shown
        self.machine.power_off()

    # --- the vendor ---

    def publish(self, version: str) -> None:
        """Publishes a release in the repository."""
        bundle = self.built[f"bundle-{version}.bundle"]
        keys = [f"--{name}-key={_key(name)}" for name in ("targets", "snapshot", "rollout")]
        roots = [
            f"--trusted-root={self.built['root_1.root.pb']}",
            f"--repository-root={self.built['repository_root.json']}",
        ]
        shown = done(
            "repository",
            "add",
            (self.folder / "server/www"),
            bundle,
            "--channel=stable",
            *keys,
            *roots,
        ).out
        self.tell(
            f"$ software-update repository add updates bundle-{version}.bundle --channel stable ..."
        )
        self._tell(shown.partition("\ndevices in the field")[0])

    def make_repository(self) -> None:
        """Makes the repository without releases, whose root is in the image."""
        keys = [f"--{name}-key={_key(name)}" for name in ("targets", "snapshot")]
        words = [
            f"--root={self.built['repository_root.json']}",
            f"--rollout-public={_key('rollout')}.pub",
        ]
        done("repository", "init", (self.folder / "server/www"), *words, *keys)

    # --- the disk and the stick ---

    def put(self, name: str, place: str) -> None:
        """Puts a file of the build onto the EFI system partition, as a person does who has the disk."""
        self._mcopy(self.folder / "gateway/disk.img", _ESP, self.built[name], place)

    def put_text(self, text: str, place: str) -> None:
        """Puts a text there."""
        path = self.folder / "text"
        path.write_text(text)
        self._mcopy(self.folder / "gateway/disk.img", _ESP, path, place)

    def stick(self, names: Mapping[str, str]) -> None:
        """Puts a stick with files of the build into the gateway, each under its name there."""
        image = self.folder / "gateway/stick.img"
        with image.open("wb") as file:
            file.truncate(_STICK_BYTES)
        command = [program("mkfs.fat", "dosfstools"), "-F", "32", "-n", "STICK", str(image)]
        subprocess.run(command, check=True, capture_output=True)
        for name, place in names.items():
            self._mcopy(image, "", self.built[name], place)

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

    def _tell(self, text: str, lines: int | None = None) -> str:
        told = text.rstrip("\n").splitlines()
        for line in told[:lines]:
            self.tell(stable(line))
        if lines is not None and len(told) > lines:
            self.tell("...")
        return text


def _key(name: str) -> str:
    return str(_KEYS / f"throwaway_repository_{name}_key.pem")


def stable(line: str) -> str:
    """Returns a line without what differs between two runs."""
    for pattern, name in _CHANGING:
        line = re.sub(pattern, name, line)
    return line.rstrip()


def live(life: Life) -> None:
    """Plays all of it."""
    first_starts(life)
    updates(life)
    attacks_on_the_disk(life)


def first_starts(life: Life) -> None:
    """A device without the factory's data, and one as the factory makes it."""
    life.heading(
        "A device without the factory's data starts: it knows no release, and has no floor."
    )
    life.erase_state()
    shown = life.power_on("1.0")
    assert "system: slot A runs an unknown release, root version 1, preset ask" in shown
    life.machine.power_off()
    life.heading("A device from the factory starts. It knows its release, which is the floor.")
    life.leave_factory()
    assert "system: slot A runs 1.0, root version 1, preset ask" in life.power_on("1.0")


def updates(life: Life) -> None:
    """Three updates of the system, one of the light, and a bundle of an attacker."""
    life.heading("Update 1, from the repository. A person reads the question and agrees.")
    life.publish("1.1")
    assert "Version:              1.0 -> 1.1" in life.client("check", "--domain", "system")
    assert "AwaitingConsent(restart)" in life.client("approve", lines=2)
    life.heading("The gateway restarts into slot B, and commits the release that runs.")
    shown = life.client_restarts("1.1", "approve")
    assert "Gateway 1.1 is installed." in shown

    life.heading("The client refuses a bundle that an attacker has signed.")
    assert "(exit code 1)" in life.client("install", "/media/attacker.bundle", "--domain", "system")
    life.heading(
        "The light is a trust domain of its own: a microcontroller, which verifies its bundle again."
    )
    assert "AwaitingConsent(download)" in life.client("check", "--domain", "light", lines=8)
    assert "Light 8 is installed." in life.client("approve", "--all")

    life.heading("Update 2 crashes. The gateway falls back by itself.")
    life.publish("1.2")
    assert "1.1 -> 1.2" in life.client("check", "--domain", "system", lines=2)
    assert "AwaitingConsent(restart)" in life.client("approve", lines=2)
    shown = life.client_restarts("1.1", "approve")
    assert shown.startswith("gateway: version 1.2 crashes\nKernel panic")
    assert "FELL_BACK" in shown

    life.heading("Update 3 is signed under a new root, and its image contains that root.")
    life.publish("1.3")
    assert "1.1 -> 1.3" in life.client("check", "--domain", "system", lines=2)
    assert "AwaitingConsent(restart)" in life.client("approve", lines=2)
    shown = life.client_restarts("1.3", "approve")
    assert "system: slot A runs 1.3, root version 2" in shown

    life.heading("A factory reset forgets what belongs to the user. The new root stays.")
    shown = life.client("factory-reset")
    assert "system: slot A runs 1.3, root version 2" in shown
    life.machine.power_off()


def attacks_on_the_disk(life: Life) -> None:
    """An attacker has the disk: the attacker's image does not start, and an old one of the vendor does."""
    for kind, image in _OTHER_IMAGES.items():
        life.heading(f"An attacker with the disk puts {kind} into slot B, and has it start first.")
        life.put(image, "b.efi")
        life.put_text(_ENTRY, "loader/entries/gateway-b+1.conf")
        life.machine.power_on()
        life.firmware_refuses("b.efi")

    life.heading(
        "The attacker copies release 1.1 back. Its signature is still valid, so the firmware starts it."
    )
    life.put("gateway-1.1.efi", "b.efi")
    life.put_text(_ENTRY, "loader/entries/gateway-b.conf")
    shown = life.power_on("1.1")
    assert "BelowFloor" in shown
    assert "root version 2" in shown
    life.heading(
        "The device refuses to install the old release, because its root and its counter are too old."
    )
    assert "(exit code 1)" in life.client(
        "install", "/media/bundle-1.1.bundle", "--domain", "system"
    )
    life.heading("It returns to the release at its floor.")
    assert "1.1 -> 1.3" in life.client("check", "--domain", "system", lines=2)
    assert "AwaitingConsent(restart)" in life.client("approve", lines=2)
    shown = life.client_restarts("1.3", "approve")
    assert "BelowFloor" not in shown
    life.machine.power_off()


@contextmanager
def life_in(folder: Path, env: Mapping[str, str], tell: Callable[[str], None]) -> Iterator[Life]:
    """A gateway from the factory, with its light, its server and a stick. All of it ends afterwards."""
    light = folder / "light"
    light.mkdir(parents=True)
    device = Device(factory_from(env), light)
    device.make()
    with on_a_socket(device.board, _LIGHT_SECONDS) as socket:
        life = Life(built(env), folder, tell, socket)
        life.server.start()
        try:
            life.make_repository()
            yield life
        finally:
            life.machine.power_off()
            life.server.stop()


def main() -> None:
    """Prints the life of a gateway; with `--update`, writes it into the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true", help="write the transcript into README.md")
    update = parser.parse_args().update
    lines = []

    def tell(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    with tempfile.TemporaryDirectory() as folder, life_in(Path(folder), os.environ, tell) as life:
        live(life)
        print(f"(the emulator ran for {life.machine.seconds:.0f} s)", file=sys.stderr)
    if update:
        page = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"], PAGE)
        text = "".join(f"{line}\n" for line in lines)
        page.write_text(
            TRANSCRIPT.sub(lambda found: f"{found[1]}{text}{found[3]}", page.read_text())
        )


if __name__ == "__main__":
    main()
