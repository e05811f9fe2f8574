"""bundle verify: judge a bundle as a device would."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from software_update import files, metadata
from software_update.cli.arguments import Parser, add_at, check_apart, files_of, time_of, verdict_of
from software_update.cli.trusted import read_installed, read_trusted_root
from software_update.errors import Refused, Verdict, printable
from software_update.keys import DEV_KEYS_WARNING
from software_update.release import ReleaseManifest
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.verifier import Device, Release, not_checked

SCHEMA = "software_update.verdict.v1"


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    expected = None if args.expect is None else verdict_of(args.expect, "--expect")
    device = Device(
        read_trusted_root(args.trusted_root),
        read_installed(args.installed),
        args.hardware_id,
        time_of(args),
    )
    release, report = _judge(args.bundle, device)
    passed = report["verdict"] == (expected or Verdict.ACCEPT)
    if args.report:
        _write(args, args.report, _json(report).encode())
    if release is not None and passed and args.write_manifest:
        manifest = metadata.build_manifest(release.targets, release.user_manifest)
        _write(args, args.write_manifest, manifest)
    _show(args, report, expected)
    return 0 if passed else Refused.exit_code


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
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
        "--hardware-id", metavar="ID", help="what the device is, as a release manifest names it"
    )
    add_at(parser)
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write the JSON verdict to FILE, and print nothing of a bundle that is accepted",
    )
    parser.add_argument(
        "--expect",
        metavar="VERDICT",
        help="exit 0 if this is the verdict, and 1 if it is another",
    )
    parser.add_argument(
        "--write-manifest",
        metavar="FILE",
        help="write what the device keeps of an accepted bundle, for --installed next time",
    )
    args = parser.parse_args(argv)
    check_apart(args, "report", "write_manifest")
    return args


def _judge(bundle: str, device: Device) -> tuple[Release | None, dict[str, Any]]:
    """The release, if the device would install it, and the report."""
    with files.open_input(bundle) as fd:
        try:
            release = verify_bundle(fd, device)
        except Refused as refused:
            return None, refused_report(refused)
        return release, accepted_report(device, release)


def _write(args: argparse.Namespace, path: str, content: bytes) -> None:
    inputs = [args.bundle, args.trusted_root, *files_of(args.installed)]
    files.write_output(path, content, inputs=inputs)


def accepted_report(device: Device, release: Release) -> dict[str, Any]:
    """The JSON verdict on a release that the device would install."""
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
        "uncounted_signatures": list(release.uncounted),
        "release": _release(release.manifest),
        "never_expires": never,
        "dev_keys": release.dev_keys,
        "not_checked": not_checked(device, release),
    }


def _release(manifest: ReleaseManifest | None) -> dict[str, Any] | None:
    if manifest is None:
        return None
    return {
        "product": manifest.product,
        "version": manifest.version,
        "release_counter": manifest.counter,
    }


def refused_report(refused: Refused) -> dict[str, Any]:
    """The JSON verdict on a bundle that it would not."""
    return {
        "schema": SCHEMA,
        "verdict": refused.verdict,
        "role": refused.role,
        "subject": refused.subject,
        "detail": refused.detail,
        "not_checked": ["everything after this: the first failure decides"],
    }


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=1) + "\n"


def _show(args: argparse.Namespace, report: dict[str, Any], expected: Verdict | None) -> None:
    verdict = report["verdict"]
    if args.json:
        print(_json(report), end="")
    elif verdict == Verdict.ACCEPT == (expected or verdict) and not args.report:
        _show_accepted(args.bundle, report)
    elif verdict == expected and not args.report:
        print(f"{printable(args.bundle)}: {verdict}, as expected: {_reason(report)}")
    if expected is not None and verdict != expected:
        _complain(args, f"expected {expected}, got {verdict}: {_reason(report)}")
    elif expected is None and verdict != Verdict.ACCEPT and not args.json:
        _complain(args, f"{verdict}: {_reason(report)}; do not install it")


def _complain(args: argparse.Namespace, what: str) -> None:
    print(f"software-update: {printable(args.bundle)}: {what}", file=sys.stderr)


def _reason(report: dict[str, Any]) -> str:
    if report["verdict"] == Verdict.ACCEPT:
        return _versions(report)
    where = f"{report['subject']}: " if report["subject"] else ""
    return f"{where}{report['detail']}"


def _versions(report: dict[str, Any]) -> str:
    return (
        f"root {report['root_version']}, targets {report['targets_version']}, "
        f"{report['targets']} targets"
    )


def _show_accepted(bundle: str, report: dict[str, Any]) -> None:
    print(f"{printable(bundle)}: ACCEPT")
    print(f"  {_versions(report)}")
    release = report["release"]
    if release:
        print(
            f"  release: {printable(release['product'])} {printable(release['version'])}, "
            f"release counter {release['release_counter']}"
        )
    for each in report["uncounted_signatures"]:
        print(f"  signature that does not count: {each}")
    if report["never_expires"]:
        print(f"  never expires: {', '.join(report['never_expires'])}")
    for each in report["not_checked"]:
        print(f"  not checked: {each}")
    if report["dev_keys"]:
        print(f"  {DEV_KEYS_WARNING}")
