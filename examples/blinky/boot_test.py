"""Tests that the images from the bundle boot in QEMU."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from examples.blinky import boot
from examples.blinky.board import Board, make_flash, power_on

# Far more than a boot takes: a test that waits this long has failed.
SECONDS = 20.0

VERSION = int(os.environ["VERSION"])
BOOTLOADER_VERSION = int(os.environ["BOOTLOADER_VERSION"])


@pytest.fixture(name="setup", scope="module")
def setup_fixture() -> boot.Setup:
    return boot.setup_from(os.environ)


@pytest.fixture(name="release", scope="module")
def release_fixture(setup: boot.Setup, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracted") / "release"
    boot.extract(setup, folder)
    return folder


def said(setup: boot.Setup, bootloader: Path, flash: Path) -> list[str]:
    """The lines on the serial port of a board that blinks once."""
    with power_on(Board(setup.emulator, bootloader, flash), SECONDS, "blinks=1") as run:
        return list(run.lines())


def test_the_release_boots_and_says_its_version(
    setup: boot.Setup, release: Path, tmp_path: Path
) -> None:
    flash = tmp_path / "flash.bin"
    make_flash(flash, (release / "application").read_bytes())
    assert said(setup, release / "bootloader", flash) == [
        f"bootloader: version {BOOTLOADER_VERSION}",
        f"bootloader: starting version {VERSION}",
        f"blinky: version {VERSION}",
        "blinky: blink 1",
    ]


def test_the_bundle_and_its_manifest_have_the_same_version(
    setup: boot.Setup, release: Path
) -> None:
    inspect = [str(setup.software_update), "bundle", "inspect", str(setup.bundle), "--json"]
    bundle = json.loads(subprocess.run(inspect, check=True, capture_output=True).stdout)
    manifest = json.loads((release / "user_manifest").read_bytes())
    assert bundle["targets"]["version"] == VERSION
    assert manifest["version"] == str(VERSION)
    assert manifest["release_counter"] == int(os.environ["RELEASE_COUNTER"])


def test_the_bundle_holds_the_whole_release(release: Path) -> None:
    files = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert files == {
        "application",
        "assets/logo.raw",
        "assets/messages.de.txt",
        "assets/messages.en.txt",
        "bootloader",
        "user_manifest",
    }


def test_images_contain_no_path_of_the_build(release: Path) -> None:
    for name in ("bootloader", "application"):
        assert b"blinky/" not in (release / name).read_bytes()


def with_word(image: bytes, offset: int, word: int) -> bytes:
    return image[:offset] + word.to_bytes(4, "little") + image[offset + 4 :]


@pytest.mark.parametrize(
    ("offset", "word", "fault"),
    [
        (0, 0xFFFFFFFF, "no application"),
        (8, 0x80000000, "the application is larger than its slot"),
        (12, 0x20000000, "the application's vector table is outside of it"),
    ],
)
def test_bootloader_does_not_start_a_broken_application(
    setup: boot.Setup, release: Path, tmp_path: Path, offset: int, word: int, fault: str
) -> None:
    flash = tmp_path / "flash.bin"
    make_flash(flash, with_word((release / "application").read_bytes(), offset, word))
    assert said(setup, release / "bootloader", flash) == [
        f"bootloader: version {BOOTLOADER_VERSION}",
        f"bootloader: stopped: {fault}",
    ]
