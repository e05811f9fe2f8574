"""Tests of the installer for microcontrollers with the device library."""

import pytest

from software_update.client.bundle_digest import bundle_digest
from software_update.client.consenting_smp import ConsentingSmp
from software_update.client.installer import Installer, InstallError, TargetWriter
from software_update.client.installer_check import check_installer
from software_update.client.installers.microcontroller import MicrocontrollerInstaller
from software_update.client.mcuboot_slots import KeptSlots
from software_update.testing import encode as e
from software_update.testing.mcuboot import FakeMicrocontroller
from software_update.testing.memory_storage import MemoryStorage

OLD, NEW = (e.bundle({"app": content}, version=at) for at, content in ((7, b"old"), (8, b"new")))
TARGET = "meter.bundle"


@pytest.fixture(name="mcu")
def mcu_fixture() -> FakeMicrocontroller:
    return FakeMicrocontroller(OLD, hash_of=lambda each: bundle_digest(each) if each else b"")


@pytest.fixture(name="installer")
def installer_fixture(mcu: FakeMicrocontroller) -> MicrocontrollerInstaller:
    storage = MemoryStorage()
    storage.free = 1 << 24
    storage.make_folder("/state")
    kept = KeptSlots(storage, "/state/mcu", ["A", "B"])
    return MicrocontrollerInstaller(ConsentingSmp(mcu, bundle_digest), kept, TARGET)


def install(installer: Installer, content: bytes) -> None:
    writer = installer.begin("B", TARGET, len(content))
    writer.write(content)
    writer.finish()


class _BundleWriter:
    """Sends bytes as the only payload of a bundle."""

    def __init__(self, writer: TargetWriter) -> None:
        self.writer = writer
        self.payload = b""

    def write(self, content: bytes | memoryview) -> None:
        self.payload += content

    def finish(self) -> None:
        self.writer.write(bundle(self.payload))
        self.writer.finish()

    def abort(self) -> None:
        self.writer.abort()


def bundle(payload: bytes) -> bytes:
    return e.bundle({"app": payload}, version=8)


class Bundles:
    """The installer for any bytes: each target is the payload of a bundle."""

    def __init__(self, installer: MicrocontrollerInstaller) -> None:
        self.check = installer.check
        self.problem = installer.problem
        self.clear = installer.clear
        self._installer = installer
        self._length = 0

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        self._length = length
        writer = self._installer.begin(slot, target, len(bundle(bytes(length))))
        return _BundleWriter(writer)

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        whole = self._installer.read(slot, target, 0, 1 << 30)
        return whole[len(whole) - self._length :][offset : offset + length]


def test_every_rule_of_an_installer_holds(installer: MicrocontrollerInstaller) -> None:
    bundles = Bundles(installer)
    found = check_installer(bundles, "B", [TARGET], length=30_007, restart=lambda: bundles)
    assert len(found) > 10
    assert [each for each in found if each.problem] == []


def test_bundle_is_sent_whole_with_consent(
    installer: MicrocontrollerInstaller, mcu: FakeMicrocontroller
) -> None:
    install(installer, NEW)
    assert (mcu.primary, mcu.secondary) == (OLD, NEW)
    assert [each.release for each in mcu.approved] == [bundle_digest(NEW)]
    assert installer.read("B", TARGET, 0, 1 << 20) == NEW


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"text", "target 'meter.bundle': is not a bundle"),
        (OLD, "target 'meter.bundle': is the release that runs on the device; build a newer one"),
    ],
    ids=["text", "running"],
)
def test_target_that_cannot_be_tried_is_not_sent(
    installer: MicrocontrollerInstaller, mcu: FakeMicrocontroller, content: bytes, problem: str
) -> None:
    with pytest.raises(InstallError, match=problem):
        install(installer, content)
    assert mcu.secondary == b""


def test_device_that_insists_on_its_own_answer_is_an_install_error(
    installer: MicrocontrollerInstaller, mcu: FakeMicrocontroller
) -> None:
    mcu.insists = True
    with pytest.raises(InstallError, match="takes no answer over the line"):
        install(installer, NEW)
