"""audit: compare a release with a bundle that was built again from its sources."""

import argparse
from collections.abc import Sequence
from typing import Any

from software_update.base import files
from software_update.base.errors import DifferentError, SoftwareUpdateError, UsageError, printable
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, check_apart, files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render.diff import target_lines
from software_update.disclosure.audit import (
    METADATA,
    Audit,
    AuditResult,
    audit_report,
    audit_statement,
    compare,
)
from software_update.disclosure.diff_report import diff_report
from software_update.disclosure.diffoscope import find_diffoscope
from software_update.disclosure.disclosed import OpenFile, unverified_releases
from software_update.format.refusals import NotDisclosed
from software_update.format.verdicts import Refused
from software_update.verify.device import Device
from software_update.verify.trust_files import read_trusted_root

_EXIT_UNKNOWN = 5
_EXIT_CODES = {
    AuditResult.GOOD: 0,
    AuditResult.BAD: DifferentError.exit_code,
    AuditResult.UNKNOWN: _EXIT_UNKNOWN,
}


class _Unknown(SoftwareUpdateError):
    """Two bundles that cannot be compared."""

    exit_code = _EXIT_UNKNOWN


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    device = None
    if args.trusted_root:
        schemes = schemes_of(args)
        device = Device(read_trusted_root(args.trusted_root, schemes), schemes=schemes)
    where: list[str] = []
    with files.open_input(args.bundle) as bundle, files.open_input(args.rebuilt) as rebuilt:
        audit = compare(bundle, rebuilt, device)
        if audit.result is AuditResult.BAD and not args.json:
            where = _where(OpenFile(bundle, args.bundle), OpenFile(rebuilt, args.rebuilt))
    report = audit_report(audit, verified=device is not None)
    if args.statement and audit.result is not AuditResult.UNKNOWN:
        files.write_output(args.statement, audit_statement(audit), inputs=_inputs(args))
    if args.json:
        print(to_text(report), end="")
    elif audit.result is AuditResult.UNKNOWN:
        raise _Unknown(f"{args.bundle}: UNKNOWN: {audit.reason}")
    else:
        print("\n".join(_lines(args, audit, where, report)))
    return _EXIT_CODES[audit.result]


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "audit",
        "Compares a release with a bundle that was built again from its sources. Exit code 0: GOOD, they are "
        "the same release; 4: BAD, they differ; 5: UNKNOWN, they cannot be compared.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the release, as its vendor published it")
    parser.add_argument(
        "--rebuilt",
        metavar="OTHER",
        required=True,
        help="the bundle that you built; its signatures do not matter",
    )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        help="the signed root metadata that devices trust; with it, BUNDLE is first verified, except for "
        "its expiry",
    )
    add_schemes(parser)
    parser.add_argument(
        "--statement",
        metavar="OUT",
        help="write the result, GOOD or BAD, as an in-toto statement, which attachment sign signs",
    )
    parser.add_argument("--json", action="store_true", help="print software_update.audit.v1")
    args = parser.parse_args(argv)
    check_apart(args, "statement")
    if args.bundle == args.rebuilt:
        raise UsageError(f"--rebuilt: {args.rebuilt} is BUNDLE; name the bundle that you built")
    return args


def _inputs(args: argparse.Namespace) -> list[str]:
    return [args.bundle, args.rebuilt, *files_of(args.trusted_root)]


def _where(bundle: OpenFile, rebuilt: OpenFile) -> list[str]:
    """Returns the differences of targets and their contents as lines, the rebuilt bundle's first."""
    try:
        releases = unverified_releases(rebuilt, bundle)
    except (NotDisclosed, Refused) as problem:
        return [f"contents are not compared: {problem}"]
    return list(target_lines(diff_report(rebuilt, bundle, releases, find_diffoscope())))


def _lines(
    args: argparse.Namespace, audit: Audit, where: Sequence[str], report: dict[str, Any]
) -> list[str]:
    name, rebuilt = printable(args.bundle), printable(args.rebuilt)
    if audit.result is AuditResult.GOOD:
        lines = [
            f"{name}: GOOD: {rebuilt} is the same release",
            f"  release digest: {audit.release_digest.hex()}",
        ]
    else:
        lines = [f"{name}: BAD: differs from {rebuilt}"]
        lines += [
            f"  {each.subject}: {_difference(each.field, each.release, each.tested)}"
            for each in audit.differences
            if each.subject == METADATA
        ]
        lines += [f"  {each}" for each in where]
    return lines + [f"  not checked: {each}" for each in report["not_checked"]]


def _difference(field: str, release: object, rebuilt: object) -> str:
    new, old = ("never" if each is None else each for each in (release, rebuilt))
    return f"{field} {new}, rebuilt {old}"
