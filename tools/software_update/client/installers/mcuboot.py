"""One image of a microcontroller with MCUboot, over SMP."""

from dataclasses import replace
from posixpath import dirname

from software_update.client.installer import InstallError, TargetWriter
from software_update.client.installers.file_writer import FileWriter, read_file
from software_update.client.mcuboot_image import image_hash
from software_update.client.mcuboot_slots import KeptSlots
from software_update.client.paths import move, naming
from software_update.client.smp import Smp, images_of, smp_errors_as


class McubootInstaller:
    """An installer of one image. `image` is its number on the device.

    The client first keeps the whole image in a file, because SMP cannot read it back. `read` returns the
    bytes of that file only if the device lists MCUboot's hash of them.

        McubootInstaller(smp, KeptSlots(storage, "/var/lib/x/mcu", ["A", "B"]), "mcu")
    """

    _RUNS = (
        "is the image that runs, and MCUboot tells images apart only by their hash; build it with another "
        "version"
    )

    def __init__(self, smp: Smp, kept: KeptSlots, target: str, image: int = 0) -> None:
        self._smp = smp
        self._kept = kept
        self._target = target
        self._image = image

    def check(self) -> list[str]:
        """Returns why the device does not answer, or lacks the image."""
        try:
            images_of(self._smp, self._image)
        except OSError as error:
            return [str(error)]
        return []

    def problem(self, slot: str, target: str, length: int) -> str | None:
        """Returns why the client cannot keep the image. SMP does not tell the size of the device's slot."""
        folder = dirname(self._kept.folder)
        try:
            free = self._kept.storage.free_bytes(folder)
        except OSError as error:
            return str(error)
        if length > free:
            return f"{folder}: has room for {free} bytes, and target '{target}' has {length}"
        return None

    def clear(self, slot: str) -> None:
        """Removes the kept image, and one that was not written to its end."""
        path = self._kept.image_path(slot)
        with naming(path, InstallError):
            self._kept.storage.remove(path)
            self._kept.storage.remove(f"{path}~")

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        """Starts to keep the image. `finish` sends it to the device."""
        if target != self._target:
            raise InstallError(f"target '{target}': its installer takes only '{self._target}'")
        self.clear(slot)
        path = self._kept.image_path(slot)
        beside = f"{path}~"
        with naming(beside, InstallError):
            self._kept.storage.make_folder(self._kept.folder)
            file = self._kept.storage.open_to_write(beside)
            file.truncate(0)

        def publish() -> None:
            move(self._kept.storage, beside, path)
            self._send(slot)

        return FileWriter(file, beside, length, publish)

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns bytes of the kept image. Raises InstallError if the device does not list its hash."""
        path = self._kept.image_path(slot)
        content = read_file(self._kept.storage, path, offset, length)
        with naming(path, InstallError):
            kept = self._kept.read()[slot]
        self._check_listed(slot, bytes.fromhex(kept.hash))
        return content

    def _hash_of(self, content: bytes) -> bytes:
        """Returns the hash by which the device knows the image. Raises ValueError."""
        return image_hash(content)

    def _send(self, slot: str) -> None:
        content = self._kept.image(slot) or b""
        try:
            found = self._hash_of(content)
        except ValueError as error:
            raise InstallError(f"target '{self._target}': {error}") from None
        with smp_errors_as(InstallError):
            active, _ = images_of(self._smp, self._image)
            if active.hash == found:
                raise InstallError(f"target '{self._target}': {self._RUNS}")
            # Known before it is there: a power cut may then leave a hash that the device does not list.
            kept = self._kept.read()
            self._kept.write({**kept, slot: replace(kept[slot], hash=found.hex())})
            self._smp.upload(self._image, content)
        self._check_listed(slot, found)

    def _check_listed(self, slot: str, wanted: bytes) -> None:
        with smp_errors_as(InstallError):
            listed = [each.hash for each in images_of(self._smp, self._image) if each]
        if wanted not in listed:
            raise InstallError(
                f"slot '{slot}': the device does not list image {wanted.hex()[:16]}...; install it again"
            )
