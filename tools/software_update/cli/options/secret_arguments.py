"""Passphrases and PINs: from a terminal, a file, a file descriptor; never an argument or the environment."""

import argparse
import dataclasses
import getpass
import os

from software_update.base import files
from software_update.base.errors import InputError, printable
from software_update.base.text import check_encoding, encoding_problem
from software_update.cli.render import terminal

_MAX_BYTES = 1024


@dataclasses.dataclass(frozen=True)
class Secret:
    """A kind of secret: as the options name it, as sentences do, what has one, and why it is asked."""

    option: str
    name: str
    owner: str
    need: str


PASSPHRASE = Secret("passphrase", "passphrase", "an encrypted key", "encrypted")
PIN = Secret("pin", "PIN", "a token", "needs its PIN")


def add_secret(parser: argparse.ArgumentParser, secret: Secret) -> None:
    """--passphrase-file FILE or --passphrase-fd N, and the like for a PIN."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        f"--{secret.option}-file",
        metavar="FILE",
        help=f"a file with the {secret.name} of {secret.owner}; default: asked at the terminal",
    )
    group.add_argument(
        f"--{secret.option}-fd",
        metavar="N",
        type=int,
        help=f"a file descriptor with the {secret.name}",
    )


def read_secret(secret: Secret, path: str | None, fd: int | None, of: str) -> bytes:
    """The secret of what the user calls `of`: from a file, a file descriptor, or the terminal."""
    if path is not None:
        what, content = path, files.read_input(path, _MAX_BYTES)
        check_encoding(path, content)
    elif fd is not None:
        what = f"--{secret.option}-fd {fd}"
        content = _read_fd(what, fd)
        if problem := encoding_problem(content):
            raise InputError(f"{what}: {problem}")
    else:
        what, content = f"the {secret.name}", _ask(secret, of)
    value = content.removesuffix(b"\n").removesuffix(b"\r")
    if not value:
        raise InputError(f"{what}: empty; {secret.owner} has a {secret.name}")
    return value


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


def _ask(secret: Secret, of: str) -> bytes:
    # getpass would read standard input where there is no terminal.
    if os.name == "posix" and not terminal.has_terminal():
        raise InputError(
            f"{of}: {secret.need}, and there is no terminal to ask at; "
            f"use --{secret.option}-file or --{secret.option}-fd"
        )
    try:
        return getpass.getpass(
            f"{secret.name[0].upper()}{secret.name[1:]} of {printable(of)}: "
        ).encode()
    except EOFError:
        return b""
