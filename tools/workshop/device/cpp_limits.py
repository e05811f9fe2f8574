"""Renders the limits of the format, and other numbers that it fixes, as C++ constants."""

from collections.abc import Mapping

import cpp
from software_update.base import strict_json
from software_update.bundle import envelope
from software_update.format import limits, messages, release_manifest

PATH = "device/include/software_update/format_limits.h"

# Limits of other programs, and of files that no device reads.
_NOT_OF_BUNDLES = (
    "PIGWEED_MAX_NAME_BYTES",
    "PIGWEED_MAX_TARGET_BYTES",
    "MAX_DEV_KEY_IDENTITIES_BYTES",
    "MAX_REQUEST_JSON_BYTES",
)


def render() -> str:
    """Returns format_limits.h."""
    parts = (
        _part("limits.py", vars(limits)),
        _part("release_manifest.py", vars(release_manifest)),
        _part("strict_json.py", {"MAX_JSON_DEPTH": strict_json.MAX_JSON_DEPTH}),
        _part("messages.py", _numbers_of_messages()),
        _part("envelope.py", vars(envelope)),
    )
    return cpp.header(
        PATH,
        "limits.py and the modules below",
        "The limits of a bundle and the numbers of its format. A device's own limits are lower.",
        ["<stdint.h>"],
        "\n".join(parts),
    )


def _numbers_of_messages() -> dict[str, int]:
    return {
        "HASH_FUNCTION_SHA256": messages.SHA256,
        "COMPRESSION_ZSTD": messages.ZSTD,
        "KEY_TYPE_ECDSA_P256": next(
            number for number, name in messages.KEY_TYPES.items() if name.startswith("ECDSA")
        ),
    }


def _part(source: str, values: Mapping[str, object]) -> str:
    """Returns the numbers among the public constants of a module."""
    numbers = {
        name: value
        for name, value in values.items()
        if name.isupper() and name[0] != "_" and isinstance(value, int)
    }
    lines = [
        f"constexpr {_type(value)} {cpp.enumerator(name)} = {cpp.number(value)};"
        for name, value in numbers.items()
        if name not in _NOT_OF_BUNDLES
    ]
    return "\n".join([f"// {source}", *lines, ""])


def _type(value: int) -> str:
    return "uint64_t" if value >= 2**32 else "uint32_t"
