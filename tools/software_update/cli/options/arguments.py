"""Arguments that several commands share."""

import argparse
import functools
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

from software_update.base import files
from software_update.base.errors import InputError, UsageError, shown
from software_update.base.text import check_encoding
from software_update.format import limits
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Verdict

_HELP_COLUMNS = 78
_ARGUMENTS_FILE_BYTES = 64 * 1024 * 1024


# Of a fixed width: help reads the same everywhere.
_formatter = functools.partial(argparse.HelpFormatter, width=_HELP_COLUMNS)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line. In commands for builds, @FILE adds the lines of FILE."""

    def __init__(self, command: str, description: str, program: str = "software-update") -> None:
        super().__init__(
            prog=f"{program} {command}",
            description=description,
            formatter_class=_formatter,
            allow_abbrev=False,
            add_help=False,
        )
        # Each argument is in a group: for any other, argparse makes ready to print help, and imports much.
        self._positional_arguments = self.add_argument_group("positional arguments")
        self._options = self.add_argument_group("options")
        self.add_argument("-h", "--help", action="help", help="show this help message and exit")
        self._takes_files = command.startswith("step ") or command in (
            *("bundle fleet", "bundle verify", "expiry"),
        )

    def add_argument(self, *names: str, **how: Any) -> argparse.Action:
        group = self._options if names[0].startswith("-") else self._positional_arguments
        return group.add_argument(*names, **how)

    def add_mutually_exclusive_group(self, **how: Any) -> argparse._MutuallyExclusiveGroup:
        return self._options.add_mutually_exclusive_group(**how)

    def parse_args(self, args: Sequence[str]) -> argparse.Namespace:  # type: ignore[override]
        found, unknown = self.parse_known_args(list(_expand(args)) if self._takes_files else args)
        if unknown:
            # What follows it, or its =, may be a secret.
            self.error(f"unrecognized argument: {unknown[0].partition('=')[0]}")
        return found

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see: {self.prog} --help")


def _expand(args: Sequence[str]) -> Iterator[str]:
    for arg in args:
        if arg.startswith("@"):
            yield from read_arguments(arg[1:])
        else:
            yield arg


def read_arguments(path: str) -> list[str]:
    """The arguments in a file, one to a line."""
    # Not argparse's own way: that splits lines at more than newlines, and file names may be any bytes.
    content = files.read_arguments_file(path, _ARGUMENTS_FILE_BYTES)
    check_encoding(path, content)
    if b"\0" in content:
        raise InputError(f"{path}: contains a zero byte; write one argument a line")
    return os.fsdecode(content).removesuffix("\n").split("\n") if content else []


def verdict_of(text: str, what: str, others: Sequence[str] = ()) -> Verdict:
    """The verdict of that name. `what` names the argument in the error, and `others` are similar names."""
    name = text.upper()
    if name in Verdict.__members__:
        return Verdict(name)
    import difflib

    near = difflib.get_close_matches(name, [*Verdict, *others], n=3)
    meant = f"did you mean {' or '.join(near)}?" if near else "see: software-update explain"
    raise UsageError(f"{what}: {text!r} is not a verdict; {meant}")


def parse_version(text: str, what: str) -> int:
    """A version from 1 to 2**32 - 1 (what a device's uint32 holds)."""
    return parse_integer(text, what, "version")


def parse_integer(text: str, what: str, kind: str) -> int:
    """An integer in the range of versions. `what` names the argument in the error."""
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(limits.MAX_VERSION))
    if not (digits and 1 <= int(text) <= limits.MAX_VERSION):
        raise UsageError(
            f"{what}: {text!r} is not a {kind}; write an integer from 1 to {limits.MAX_VERSION}"
        )
    return int(text)


def add_list(
    parser: argparse.ArgumentParser, option: str, metavar: str, text: str, *, required: bool = False
) -> None:
    """Adds an option with one or more values, which may appear several times. Default: an empty list."""
    parser.add_argument(
        option,
        metavar=metavar,
        nargs="+",
        action="extend",
        default=None if required else [],
        required=required,
        help=text,
    )


def add_root_chain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root-chain",
        metavar="FILE",
        nargs="*",
        action="extend",
        default=[],
        help="the signed roots before --root, oldest first, for devices that missed some",
    )


def add_at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help="the time at which to check expiry: a date, now, or none to check no expiry; "
        "default: now",
    )


def time_of(args: argparse.Namespace) -> int | None:
    """The time that --at gives, in seconds since 1970; None where no expiry is to be checked."""
    if args.at == "none":
        return None
    return int(time.time()) if args.at == "now" else parse_date_argument(args.at, "--at")


def parse_date_argument(text: str, what: str) -> int:
    """Returns a date in seconds since 1970. `what` names the argument in the error."""
    # Imported here: most runs need no date.
    from software_update.base.dates import parse_date

    return parse_date(text, what)


def check_apart(args: argparse.Namespace, *names: str) -> None:
    """UsageError if two outputs of a command, by the names of their options, are one file."""
    given = [(name, getattr(args, name)) for name in names if getattr(args, name)]
    for (name, path), (other, other_path) in itertools.combinations(given, 2):
        if files.is_one_place(path, other_path):
            raise UsageError(
                f"{other_path}: {_option(name)} and {_option(other)} need a file each; name another "
                "one, which differs in more than case"
            )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def text_of(text: str, option: str) -> str:
    """The text of an argument: UTF-8, also if Python decoded the arguments as ASCII."""
    try:
        # What could not be decoded is in surrogates, which UTF-8 does not encode.
        text.encode()
    except UnicodeEncodeError:
        try:
            return os.fsencode(text).decode()
        except UnicodeError:
            raise UsageError(f"{option}: '{shown(text)}' is not UTF-8; write it in UTF-8") from None
    return text


def files_of(*paths: str | None) -> list[str]:
    """Those of optional file arguments that were given."""
    return [path for path in paths if path is not None]


def add_payload_files(parser: argparse.ArgumentParser) -> None:
    """--target NAME=FILE..., --user-manifest FILE."""
    add_targets(parser)
    parser.add_argument(
        "--user-manifest",
        metavar="FILE",
        help=f"the payload of the reserved target {USER_MANIFEST}",
    )


def add_targets(parser: argparse.ArgumentParser) -> None:
    """--target NAME=FILE..."""
    add_list(
        parser,
        "--target",
        "NAME=FILE",
        "a target and the file with its payload; if NAME is empty or ends in /, FILE is a folder, "
        "and each file in it becomes a target: NAME and its path below the folder",
    )


def payload_files_of(
    args: argparse.Namespace, more: Sequence[tuple[str, str]] = ()
) -> tuple[list[tuple[str, str]], list[str]]:
    """Returns (name, path) pairs of the targets in the arguments and in `more`; see `payload_files`.

    The second list are the folders among them and the files in these folders; see `expand_folders`.
    """
    from software_update.steps.payload_files import expand_folders, payload_files

    targets, found = expand_folders([*map(_split, args.target), *more])
    return payload_files(targets, vars(args).get("user_manifest")), found


def _split(argument: str) -> tuple[str, str]:
    name, equals, path = argument.partition("=")
    if not equals or not path:
        raise UsageError(f"--target {argument!r}: write NAME=FILE")
    return name, os.fspath(path)


def add_dev_signing_keys(parser: argparse.ArgumentParser, *, or_unsigned: bool = False) -> None:
    """--dev-signing-key PRIV...; with `or_unsigned`, that or --unsigned."""
    group = parser.add_mutually_exclusive_group(required=True) if or_unsigned else parser
    group.add_argument(
        "--dev-signing-key",
        metavar="PRIV",
        nargs="+",
        action="extend",
        required=not or_unsigned,
        help="development keys (PKCS#8 PEM)",
    )
    if or_unsigned:
        group.add_argument(
            "--unsigned",
            action="store_true",
            help="make signed metadata without a signature; devices reject it",
        )


def add_strict_pigweed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strict-pigweed",
        action="store_true",
        help="treat each warning about Pigweed's C++ client as an error",
    )


def report_pigweed(args: argparse.Namespace, problems: Iterable[str]) -> None:
    """Warns of each problem of Pigweed's C++ client; with --strict-pigweed, raises UsageError instead."""
    report = pigweed_reporter(args)
    for problem in problems:
        report(problem)


def pigweed_reporter(args: argparse.Namespace) -> Callable[[str], None]:
    """Returns a function that warns of a problem; with --strict-pigweed, it raises UsageError instead."""

    def report(problem: str) -> None:
        if args.strict_pigweed:
            raise UsageError(problem)
        # Imported here: most runs have no problem.
        from software_update.cli.render.warnings import warn

        warn(problem)

    return report


def add_device_limits(parser: argparse.ArgumentParser) -> None:
    """--device-limits FILE."""
    parser.add_argument(
        "--device-limits",
        metavar="FILE",
        help="the limits of a device with the device library; a bundle beyond them is rejected",
    )


def add_output(parser: argparse.ArgumentParser, what: str = "the file to write") -> None:
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help=what)
