"""Arguments that say which payloads to compress, and how much."""

import argparse
from collections.abc import Iterable

from software_update.base.errors import UsageError, shown
from software_update.cli.options.arguments import add_list
from software_update.format.names import USER_MANIFEST

_NONE, _ZSTD = "none", "zstd"
_CHOICES = (_NONE, _ZSTD)


def add_compression(parser: argparse.ArgumentParser) -> None:
    """--compression, --compression-of NAME=COMPRESSION..., --compression-level N."""
    parser.add_argument(
        "--compression",
        choices=_CHOICES,
        default=_NONE,
        help="the compression of all payloads except the user manifest; Pigweed's client would "
        "install compressed bytes; default: none",
    )
    add_list(
        parser,
        "--compression-of",
        "NAME=COMPRESSION",
        "the compression of one target, instead of --compression: none or zstd",
    )
    add_level(parser)


def add_level(parser: argparse.ArgumentParser) -> None:
    """--compression-level N."""
    parser.add_argument(
        "--compression-level",
        metavar="N",
        help="a level of zstd from 1, fast, to 19, small; default: 10",
    )


def levels_of(args: argparse.Namespace, names: Iterable[str]) -> dict[str, int]:
    """Returns the level of each target that `add_compression`'s arguments compress, by name."""
    compressions = {name: args.compression for name in names if name != USER_MANIFEST}
    for argument in args.compression_of:
        name, _, compression = argument.rpartition("=")
        if compression not in _CHOICES:
            raise UsageError(f"--compression-of {argument!r}: write NAME=none or NAME=zstd")
        if name not in compressions:
            raise UsageError(
                f"--compression-of '{shown(name)}': not a target that can be compressed; "
                "name one of the targets"
            )
        compressions[name] = compression
    level = level_of(args)
    levels = {name: level for name, each in compressions.items() if each == _ZSTD}
    if args.compression_level is not None and not levels:
        raise UsageError(
            "--compression-level: no target is compressed; add --compression zstd, or remove it"
        )
    return levels


def level_of(args: argparse.Namespace) -> int:
    """Returns the level that `add_level`'s argument gives."""
    # Imported here: most runs compress nothing.
    from software_update.bundle.compress import DEFAULT_LEVEL, MAX_LEVEL, MIN_LEVEL

    text = args.compression_level
    if text is None:
        return DEFAULT_LEVEL
    if text not in map(str, range(MIN_LEVEL, MAX_LEVEL + 1)):
        raise UsageError(
            f"--compression-level: {text!r} is not a level; "
            f"write an integer from {MIN_LEVEL} to {MAX_LEVEL}"
        )
    return int(text)
