"""--experimental-schemes: the signature schemes that a command accepts."""

import argparse

from software_update.base.errors import UsageError
from software_update.keys.scheme import Scheme
from software_update.keys.schemes import ALL_SCHEMES, DEFAULT_SCHEME, DEFAULT_SCHEMES, Schemes

_OPTION = "--experimental-schemes"
_EXPERIMENTAL = [each for each in ALL_SCHEMES.accepted if each not in DEFAULT_SCHEMES.accepted]


def add_schemes(parser: argparse.ArgumentParser) -> None:
    """Adds --experimental-schemes."""
    titles = " and ".join(each.title for each in _EXPERIMENTAL)
    parser.add_argument(
        _OPTION,
        action="store_true",
        help=f"accept keys and signatures of {titles} too; released devices reject them, and "
        "their numbers may change",
    )


def schemes_of(args: argparse.Namespace) -> Schemes:
    """Returns the schemes that the arguments accept."""
    return ALL_SCHEMES if args.experimental_schemes else DEFAULT_SCHEMES


def add_scheme(parser: argparse.ArgumentParser) -> None:
    """Adds --scheme NAME, and --experimental-schemes."""
    parser.add_argument(
        "--scheme",
        choices=[each.name for each in ALL_SCHEMES.accepted],
        default=DEFAULT_SCHEME.name,
        help=f"the signature scheme of the key; default: {DEFAULT_SCHEME.name}; the others need "
        f"{_OPTION}",
    )
    add_schemes(parser)


def scheme_of(args: argparse.Namespace) -> Scheme:
    """Returns the scheme that --scheme names. Raises UsageError if the arguments do not accept it."""
    scheme = schemes_of(args).named(args.scheme)
    if scheme is None:
        raise UsageError(f"--scheme {args.scheme}: is experimental; add {_OPTION}")
    return scheme
