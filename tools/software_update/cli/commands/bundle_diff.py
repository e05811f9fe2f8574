"""bundle diff: show what a release changes."""

import argparse
import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

from software_update.base import files
from software_update.base.strict_json import to_parts
from software_update.cli.options.arguments import Parser, add_at, check_apart, files_of, time_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render.diff import diff_lines
from software_update.disclosure.diff_report import diff_report
from software_update.disclosure.diffoscope import find_diffoscope
from software_update.disclosure.disclosed import (
    OpenFile,
    Releases,
    unverified_releases,
    verified_releases,
)
from software_update.verify.trust_files import read_trusted_root

_EXIT_DIFFERENT = 4


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    diffoscope = None if args.no_diffoscope else find_diffoscope()
    with contextlib.ExitStack() as stack:
        old, new = (
            OpenFile(stack.enter_context(files.open_input(path)), path)
            for path in (args.old, args.new)
        )
        report = diff_report(old, new, _releases(args, old, new), diffoscope)
    _show(args, report)
    return _EXIT_DIFFERENT if args.exit_code and report["differ"] else 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "bundle diff",
        "Shows what NEW changes on a device that runs OLD. Exit code 0: shown; 1: a device refuses one of "
        "them.",
    )
    parser.add_argument(
        "old",
        metavar="OLD",
        help="the release that the device runs: a bundle, or the installed manifest",
    )
    parser.add_argument("new", metavar="NEW", help="the bundle of the new release")
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        help="the signed root metadata that the device trusted before it installed OLD or, if OLD is an "
        "installed manifest, that it trusts now; default: no signature is checked",
    )
    add_at(parser)
    add_schemes(parser)
    parser.add_argument(
        "--exit-code", action="store_true", help="exit with 4 if the two releases differ"
    )
    parser.add_argument(
        "--no-diffoscope",
        action="store_true",
        help="do not run diffoscope for formats other than text, JSON, ELF and device trees, even if it is "
        "installed",
    )
    parser.add_argument("--json", action="store_true", help="print software_update.diff.v1")
    parser.add_argument(
        "--report", metavar="FILE.json", help="write software_update.diff.v1 to FILE.json"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="write to OUT instead of printing")
    args = parser.parse_args(argv)
    check_apart(args, "report", "output")
    return args


def _releases(args: argparse.Namespace, old: OpenFile, new: OpenFile) -> Releases:
    if args.trusted_root is None:
        return unverified_releases(old, new)
    schemes = schemes_of(args)
    trusted = read_trusted_root(args.trusted_root, schemes)
    return verified_releases(
        old, new, args.trusted_root, trusted, at=time_of(args), schemes=schemes
    )


def _show(args: argparse.Namespace, report: dict[str, Any]) -> None:
    if args.report:
        _write(args, args.report, to_parts(report))
    lines = (f"{line}\n" for line in diff_lines(report, args.old, args.new))
    parts = to_parts(report) if args.json else lines
    if args.output:
        _write(args, args.output, parts)
    else:
        for part in parts:
            print(part, end="")


def _write(args: argparse.Namespace, path: str, parts: Iterable[str]) -> None:
    inputs = [args.old, args.new, *files_of(args.trusted_root)]
    with files.new_output(path, inputs=inputs) as fd, open(fd, "wb", closefd=False) as file:
        for part in parts:
            file.write(part.encode(errors="backslashreplace"))
