"""The bundle of a microcontroller with the device library, over SMP."""

from software_update.client.bundle_digest import bundle_digest
from software_update.client.installers.mcuboot import McubootInstaller


class MicrocontrollerInstaller(McubootInstaller):
    """An installer of one target that is itself a bundle, for a device that verifies it on its own.

    As with MCUboot, the client keeps the whole target in a file. `read` returns the bytes of that file only
    if the device lists the bundle's release digest: it has verified the release and written all of it.

        MicrocontrollerInstaller(smp, KeptSlots(storage, "/var/lib/x/mcu", ["A", "B"]), "meter.bundle")
    """

    _RUNS = "is the release that runs on the device; build a newer one"

    def _hash_of(self, content: bytes) -> bytes:
        return bundle_digest(content)
