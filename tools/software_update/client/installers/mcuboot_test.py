"""Tests of the installer for microcontrollers with MCUboot."""

from dataclasses import dataclass

import pytest

from software_update.client.installer import InstallError, TargetWriter
from software_update.client.installer_check import check_installer
from software_update.client.installers.mcuboot import McubootInstaller
from software_update.client.mcuboot_slots import KeptSlots
from software_update.testing.mcuboot import HEADER_BYTES, FakeMcu, image
from software_update.testing.memory_storage import MemoryStorage

OLD, NEW = image(b"old"), image(b"new" * 1000)


@dataclass
class Bench:
    mcu: FakeMcu
    storage: MemoryStorage
    installer: McubootInstaller


@pytest.fixture(name="bench")
def bench_fixture() -> Bench:
    mcu, storage = FakeMcu(OLD), MemoryStorage()
    storage.free = 1 << 24
    storage.make_folder("/state")
    kept = KeptSlots(storage, "/state/mcu", ["A", "B"])
    return Bench(mcu, storage, McubootInstaller(mcu, kept, "mcu"))


def install(installer: McubootInstaller, content: bytes) -> None:
    writer = installer.begin("B", "mcu", len(content))
    writer.write(content)
    writer.finish()


class _ImageWriter:
    """Sends bytes as the code of an image."""

    def __init__(self, writer: TargetWriter) -> None:
        self.writer = writer
        self.code = b""

    def write(self, content: bytes | memoryview) -> None:
        self.code += content

    def finish(self) -> None:
        self.writer.write(image(self.code))
        self.writer.finish()

    def abort(self) -> None:
        self.writer.abort()


class Images:
    """The installer for any bytes: each target is the code of an image."""

    def __init__(self, installer: McubootInstaller) -> None:
        self.check = installer.check
        self.problem = installer.problem
        self.clear = installer.clear
        self._installer = installer

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        return _ImageWriter(self._installer.begin(slot, target, len(image(bytes(length)))))

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        header = self._installer.read(slot, target, 0, HEADER_BYTES)
        left = max(0, int.from_bytes(header[12:16], "little") - offset)
        return self._installer.read(slot, target, HEADER_BYTES + offset, min(length, left))


def test_every_rule_of_an_installer_holds(bench: Bench) -> None:
    images = Images(bench.installer)
    found = check_installer(images, "B", ["mcu"], running="A", restart=lambda: images)
    assert len(found) > 10
    assert [each for each in found if each.problem] == []


def test_image_is_on_the_device_before_it_reads_back(bench: Bench) -> None:
    install(bench.installer, NEW)
    assert (bench.mcu.primary, bench.mcu.secondary) == (OLD, NEW)
    assert bench.installer.read("B", "mcu", 0, 1 << 20) == NEW


def test_read_fails_when_the_device_lost_the_image(bench: Bench) -> None:
    install(bench.installer, NEW)
    bench.mcu.secondary = image(b"other")
    with pytest.raises(
        InstallError, match=r"slot 'B': the device does not list image \w{16}\.\.\.; "
    ):
        bench.installer.read("B", "mcu", 0, 1)


def test_image_before_does_not_read_back_while_the_next_one_is_written(bench: Bench) -> None:
    install(bench.installer, NEW)
    bench.installer.begin("B", "mcu", 100).write(b"half")
    with pytest.raises(FileNotFoundError):
        bench.installer.read("B", "mcu", 0, 1)
    bench.installer.clear("B")
    assert [*bench.storage.list("/state/mcu")] == ["slots.json"]


def test_upload_that_the_device_does_not_list_fails(bench: Bench) -> None:
    bench.mcu.loses_uploads = True
    with pytest.raises(InstallError, match="the device does not list image"):
        install(bench.installer, NEW)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"text" * 20, "target 'mcu': is not an image of MCUboot"),
        (OLD, "target 'mcu': is the image that runs, .* build it with another version"),
    ],
    ids=["no image", "running image"],
)
def test_image_that_cannot_be_tried_is_not_sent(bench: Bench, content: bytes, problem: str) -> None:
    with pytest.raises(InstallError, match=problem):
        install(bench.installer, content)
    assert bench.mcu.secondary == b""


def test_device_that_rejects_the_upload_is_an_install_error(bench: Bench) -> None:
    bench.mcu.pending = True
    with pytest.raises(InstallError, match="the other slot is in use"):
        install(bench.installer, NEW)


def test_other_targets_and_images_are_rejected(bench: Bench) -> None:
    with pytest.raises(InstallError, match="target 'fpga': its installer takes only 'mcu'"):
        bench.installer.begin("B", "fpga", 1)
    kept = KeptSlots(bench.storage, "/state/mcu", ["A", "B"])
    assert McubootInstaller(bench.mcu, kept, "mcu", 1).check() == [
        "image 1: the device lists no active image; correct the image's number"
    ]


def test_space_for_the_kept_image_is_checked(bench: Bench) -> None:
    bench.storage.free = 10
    assert bench.installer.problem("B", "mcu", 11) == (
        "/state: has room for 10 bytes, and target 'mcu' has 11"
    )
