"""Tests that a device with the release of the bundle boots in QEMU."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from examples.blinky.board import power_on
from examples.blinky.device import Device, factory_from

# Far more than a boot takes: a test that waits this long has failed.
SECONDS = 20.0

VERSION = int(os.environ["VERSION"])
BOOTLOADER_VERSION = int(os.environ["BOOTLOADER_VERSION"])
SOFTWARE_UPDATE = Path(os.environ["SOFTWARE_UPDATE"]).absolute()


@pytest.fixture(name="device", scope="module")
def device_fixture(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """A device from the factory. Tests that change its flash put the content back."""
    device = Device(factory_from(os.environ), tmp_path_factory.mktemp("device"))
    made = device.make()
    assert made.status == 0, made.lines
    return device


@pytest.fixture(name="release", scope="module")
def release_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The payloads of the bundle, after the verification on this machine."""
    folder = tmp_path_factory.mktemp("extracted") / "release"
    verify: list[str | Path] = [SOFTWARE_UPDATE, "bundle", "verify", os.environ["BUNDLE"]]
    verify += ["--at=none", "--trusted-root", os.environ["TRUSTED_ROOT"], "--extract", folder]
    subprocess.run(verify, check=True, stdout=subprocess.DEVNULL)
    return folder


def test_the_release_boots_and_says_its_version(device: Device) -> None:
    with power_on(device.board, SECONDS, "blinks=1") as run:
        assert list(run.lines())[:4] == [
            f"bootloader: version {BOOTLOADER_VERSION}",
            f"bootloader: starting version {VERSION} in slot B",
            f"blinky: version {VERSION}",
            "blinky: blink 1",
        ]


def test_the_bundle_and_its_manifest_have_the_same_version(release: Path) -> None:
    inspect = [str(SOFTWARE_UPDATE), "bundle", "inspect", os.environ["BUNDLE"], "--json"]
    bundle = json.loads(subprocess.run(inspect, check=True, capture_output=True).stdout)
    manifest = json.loads((release / "user_manifest").read_bytes())
    assert bundle["targets"]["version"] == VERSION
    assert manifest["version"] == str(VERSION)
    assert manifest["release_counter"] == int(os.environ["RELEASE_COUNTER"])


def test_the_bundle_contains_the_whole_release(release: Path) -> None:
    files = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert files == {
        "application",
        "assets/logo.raw",
        "assets/messages.de.txt",
        "assets/messages.en.txt",
        "user_manifest",
    }


def test_images_contain_no_path_of_the_build() -> None:
    for name in ("BOOTLOADER", "APPLICATION"):
        assert b"blinky/" not in Path(os.environ[name]).read_bytes()


def test_bootloader_does_not_start_a_changed_application(device: Device) -> None:
    whole = device.board.flash.read_bytes()
    image = Path(os.environ["APPLICATION"]).read_bytes()
    place = whole.index(image)
    with device.board.flash.open("r+b") as flash:
        flash.seek(place + len(image) // 2)
        flash.write(bytes([whole[place + len(image) // 2] ^ 1]))
    report = device.run()
    device.board.flash.write_bytes(whole)
    assert report.lines == [
        f"bootloader: version {BOOTLOADER_VERSION}",
        "bootloader: stopped: no slot contains an application that may start",
    ]
    assert report.status == 1


def test_the_sbom_names_the_compiler_the_c_library_and_each_package() -> None:
    bundle = os.environ["BUNDLE_WITH_SBOM"]
    verify: list[str | Path] = [SOFTWARE_UPDATE, "bundle", "verify", bundle, "--at=none", "--json"]
    verify += ["--trusted-root", os.environ["TRUSTED_ROOT"], f"--attachments={bundle}.attachments"]
    verified = json.loads(subprocess.run(verify, check=True, capture_output=True).stdout)
    assert [each["name"] for each in verified["attachments"]] == ["sbom.cdx.json"]
    sbom = json.loads(Path(f"{bundle}.attachments/sbom.cdx.json").read_bytes())
    versions = {each["name"]: each.get("version") for each in sbom["components"]}
    assert versions.keys() == {
        "//device",
        "//examples/blinky",
        "//examples/blinky/firmware",
        "gcc",
        "picolibc",
        "software_update_device_crypto",
    }
    assert versions["gcc"]
    assert versions["picolibc"]


def test_the_page_shows_that_the_sbom_is_the_one_of_the_release() -> None:
    page = Path(os.environ["PAGE"]).read_text()
    assert "sbom.cdx.json" in page
    assert "listed by the release, and present" in page
