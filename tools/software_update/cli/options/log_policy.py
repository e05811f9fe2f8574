"""Options that check that a release is in a transparency log."""

import argparse
import os
from typing import Any

from software_update.base import files
from software_update.base.dates import format_date
from software_update.base.errors import UsageError, printable
from software_update.format.names import PROOF
from software_update.format.refusals import NotDisclosed, Refusal


def add_log_policy(parser: argparse.ArgumentParser) -> None:
    """--log-policy and --proof."""
    parser.add_argument(
        "--log-policy",
        metavar="FILE",
        help="check that the release is in a log: FILE lists the logs and witnesses that you trust "
        "(c2sp.org/tlog-policy)",
    )
    parser.add_argument(
        "--proof",
        metavar="FILE",
        help="the proof that the release is in a log; default: BUNDLE with the suffix .tlog-proof",
    )


def check_log_policy(args: argparse.Namespace) -> None:
    """Raises UsageError if the options do not fit each other."""
    if args.proof and not args.log_policy:
        raise UsageError("--proof: only valid with --log-policy FILE; add that or remove it")


def judge_log(args: argparse.Namespace, verified: Any) -> dict[str, Any]:
    """Returns the report on the log that contains a VerifiedRelease.

    Raises NotDisclosed if the release is not proven to be in a log, and InputError for a bad policy.
    """
    from software_update.transparency.check import check_proof
    from software_update.transparency.log_policy import MAX_POLICY_BYTES, parse_log_policy
    from software_update.transparency.proof import MAX_PROOF_BYTES
    from software_update.transparency.record import record_of

    content = files.read_input(args.log_policy, MAX_POLICY_BYTES)
    policy = parse_log_policy(content, args.log_policy)
    path = args.proof or f"{args.bundle}.{PROOF}"
    record = record_of(verified).content()
    if not args.proof and not os.path.exists(path):
        raise NotDisclosed(
            Refusal.MISSING_PROOF,
            f"there is no {printable(path)}, which proves that the release is in a log; get it from the "
            "vendor, or name another file with --proof",
        )
    checked = check_proof(files.read_input(path, MAX_PROOF_BYTES), policy, record)
    tree = checked.checkpoint
    return {
        "origin": tree.origin,
        "record_index": checked.record_index,
        "size": tree.size,
        "root_hash": tree.root.hex(),
        "witnesses": [
            {"name": each.witness, "time": format_date(each.time)} for each in checked.witnesses
        ],
    }
