"""--experimental-schemes, and --use: the signature schemes that a command accepts."""

import argparse

from software_update.base.errors import UsageError
from software_update.keys.scheme import Scheme
from software_update.keys.schemes import (
    ALL_SCHEMES,
    DEFAULT_SCHEME,
    DEFAULT_SCHEMES,
    ECDSA_P256,
    ED25519,
    Schemes,
)

_OPTION = "--experimental-schemes"
_RELEASE = "release"
# The schemes of a key by its use; the first one is the default. Logs and witnesses follow
# c2sp.org/signed-note and c2sp.org/tlog-cosignature, and attachments have the schemes of DSSE envelopes.
_USES: dict[str, tuple[Scheme, ...]] = {
    _RELEASE: (DEFAULT_SCHEME,),
    "log": (ED25519,),
    "attachment": (ECDSA_P256, ED25519),
}
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
    """Adds --use NAME and --scheme NAME, and --experimental-schemes."""
    parser.add_argument(
        "--use",
        choices=[*_USES],
        default=_RELEASE,
        help="what the key signs: releases and their roots; a transparency log, or its checkpoints as a "
        "witness; statements of auditors and builders; default: release",
    )
    parser.add_argument(
        "--scheme",
        choices=[each.name for each in ALL_SCHEMES.accepted],
        help=f"the signature scheme of the key; default: {ED25519.name} for a log, otherwise "
        f"{DEFAULT_SCHEME.name}; attachments take both, and releases take others only with {_OPTION}",
    )
    add_schemes(parser)


def scheme_of(args: argparse.Namespace) -> Scheme:
    """Returns the scheme of a new key. Raises UsageError if its use does not accept it."""
    accepted = _USES[args.use]
    if args.scheme is None:
        return accepted[0]
    if args.use == _RELEASE:
        scheme = schemes_of(args).named(args.scheme)
        if scheme is None:
            raise UsageError(f"--scheme {args.scheme}: is experimental; add {_OPTION}")
        return scheme
    for each in accepted:
        if each.name == args.scheme:
            return each
    names = " or ".join(each.name for each in accepted)
    raise UsageError(f"--scheme {args.scheme}: a key for --use {args.use} is {names}")
