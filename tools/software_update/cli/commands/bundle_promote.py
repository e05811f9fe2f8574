"""bundle promote: prove that a release carries exactly what was tested."""

import argparse
import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from software_update.base import files
from software_update.base.errors import InputError, UsageError, printable
from software_update.base.strict_json import to_text
from software_update.bundle.writer import copy_ranges
from software_update.cli.options.arguments import Parser, add_at, check_apart, files_of, time_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format.verdicts import Refused
from software_update.keys.schemes import Schemes
from software_update.verify.bundle_file import check_lengths
from software_update.verify.device import Device
from software_update.verify.installed import check_trusted_root, read_installed
from software_update.verify.promote import (
    NotPromoted,
    not_promoted_report,
    promote,
    promoted_report,
    refused_release,
)
from software_update.verify.trust_files import read_trusted_root


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    schemes = schemes_of(args)
    device = _device(args, schemes)
    with files.open_input(args.tested) as tested, files.open_input(args.release) as release:
        if os.path.sameopenfile(tested, release):
            raise UsageError(f"{args.release}: both bundles are this file; name the tested one too")
        opened = os.fstat(release)
        try:
            with _released(args, device, release) as fd:
                promotion = promote(
                    tested,
                    fd,
                    device,
                    tested=args.tested,
                    release=args.release,
                    full_report=args.report or "--report FILE.json",
                )
                report = promoted_report(promotion)
                if args.output is None:
                    _check_unchanged(args.release, opened)
                _write_report(args, report)
        except NotPromoted as error:
            _write_report(args, not_promoted_report(error))
            raise
    if not args.report:
        print("\n".join(_lines(args, report)))
    return 0


def _device(args: argparse.Namespace, schemes: Schemes) -> Device:
    trusted = read_trusted_root(args.trusted_root, schemes)
    if args.installed is None:
        return Device(trusted, at=time_of(args), schemes=schemes)
    installed = read_installed(args.installed, schemes)
    if installed.release.root:
        check_trusted_root(args.trusted_root, trusted, args.installed, installed.release.root)
    return Device(trusted, installed.release, None, time_of(args), installed.root, schemes)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "bundle promote",
        "Proves that RELEASE, which devices accept, contains exactly what TESTED "
        "contains. Exit code 0: proven; 1: rejected.",
    )
    parser.add_argument("tested", metavar="TESTED", help="the bundle that was tested")
    parser.add_argument("release", metavar="RELEASE", help="the bundle to release")
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the signed root metadata that devices trust",
    )
    parser.add_argument(
        "--installed",
        metavar="FILE",
        help="the release that devices run, for bundles without its unchanged payloads: the installed "
        "manifest, or a bundle",
    )
    add_at(parser)
    add_schemes(parser)
    parser.add_argument(
        "--report",
        metavar="FILE.json",
        help="write software_update.promotion.v1, and print nothing if the release is proven",
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="write RELEASE there if it is proven")
    args = parser.parse_args(argv)
    check_apart(args, "report", "output")
    return args


@contextlib.contextmanager
def _released(args: argparse.Namespace, device: Device, release: int) -> Iterator[int]:
    """Yields the file to judge: if a copy is wanted, that copy."""
    if args.output is None:
        yield release
        return
    try:
        check_lengths(release, device)
    except Refused as refused:
        raise refused_release(args.release, refused) from None
    with files.new_output(args.output, inputs=_inputs(args)) as fd:
        copy_ranges(release, fd, [(0, os.fstat(release).st_size)])
        yield fd


def _check_unchanged(path: str, opened: os.stat_result) -> None:
    """InputError if `path` no longer names the file that was opened, or that file was written to."""
    now = os.stat(path)
    same = os.path.samestat(now, opened) and now.st_size == opened.st_size
    if not same or now.st_mtime_ns != opened.st_mtime_ns:
        raise InputError(
            f"{path}: changed while it was read; let its writer finish and try again, or add -o OUT "
            "and release that file"
        )


def _write_report(args: argparse.Namespace, report: dict[str, Any]) -> None:
    if args.report:
        content = to_text(report).encode()
        files.write_output(args.report, content, inputs=_inputs(args))


def _inputs(args: argparse.Namespace) -> list[str]:
    return [args.tested, args.release, args.trusted_root, *files_of(args.installed)]


def _lines(args: argparse.Namespace, report: dict[str, Any]) -> Iterable[str]:
    verdict, metadata_, payloads = report["release"], report["targets_metadata"], report["payloads"]
    yield f"{printable(args.release)}: carries exactly what {printable(args.tested)} carries"
    yield f"  root {verdict['root_version']}, targets {verdict['targets_version']}"
    yield f"  targets metadata: {metadata_['length']} bytes, sha256 {metadata_['sha256']}"
    yield f"  payloads: {len(payloads)}, {sum(each['length'] for each in payloads)} bytes"
    for key_id in verdict["signers"]:
        yield f"  signed by {key_id}"
    for each in (*report["not_checked"], *verdict["not_checked"]):
        yield f"  not checked: {each}"
