"""--holders: names of the keys, which people see next to the key ids."""

import argparse

from software_update.signing import holders
from software_update.signing.holders import NO_HOLDERS, Holders


def add_holders(parser: argparse.ArgumentParser) -> None:
    """Adds --holders FILE."""
    parser.add_argument(
        "--holders",
        metavar="FILE",
        help="names of the keys, from root holders; default: keys have no names",
    )


def holders_of(args: argparse.Namespace) -> Holders:
    """Returns the names in the file that --holders names. Raises InputError if it is another file."""
    return NO_HOLDERS if args.holders is None else holders.read(args.holders)
