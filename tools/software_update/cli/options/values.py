"""Values of a release that an argument or a file gives: --X VALUE or --X-file FILE.

A build writes such a file, for example from the version control system.
"""

import argparse
from collections.abc import Callable
from typing import TypeVar

from software_update.base import files
from software_update.base.errors import InputError, UsageError
from software_update.base.text import check_encoding
from software_update.cli.options.arguments import parse_date_argument, parse_version

MAX_FILE_BYTES = 1024

_Value = TypeVar("_Value")


def add_value(
    parser: argparse.ArgumentParser, name: str, *, metavar: str, about: str, required: bool = False
) -> None:
    """Adds --NAME and --NAME-file, of which a command accepts one. `about` is the help of --NAME."""
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument(f"--{name}", metavar=metavar, help=about)
    group.add_argument(
        f"--{name}-file", metavar="FILE", help=f"a file with one line, the value of --{name}"
    )


def value_of(
    args: argparse.Namespace, name: str, parse: Callable[[str, str], _Value]
) -> _Value | None:
    """Returns the value that the arguments of `add_value` give, or None if they are not given.

    `parse` gets the text and the name of its place, which is the option or the file. It raises UsageError
    for a wrong value, which becomes InputError if the value is in a file.
    """
    text, path = _given(args, name), _given(args, f"{name}-file")
    if path is not None:
        try:
            return parse(_read_line(path), path)
        except UsageError as error:
            raise InputError(str(error)) from None
    return None if text is None else parse(text, f"--{name}")


def add_version(parser: argparse.ArgumentParser) -> None:
    """--version N or --version-file FILE."""
    about = "the release's version; devices reject a version lower than the installed one"
    add_value(parser, "version", metavar="N", about=about, required=True)


def version_of(args: argparse.Namespace) -> int:
    """Returns the version that the arguments of `add_version` give."""
    version = value_of(args, "version", parse_version)
    assert version is not None  # It is required.
    return version


def add_expires(parser: argparse.ArgumentParser) -> None:
    """--expires T or --expires-file FILE."""
    about = "the time at which the metadata expires, such as 2031-01-01T00:00:00Z; default: never"
    add_value(parser, "expires", metavar="T", about=about)


def expires_of(args: argparse.Namespace) -> int | None:
    """Returns the time of expiry in seconds since 1970, or None if the metadata never expires."""
    return value_of(args, "expires", parse_date_argument)


def _given(args: argparse.Namespace, name: str) -> str | None:
    given: str | None = getattr(args, name.replace("-", "_"))
    return given


def _read_line(path: str) -> str:
    """Returns the only line of a file, without white space around it."""
    content = files.read_input(path, MAX_FILE_BYTES)
    check_encoding(path, content)
    try:
        text = content.strip().decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; save it as UTF-8") from None
    if not text:
        raise InputError(f"{path}: empty; write one line with the value")
    if len(text.splitlines()) > 1:
        raise InputError(f"{path}: has more than one line; write only the value")
    return text
