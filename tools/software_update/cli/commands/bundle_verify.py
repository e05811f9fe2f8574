"""bundle verify: judge a bundle as a device would, and keep what an accepted one brings."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from software_update.base import files
from software_update.base.errors import UsageError, printable, shown, shown_list
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import (
    Parser,
    add_at,
    add_device_limits,
    check_apart,
    files_of,
    text_of,
    time_of,
    verdict_of,
)
from software_update.cli.options.attachments import (
    add_attachments,
    check_attachments,
    judge_attachments,
)
from software_update.cli.options.log_policy import add_log_policy, check_log_policy, judge_log
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render.advice import sentence
from software_update.format import metadata
from software_update.format.metadata import Installed, Root
from software_update.format.refusals import NotDisclosed
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.dev_key_ids import DEV_KEYS_WARNING
from software_update.keys.schemes import Schemes
from software_update.verify.bundle_file import Verified, verify_file
from software_update.verify.device import Device
from software_update.verify.installed import (
    InstalledFile,
    check_trusted_root,
    read_installed,
    read_installed_root,
)
from software_update.verify.recovery import root_to_record
from software_update.verify.report import accepted_report, refused_report
from software_update.verify.trust_files import parse_trusted_root, read_root_file

_SHOWN = 10


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    expected = None if args.expect is None else verdict_of(args.expect, "--expect")
    signed_root = read_root_file(args.trusted_root)
    schemes = schemes_of(args)
    trusted = parse_trusted_root(args.trusted_root, signed_root, schemes)
    installed = _installed(args, schemes)
    device = Device(
        trusted,
        installed.release if installed else None,
        None if args.hardware_id is None else text_of(args.hardware_id, "--hardware-id"),
        time_of(args),
        _installed_root(args, trusted, installed),
        schemes,
    )
    if args.extract:
        # Here, not above: it imports shutil, and with that the compression modules.
        from software_update.base.trees import check_new_folder

        check_new_folder(args.extract)
    with files.open_input(args.bundle) as fd:
        result, report = _judge(fd, device, installed)
        verified = None if isinstance(result, Refused) else result
        passed = report["verdict"] == (expected or Verdict.ACCEPT)
        if verified:
            report["beyond_device"] = _beyond_device(fd, args.device_limits, signed_root, verified)
            passed = passed and not report["beyond_device"]
            _disclose(args, verified, report)
            passed = passed and not report["refusal"]
            report["warnings"] = _warnings(args, device, verified)
        if args.report:
            files.write_output(args.report, to_text(report).encode(), inputs=_inputs(args))
        if verified and passed:
            if args.extract:
                # Here, not above: it imports shutil, and with that the compression modules.
                from software_update.steps.extract import extract_verified

                extract_verified(fd, verified, args.extract, args.bundle)
            _keep(args, device, installed, verified, signed_root)
    _show(args, report, expected, sentence(result) if isinstance(result, Refused) else "")
    return 0 if passed else Refused.exit_code


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "bundle verify", "Verifies a bundle as a device does. Exit code 0: accepted; 1: rejected."
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the signed root metadata that the device trusts",
    )
    parser.add_argument(
        "--installed",
        metavar="FILE",
        help="the release that the device runs: the installed manifest, or a bundle",
    )
    roots = parser.add_mutually_exclusive_group()
    roots.add_argument(
        "--installed-root",
        metavar="FILE",
        help="the root under which that release was accepted, if it is older than --trusted-root",
    )
    roots.add_argument(
        "--ignore-installed-root",
        action="store_true",
        help="for tests: treat that release as accepted under --trusted-root, whichever root it names",
    )
    parser.add_argument(
        "--hardware-id",
        metavar="ID",
        help="the device's hardware id, which the release manifest must list if it lists any",
    )
    add_at(parser)
    add_schemes(parser)
    add_device_limits(parser)
    add_log_policy(parser)
    add_attachments(parser)
    parser.add_argument("--json", action="store_true", help="print software_update.verdict.v1")
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write software_update.verdict.v1 to FILE, and print nothing if the bundle is "
        "accepted",
    )
    parser.add_argument(
        "--expect",
        metavar="VERDICT",
        help="for tests: exit with 0 if this is the verdict, and with 1 otherwise",
    )
    parser.add_argument(
        "--extract",
        metavar="DIR",
        help="write the payloads of an accepted bundle to DIR, a new or empty folder",
    )
    parser.add_argument(
        "--write-root",
        metavar="FILE",
        help="write the root that the device trusts afterwards, for --trusted-root next "
        "time; FILE may be that file",
    )
    parser.add_argument(
        "--write-installed",
        metavar="FILE",
        help="write the installed manifest of an accepted bundle, for --installed next time; FILE may be "
        "that file",
    )
    args = parser.parse_args(argv)
    if args.installed_root and not args.installed:
        raise UsageError("--installed-root: only valid with --installed; add that or remove it")
    if args.ignore_installed_root and not args.installed:
        raise UsageError(
            "--ignore-installed-root: only valid with --installed; add that or remove it"
        )
    check_log_policy(args)
    check_attachments(args)
    check_apart(args, "report", "extract", "write_root", "write_installed")
    return args


def _installed(args: argparse.Namespace, schemes: Schemes) -> InstalledFile | None:
    if args.installed is None:
        return None
    installed = read_installed(args.installed, schemes)
    if not args.ignore_installed_root:
        return installed
    targets, user_manifest, release, _ = installed.release
    return InstalledFile(Installed(targets, user_manifest, release), None, installed.is_bundle)


def _installed_root(
    args: argparse.Namespace, trusted: Root, installed: InstalledFile | None
) -> Root | None:
    """The root that the installed release may have been accepted under, checked against the trusted one."""
    if installed is None:
        return None
    root = installed.root
    if args.installed_root:
        root = read_installed_root(
            args.installed_root, args.installed, installed.release, schemes_of(args)
        )
    accepted_under = root.id if root else installed.release.root
    if accepted_under:
        check_trusted_root(args.trusted_root, trusted, args.installed, accepted_under)
    return root


def _judge(
    fd: int, device: Device, installed: InstalledFile | None
) -> tuple[Verified | Refused, dict[str, Any]]:
    """Returns the verified bundle or the reason why the device refuses it, and the report."""
    try:
        verified = verify_file(fd, device)
    except Refused as refused:
        return refused, refused_report(refused)
    report = accepted_report(device, verified)
    if installed and installed.is_bundle:
        report["not_checked"].append("the installed bundle: its signatures and payloads")
    return verified, report


def _beyond_device(
    fd: int, path: str | None, signed_root: bytes, verified: Verified
) -> list[str] | None:
    """Returns the limits in the file `path` that the bundle exceeds; None without limits."""
    if path is None:
        return None
    # Here, not above: most runs have no limits.
    from software_update.bundle.reader import read_fields
    from software_update.cli.options.device_limits import read_device_limits
    from software_update.verify.device_limits import (
        Parts,
        beyond,
        needed_limits,
        order_problem,
    )

    limits = read_device_limits(path)
    parts = verified.envelope
    assert parts.targets is not None
    bundle = Parts(parts.root_chain, parts.root, parts.targets, verified.release.user_manifest)
    needed = needed_limits(signed_root, bundle)
    return [*beyond(needed, limits), *order_problem(needed, read_fields(fd), parts.payloads)]


def _warnings(args: argparse.Namespace, device: Device, verified: Verified) -> list[str]:
    if verified.release.trusted.signed is None or args.write_root:
        return []
    old, new = device.root.common.version, verified.release.root.common.version
    return [
        f"the root moved from version {old} to {new} and was not written; a verification that starts "
        f"from version {old} still accepts keys that were removed since; add --write-root FILE"
    ]


def _disclose(args: argparse.Namespace, verified: Verified, report: dict[str, Any]) -> None:
    """Adds the files next to the bundle to its report, or the reason to refuse it because of them."""
    try:
        if args.log_policy:
            report["log"] = judge_log(args, verified.release)
        if args.attachments:
            report.update(judge_attachments(args, verified.release))
            if not args.attachment_key:
                report["not_checked"].append(
                    "signatures of statements: no --attachment-key was given"
                )
    except NotDisclosed as refused:
        report["refusal"] = {
            "name": refused.refusal,
            "subject": refused.subject,
            "detail": refused.detail,
        }


# Outputs of an accepted bundle: the payloads, then the root, then the manifest.


def _keep(
    args: argparse.Namespace,
    device: Device,
    installed: InstalledFile | None,
    verified: Verified,
    signed_root: bytes,
) -> None:
    """Writes the root and the manifest.

    Both are complete on the disk before the first takes its place, and the root goes first. If the
    machine stops between the two, the device has the new root and the old manifest: removed keys sign
    nothing that it accepts, and the same command accepts the bundle again. There is one exception: if
    versions started again, the former root is no longer at hand, and the next call rejects the bundle
    until `--installed-root` names that root. The other order would leave a trusted root that is older
    than the root of the installed release, which every call rejects.
    """
    release = verified.release
    root = root_to_record(device.installed, release.former, release.targets, release.root)
    manifest = metadata.build_manifest(release.targets, release.user_manifest, root)
    may_replace = [] if installed and installed.is_bundle else [args.installed]
    # An ExitStack leaves the last first.
    with contextlib.ExitStack() as stack:
        for path, content, own in (
            (args.write_installed, manifest, may_replace),
            (args.write_root, release.trusted.signed or signed_root, [args.trusted_root]),
        ):
            if path:
                inputs = [each for each in _inputs(args) if each not in own]
                fd = stack.enter_context(files.new_output(path, inputs=inputs))
                files.write_all(fd, content)
                os.fsync(fd)


def _inputs(args: argparse.Namespace) -> list[str]:
    more = files_of(
        args.installed, args.installed_root, args.device_limits, args.log_policy, args.proof
    )
    return [args.bundle, args.trusted_root, *more]


def _show(
    args: argparse.Namespace, report: dict[str, Any], expected: Verdict | None, advice: str
) -> None:
    verdict = report["verdict"]
    beyond, refusal = report.get("beyond_device"), report.get("refusal")
    if args.json:
        print(to_text(report), end="")
    elif beyond and verdict == (expected or verdict):
        # Here, not above: most runs have no limits.
        from software_update.verify.device_limits import beyond_text

        _complain(args, beyond_text(beyond, args.device_limits))
    elif refusal and verdict == (expected or verdict):
        where = f"{shown(refusal['subject'])}: " if refusal["subject"] else ""
        _complain(args, f"{refusal['name']}: {where}{refusal['detail']}; do not install it")
    elif verdict == Verdict.ACCEPT == (expected or verdict) and not args.report:
        _show_accepted(args.bundle, report)
        if expected is None:
            _warn(args.bundle, report["warnings"])
    elif verdict == expected and not args.report:
        print(f"{printable(args.bundle)}: {verdict}, as expected: {_reason(report)}")
    if expected is not None and verdict != expected:
        _complain(args, f"expected {expected}, got {verdict}: {_reason(report)}")
    elif expected is None and verdict != Verdict.ACCEPT and not args.json:
        _complain(args, f"{verdict}: {_reason(report)}{advice}; do not install it")


def _warn(bundle: str, warnings: Sequence[str]) -> None:
    for each in warnings:
        print(f"software-update: warning: {printable(bundle)}: {each}", file=sys.stderr)


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
            f"  release: {shown(release['product'])} {shown(release['version'])}, "
            f"release counter {release['release_counter']}"
        )
    if report["allowed_targets"]:
        print(f"  allowed targets: {', '.join(report['allowed_targets'])}")
    for what, names in (
        ("left out, the device has it", report["left_out"]),
        ("no longer lists", report["no_longer_listed"]),
    ):
        if names:
            print(f"  {what}: {shown_list(names, _SHOWN)}")
    for each in report["uncounted_signatures"]:
        print(f"  signature that does not count: {each}")
    if report["never_expires"]:
        print(f"  never expires: {', '.join(report['never_expires'])}")
    _show_log(report["log"])
    _show_attachments(report)
    for each in report["not_checked"]:
        print(f"  not checked: {each}")
    if report["dev_keys"]:
        print(f"  {DEV_KEYS_WARNING}")


def _show_log(log: dict[str, Any] | None) -> None:
    if log is None:
        return
    print(f"  log: {shown(log['origin'])}, record {log['record_index']} of {log['size']}")
    for each in log["witnesses"]:
        print(f"  cosigned by: {shown(each['name'])} at {each['time']}")


def _show_attachments(report: dict[str, Any]) -> None:
    if report["attachments"] is None:
        return
    names = [each["name"] for each in report["attachments"]]
    print(f"  attachments: {shown_list(names, _SHOWN) if names else 'none'}")
    auditors = report["auditors"]
    for says in ("good", "bad"):
        if auditors[says]:
            ids = ", ".join(each[:16] for each in auditors[says])
            print(f"  auditors who say {says.upper()}: {ids}")
