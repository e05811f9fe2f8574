"""bundle promote: prove that a release carries exactly what was tested."""

import argparse
import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from software_update.base import files
from software_update.base.errors import InputError, SoftwareUpdateError, UsageError, printable
from software_update.base.strict_json import to_text
from software_update.bundle.envelope import Envelope
from software_update.bundle.reader import read_envelope
from software_update.bundle.writer import copy_ranges
from software_update.cli.commands.bundle_verify import accepted_report, refused_report
from software_update.cli.options.arguments import Parser, add_at, check_apart, time_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import metadata
from software_update.format.metadata import ROOT, TARGETS, Root
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.dev_key_ids import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.verify import verifier
from software_update.verify.bundle_file import check_lengths, hash_payloads, verify_file
from software_update.verify.promotion import Contents, Difference, differences
from software_update.verify.trust_files import read_trusted_root
from software_update.verify.verifier import Device, VerifiedRelease

SCHEMA = "software_update.promotion.v1"
_NOT_CHECKED = "of what was tested: signatures, root, expiry"
_SHOWN = 3


class _NotPromoted(SoftwareUpdateError):
    """The release is not proven. `verdict` is that on the release, None where it was not judged."""

    exit_code = Refused.exit_code

    def __init__(
        self,
        problem: str,
        verdict: dict[str, Any] | None = None,
        found: Sequence[Difference] = (),
    ) -> None:
        super().__init__(problem)
        self.verdict = verdict
        self.found = found


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    schemes = schemes_of(args)
    trusted = read_trusted_root(args.trusted_root, schemes)
    device = Device(trusted, at=time_of(args), schemes=schemes)
    with files.open_input(args.tested) as tested, files.open_input(args.release) as release:
        if os.path.sameopenfile(tested, release):
            raise UsageError(f"{args.release}: both bundles are this file; name the tested one too")
        opened = os.fstat(release)
        try:
            with _released(args, device, release) as fd:
                report = _promote(args, device, tested, fd)
                if args.output is None:
                    _check_unchanged(args.release, opened)
                _write_report(args, report)
        except _NotPromoted as error:
            _write_report(args, _refusal(error))
            raise
    if not args.report:
        print("\n".join(_lines(args, report)))
    return 0


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
        raise _refused(args, refused) from None
    with files.new_output(args.output, inputs=_inputs(args)) as fd:
        copy_ranges(release, fd, [(0, os.fstat(release).st_size)])
        yield fd


def _promote(
    args: argparse.Namespace, device: Device, tested_fd: int, release_fd: int
) -> dict[str, Any]:
    """The report on a release that carries what was tested; else _NotPromoted."""
    try:
        verified = verify_file(release_fd, device)
        problem = _dev_problem(device, verified.envelope)
    except Refused as refused:
        raise _refused(args, refused) from None
    verdict = accepted_report(device, verified)
    if problem:
        raise _NotPromoted(f"{args.release}: {problem}", verdict)
    try:
        tested = _read_tested(tested_fd, device.root)
    except Refused as refused:
        raise _NotPromoted(_about(args.tested, refused), verdict) from None
    carried = Contents(verified.release.targets, verified.payloads)
    found = differences(tested, carried)
    if found:
        raise _NotPromoted(_problem(args, found), verdict, found)
    return _report(verdict, carried)


def _refused(args: argparse.Namespace, refused: Refused) -> _NotPromoted:
    return _NotPromoted(_about(args.release, refused), refused_report(refused))


def _check_unchanged(path: str, opened: os.stat_result) -> None:
    """InputError if `path` no longer names the file that was opened, or that file was written to."""
    now = os.stat(path)
    same = os.path.samestat(now, opened) and now.st_size == opened.st_size
    if not same or now.st_mtime_ns != opened.st_mtime_ns:
        raise InputError(
            f"{path}: changed while it was read; let its writer finish and try again, or add -o OUT "
            "and release that file"
        )


def _about(path: str, refused: Refused) -> str:
    whole = refused.verdict == Verdict.MISSING_PAYLOAD
    return f"{path}: {refused}{'; name a bundle that leaves nothing out' if whole else ''}"


def _dev_problem(device: Device, envelope: Envelope) -> str | None:
    """Returns the reason why anyone could have made an accepted release, or None if there is no reason.

    `envelope` holds the bytes that were verified: a file that changed since is not read again.
    """
    roots = [_root(each) for each in (*envelope.root_chain, envelope.root) if each is not None]
    for root in (device.root, *roots):
        if root.is_dev:
            version = root.common.version
            return f"{DEV_KEYS_WARNING}, by root version {version}; release under another root"
    for signature in metadata.parse_signed(TARGETS, envelope.targets or b"").signatures:
        if signature.key_id.hex() in DEV_KEY_IDS:
            return f"dev key {signature.key_id.hex()[:16]} has signed it; leave that signature out"
    return None


def _root(data: bytes) -> Root:
    return metadata.parse_root(metadata.parse_signed(ROOT, data).serialized)


def _read_tested(fd: int, root: Root) -> Contents:
    """Returns the tested bundle's contents: its payloads match its metadata. Signatures are not checked."""
    envelope = read_envelope(fd)
    if envelope.targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "has no targets metadata")
    signed = metadata.parse_signed(TARGETS, envelope.targets)
    targets = metadata.parse_targets(signed.serialized)
    payloads = hash_payloads(fd, targets, envelope.payloads)
    release = VerifiedRelease((root,), targets, (), (), None, None)
    verifier.verify_payloads(Device(root), release, payloads)
    return Contents(targets, payloads)


def _problem(args: argparse.Namespace, found: Sequence[Difference]) -> str:
    shown = [str(each) for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        where = args.report or "--report FILE.json"
        shown.append(f"and {len(found) - _SHOWN} more, see {where}")
    return f"{args.release}: not what was tested: {'; '.join(shown)}; release what was tested, or test this"


def _report(verdict: dict[str, Any], carried: Contents) -> dict[str, Any]:
    serialized = carried.targets.serialized
    return {
        "schema": SCHEMA,
        "promoted": True,
        "problem": "",
        "release": verdict,
        "targets_metadata": {
            "length": len(serialized),
            "sha256": hashlib.sha256(serialized).hexdigest(),
        },
        "payloads": [
            {"name": each.name, "length": each.length, "sha256": each.sha256.hex()}
            for each in carried.payloads
        ],
        "differences": [],
        "not_checked": [_NOT_CHECKED],
    }


def _refusal(error: _NotPromoted) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "promoted": False,
        "problem": str(error),
        "release": error.verdict,
        "targets_metadata": None,
        "payloads": None,
        "differences": [
            {
                "subject": each.subject,
                "field": each.field,
                "tested": each.tested,
                "release": each.release,
            }
            for each in error.found
        ],
        "not_checked": [_NOT_CHECKED],
    }


def _write_report(args: argparse.Namespace, report: dict[str, Any]) -> None:
    if args.report:
        content = to_text(report).encode()
        files.write_output(args.report, content, inputs=_inputs(args))


def _inputs(args: argparse.Namespace) -> list[str]:
    return [args.tested, args.release, args.trusted_root]


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
