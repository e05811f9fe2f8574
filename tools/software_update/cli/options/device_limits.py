"""The file that the option --device-limits names."""

from software_update.base import files
from software_update.format.device_limits import DeviceLimits, parse_device_limits

_MAX_BYTES = 64 * 1024


def read_device_limits(path: str) -> DeviceLimits:
    """Returns the limits in a file. Raises InputError if they are not valid."""
    return parse_device_limits(path, files.read_input(path, _MAX_BYTES))
