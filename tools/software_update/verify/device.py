"""The knowledge of a device, which decides together with a bundle on the verdict."""

from typing import NamedTuple

from software_update.format.metadata import Installed, Root
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes


class Device(NamedTuple):
    """The knowledge of a device before it reads a bundle. None: unknown, and not checked.

    `at` is the time in seconds since 1970. `installed_root` is a root that the installed release may
    have been accepted under. `schemes` are the signature schemes that it implements.
    """

    root: Root
    installed: Installed | None = None
    hardware_id: str | None = None
    at: int | None = None
    installed_root: Root | None = None
    schemes: Schemes = DEFAULT_SCHEMES
