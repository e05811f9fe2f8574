"""log verify: check the proof of a release, as a device does."""

import sys
from collections.abc import Sequence
from typing import Any

from software_update.base import files
from software_update.base.dates import format_date
from software_update.base.errors import printable, shown
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser, parse_date_argument
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.transparency.check import Checked, check_proof
from software_update.transparency.proof import MAX_PROOF_BYTES, SUFFIX

_SCHEMA = "software_update.log_verified.v1"
_ACCEPT = "ACCEPT"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log verify",
        "Verifies a bundle, and checks the proof that its release is in a log that the policy trusts. It "
        "needs no network. Exit code 0: accepted; 1: rejected.",
    )
    options.add_bundle(parser)
    options.add_policy(parser)
    parser.add_argument(
        "--proof", metavar="FILE", help=f"the proof; default: the file BUNDLE{SUFFIX}"
    )
    parser.add_argument(
        "--not-before",
        metavar="T",
        help="reject a proof whose witnesses cosigned before this date; default: accept any date",
    )
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    not_before = None
    if args.not_before is not None:
        not_before = parse_date_argument(args.not_before, "--not-before")
    policy = options.policy_of(args)
    [release] = options.verified(args, [args.bundle])
    path = args.proof or f"{args.bundle}{SUFFIX}"
    result: Checked | NotDisclosed
    try:
        result = check_proof(_read(path), policy, release.record.content(), not_before=not_before)
    except NotDisclosed as refused:
        result = refused
    if args.json:
        print(to_text(_document(result, release.record.release_digest)), end="")
    elif isinstance(result, Checked):
        _show(args.bundle, result)
    if isinstance(result, Checked):
        return 0
    if not args.json:
        print(
            f"software-update: {result.refusal}: {printable(path)}: {result.detail}",
            file=sys.stderr,
        )
    return result.exit_code


def _read(path: str) -> bytes:
    try:
        return files.read_input(path, MAX_PROOF_BYTES)
    except FileNotFoundError:
        raise NotDisclosed(
            Refusal.MISSING_PROOF, "there is no such file; make it with: software-update log prove"
        ) from None


def _document(result: Checked | NotDisclosed, release: str) -> dict[str, Any]:
    document: dict[str, Any] = {"schema": _SCHEMA, "release": release}
    if isinstance(result, NotDisclosed):
        return {
            **document,
            "result": result.refusal,
            "detail": result.detail,
            "log": None,
            "index": None,
            "size": None,
            "witnesses": [],
            "not_before": None,
        }
    return {
        **document,
        "result": _ACCEPT,
        "detail": "",
        "log": result.checkpoint.origin,
        "index": result.record_index,
        "size": result.checkpoint.size,
        "witnesses": [
            {"witness": each.witness, "time": format_date(each.time)} for each in result.witnesses
        ],
        "not_before": None if result.not_before is None else format_date(result.not_before),
    }


def _show(bundle: str, checked: Checked) -> None:
    print(f"{printable(bundle)}: {_ACCEPT}")
    origin, size = shown(checked.checkpoint.origin), checked.checkpoint.size
    print(f"  record {checked.record_index} of {size} in {origin}")
    for each in checked.witnesses:
        print(f"  cosigned {format_date(each.time)} by {shown(each.witness)}")
    if checked.not_before is not None:
        print(f"  the time is at least {format_date(checked.not_before)}")
