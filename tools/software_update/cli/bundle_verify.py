"""bundle verify: judge a bundle as a device would."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from software_update import files
from software_update.cli.arguments import Parser, files_of
from software_update.cli.trusted import read_installed, read_trusted_root
from software_update.dates import parse_date
from software_update.errors import Refused, Verdict, printable
from software_update.keys import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.verifier import Release

SCHEMA = "software_update.verdict.v1"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "bundle verify", "Judges a bundle as a device would. Exit 0: accepted; 1: refused."
    )
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument(
        "--trusted-root", metavar="FILE", required=True, help="the root that the device trusts"
    )
    parser.add_argument(
        "--installed", metavar="MANIFEST", help="the manifest of the release that the device runs"
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help="the time to check expiry at: 2031-01-01T00:00:00Z, now or none; default: now",
    )
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write the JSON verdict to FILE, and print nothing of a bundle that is accepted",
    )
    args = parser.parse_args(argv)
    at = _time(args.at)
    trusted = read_trusted_root(args.trusted_root)
    installed = read_installed(args.installed)
    not_checked = _not_checked(args)
    with files.open_input(args.bundle) as fd:
        try:
            report = _accepted(verify_bundle(fd, trusted, installed, at), not_checked)
        except Refused as refused:
            report = _refused(refused)
    _show(args, report)
    return 0 if report["verdict"] == Verdict.ACCEPT else Refused.exit_code


def _time(at: str) -> int | None:
    if at == "none":
        return None
    return int(time.time()) if at == "now" else parse_date(at, "--at")


def _not_checked(args: argparse.Namespace) -> list[str]:
    """What no verdict of this run can speak of."""
    missing = []
    if args.at == "none":
        missing.append("expiry: no time was given")
    if args.installed is None:
        missing.append("rollback: no installed manifest was given")
    return missing


def _accepted(release: Release, not_checked: list[str]) -> dict[str, Any]:
    root, targets = release.root.common, release.targets.common
    never = [role for role, common in (("root", root), ("targets", targets)) if not common.expires]
    return {
        "schema": SCHEMA,
        "verdict": Verdict.ACCEPT,
        "role": "",
        "subject": "",
        "detail": "",
        "root_version": root.version,
        "targets_version": targets.version,
        "targets": len(release.targets.targets),
        "signers": [each.hex() for each in release.signers],
        "never_expires": never,
        "dev_keys": any(key.key_id.hex() in DEV_KEY_IDS for key in release.root.keys),
        "not_checked": not_checked,
    }


def _refused(refused: Refused) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "verdict": refused.verdict,
        "role": refused.role,
        "subject": refused.subject,
        "detail": refused.detail,
        "not_checked": ["everything after this: the first failure decides"],
    }


def _show(args: argparse.Namespace, report: dict[str, Any]) -> None:
    text = json.dumps(report, indent=1)
    if args.report:
        inputs = [args.bundle, args.trusted_root, *files_of(args.installed)]
        files.write_output(args.report, f"{text}\n".encode(), inputs=inputs)
    accepted = report["verdict"] == Verdict.ACCEPT
    if args.json:
        print(text)
    elif accepted and not args.report:
        _show_accepted(args.bundle, report)
    elif not accepted:
        where = f"{report['subject']}: " if report["subject"] else ""
        print(
            f"software-update: {printable(args.bundle)}: {report['verdict']}: {where}"
            f"{report['detail']}; do not install it",
            file=sys.stderr,
        )


def _show_accepted(bundle: str, report: dict[str, Any]) -> None:
    print(f"{printable(bundle)}: ACCEPT")
    print(
        f"  root {report['root_version']}, targets {report['targets_version']}, "
        f"{report['targets']} targets"
    )
    if report["never_expires"]:
        print(f"  never expires: {', '.join(report['never_expires'])}")
    for each in report["not_checked"]:
        print(f"  not checked: {each}")
    if report["dev_keys"]:
        print(f"  {DEV_KEYS_WARNING}")
