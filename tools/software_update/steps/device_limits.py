"""Writes device limits as C++: the template argument of the verifier and the client of the device library."""

import os
import re

from software_update.base.errors import UsageError, printable
from software_update.format.device_limits import DeviceLimits

_SUFFIX = ".h"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", re.ASCII)


def struct_name(path: str) -> str:
    """Returns the name of the struct in the header `path`: DeviceLimits for `device_limits.h`.

    Raises UsageError if that would not be a name in C++.
    """
    name, suffix = os.path.splitext(os.path.basename(path))
    if suffix != _SUFFIX or not _NAME.fullmatch(name):
        raise UsageError(
            f"{printable(path)}: names no struct; call the header NAME.h, with words of letters and "
            "digits joined by _ such as device_limits.h"
        )
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def device_limits_header(limits: DeviceLimits, struct: str) -> str:
    """Returns a C++ header with `limits` as the constants of a struct, which takes no memory."""
    members = "".join(f"  static constexpr {each};\n" for each in _constants(limits))
    guard = f"SOFTWARE_UPDATE_LIMITS_{struct.upper()}_H_"
    return f"""\
// The limits of a device. Generated from its device limits by software-update; do not edit.

#ifndef {guard}
#define {guard}

#include <stdint.h>

namespace software_update {{

struct {struct} {{
{members}}};

}}  // namespace software_update

#endif  // {guard}
"""


def _constants(limits: DeviceLimits) -> list[str]:
    # The writer of bundles puts the metadata first, so the device needs no memory for other orders.
    order = {"loose_payloads": 0, "any_order": False}
    values = {**limits._asdict(), "compression": bool(limits.compression), **order}
    return [_constant(name, value) for name, value in values.items()]


def _constant(name: str, value: int | bool) -> str:
    member = "k" + "".join(part.capitalize() for part in name.split("_"))
    if isinstance(value, bool):
        return f"bool {member} = {str(value).lower()}"
    return f"uint32_t {member} = {value}"
