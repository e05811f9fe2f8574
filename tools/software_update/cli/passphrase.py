"""Passphrases: from a terminal, a file or a file descriptor. Never an argument, never the environment."""

import argparse
import getpass
import os

from software_update import files
from software_update.errors import InputError, printable

_MAX_BYTES = 1024


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """--passphrase-file FILE or --passphrase-fd N."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help="a file with the passphrase of an encrypted key; default: asked at the terminal",
    )
    group.add_argument(
        "--passphrase-fd", metavar="N", type=int, help="a file descriptor to read it from"
    )


def passphrase_of(args: argparse.Namespace, path: str) -> bytes:
    """The passphrase of the key in `path`."""
    if args.passphrase_file is not None:
        what, content = args.passphrase_file, files.read_input(args.passphrase_file, _MAX_BYTES)
    elif args.passphrase_fd is not None:
        what = f"--passphrase-fd {args.passphrase_fd}"
        content = _read_fd(what, args.passphrase_fd)
    else:
        what, content = "the passphrase", _ask(path)
    passphrase = content.removesuffix(b"\n").removesuffix(b"\r")
    if not passphrase:
        raise InputError(f"{what}: empty; an encrypted key has a passphrase")
    return passphrase


def _read_fd(what: str, fd: int) -> bytes:
    content = b""
    try:
        while chunk := os.read(fd, _MAX_BYTES + 1):
            content += chunk
            if len(content) > _MAX_BYTES:
                raise InputError(f"{what}: more than {_MAX_BYTES} bytes; is it the right one?")
    except (OSError, OverflowError) as error:
        raise InputError(f"{what}: {getattr(error, 'strerror', None) or error}") from None
    return content


def _ask(path: str) -> bytes:
    if os.name == "posix":
        # getpass would read standard input where there is no terminal.
        try:
            os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        except OSError:
            raise InputError(
                f"{path}: encrypted, and there is no terminal to ask at; "
                "use --passphrase-file or --passphrase-fd"
            ) from None
    try:
        return getpass.getpass(f"Passphrase of {printable(path)}: ").encode()
    except EOFError:
        return b""
