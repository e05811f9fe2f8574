"""--key URI and what belongs to it."""

import argparse
import functools
from collections.abc import Callable

from software_update import keys
from software_update.cli.secret_arguments import PASSPHRASE, add_secret, read_secret
from software_update.errors import InputError, UsageError
from software_update.signing.signers import ExecSigner, FileSigner, Signer

_TIMEOUT_SECONDS = 120
_MAX_TIMEOUT_SECONDS = 24 * 60 * 60


def add_signer(parser: argparse.ArgumentParser) -> None:
    """--key URI and what belongs to it."""
    parser.add_argument(
        "--key",
        metavar="URI",
        required=True,
        help="what signs: file:PATH, a PKCS#8 PEM key; or exec:PROGRAM, a signing program",
    )
    parser.add_argument(
        "--public", metavar="PUB", help="its public key (PEM); exec: needs it, file: is held to it"
    )
    add_secret(parser, PASSPHRASE)
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=int,
        help=f"how many seconds exec: may take; default: {_TIMEOUT_SECONDS}",
    )


def inputs_of(args: argparse.Namespace) -> list[str]:
    """The files that the arguments name."""
    scheme, _, path = args.key.partition(":")
    named = [path if scheme == "file" else None, args.public, args.passphrase_file]
    return [each for each in named if each is not None]


def check_signer(args: argparse.Namespace) -> None:
    """UsageError where the arguments do not fit each other."""
    scheme, _, rest = args.key.partition(":")
    if scheme not in ("file", "exec") or not rest:
        raise UsageError(f"--key {args.key!r}: write file:PATH or exec:PROGRAM")
    if scheme == "file" and args.timeout is not None:
        raise UsageError("--timeout: for exec: alone; leave it out")
    if scheme == "exec" and args.public is None:
        raise UsageError("--key exec: needs --public PUB, which its signature is held to")
    if scheme == "exec" and (args.passphrase_file, args.passphrase_fd) != (None, None):
        raise UsageError("--passphrase-file, --passphrase-fd: for file: alone; leave them out")
    if args.timeout is not None and not 1 <= args.timeout <= _MAX_TIMEOUT_SECONDS:
        raise UsageError(f"--timeout: {args.timeout} is not from 1 to {_MAX_TIMEOUT_SECONDS}")


def open_signer(args: argparse.Namespace, ask: Callable[[str], bytes] | None = None) -> Signer:
    """The signer that the arguments name.

    `ask` gives the passphrase of what it is told, for which it is called once at most; without it, it comes
    from where the arguments say, or the terminal. A wrong one: WrongSecret, here or when the signer signs.
    """
    scheme, _, rest = args.key.partition(":")
    public = None if args.public is None else keys.read_public_key(args.public)
    if scheme == "exec":
        assert public is not None
        return ExecSigner(rest, public, args.timeout or _TIMEOUT_SECONDS)
    ask = ask or functools.partial(read_secret, args, PASSPHRASE)
    key = keys.read_private_key(rest, functools.partial(ask, rest))
    if public not in (None, key.public):
        raise InputError(f"{rest}: not the private key of {args.public}; name the pair")
    return FileSigner(args.key, key)
