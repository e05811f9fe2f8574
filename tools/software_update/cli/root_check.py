"""root check: whether a root may follow the one before it, and who has still to sign it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from software_update import files
from software_update.cli.arguments import Parser
from software_update.cli.trusted import read_root_file, read_trusted_root
from software_update.errors import Refused, printable
from software_update.metadata import Root
from software_update.verify.verifier import Quorum, check_successor

SCHEMA = "software_update.root_check.v1"
_NOT_CHECKED = "expiry: bundle verify checks it"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root check",
        "Checks that a root may follow the one before it. Signatures that are missing are listed, "
        "and no failure.",
    )
    parser.add_argument("root", metavar="ROOT", help="signed root metadata, or not yet signed")
    parser.add_argument(
        "--previous", metavar="FILE", required=True, help="the root metadata before it"
    )
    parser.add_argument(
        "--report",
        metavar="FILE.json",
        help="write the result as JSON, and print nothing of a root that is complete",
    )
    args = parser.parse_args(argv)
    previous = read_trusted_root(args.previous)
    content = read_root_file(args.root)
    try:
        root, by_previous, by_itself = check_successor(previous, content)
    except Refused as refused:
        raise refused.about("root", printable(args.root)) from None
    report = _report(previous, root, by_previous, by_itself)
    if args.report:
        text = json.dumps(report, indent=1) + "\n"
        files.write_output(args.report, text.encode(), inputs=[args.root, args.previous])
    if not (args.report and report["complete"]):
        print("\n".join(_lines(args.root, report)))
    return 0


def _report(previous: Root, root: Root, by_previous: Quorum, by_itself: Quorum) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "version": root.common.version,
        "complete": by_previous.met and by_itself.met,
        "previous": {"version": previous.common.version, **_describe(by_previous)},
        "own": _describe(by_itself),
        "uncounted_signatures": list(_uncounted(by_previous, by_itself)),
        "not_checked": [_NOT_CHECKED],
    }


def _describe(quorum: Quorum) -> dict[str, Any]:
    return {
        "threshold": quorum.threshold,
        "signers": [each.hex() for each in quorum.signers],
        "not_signed": [each.hex() for each in quorum.missing],
    }


def _uncounted(*quorums: Quorum) -> Iterable[str]:
    """Why signatures do not count. Those of the other root's keys alone are no fault."""
    listed = {each for quorum in quorums for each in (*quorum.signers, *quorum.missing)}
    return dict.fromkeys(
        f"{key_id.hex()[:16]} {problem}"
        for quorum in quorums
        for key_id, problem in quorum.uncounted
        if key_id in (*quorum.signers, *quorum.missing) or key_id not in listed
    )


def _lines(path: str, report: dict[str, Any]) -> Iterable[str]:
    previous, own = report["previous"], report["own"]
    yield f"{printable(path)}: version {report['version']}, follows version {previous['version']}"
    for whose, quorum in (("the previous root's keys", previous), ("its own keys", own)):
        yield f"  {whose}: {len(quorum['signers'])} signed, {quorum['threshold']} must"
        for key_id in quorum["not_signed"]:
            yield f"    not signed: {key_id}"
    for each in report["uncounted_signatures"]:
        yield f"  signature that does not count: {each}"
    yield f"  not checked: {_NOT_CHECKED}"
    yield "  complete" if report["complete"] else "  incomplete; sign it with: root sign"
