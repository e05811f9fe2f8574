"""Options that check a release's attachments, and the public keys that they name."""

import argparse
from collections.abc import Sequence
from typing import Any

from software_update.base.errors import InputError, UsageError, short_id
from software_update.cli.options.arguments import add_list, parse_integer
from software_update.keys.public_key import PublicKey


def add_attachments(parser: argparse.ArgumentParser) -> None:
    """--attachments and the keys that must have signed."""
    parser.add_argument(
        "--attachments",
        metavar="DIR",
        help="check the attachments of the release in the folder DIR: listed files and signed statements",
    )
    add_list(
        parser,
        "--attachment-key",
        "PUB",
        "public keys (PEM) of which one must have signed each statement; without them, no signature of a "
        "statement is checked",
    )
    add_list(parser, "--auditor", "PUB", "public keys (PEM) of auditors, who rebuild releases")
    parser.add_argument(
        "--require-audits",
        metavar="N",
        help="the number of --auditor keys by which statements in DIR must say that the release is GOOD; "
        "default: 0",
    )


def check_attachments(args: argparse.Namespace) -> None:
    """Raises UsageError if the options do not fit each other."""
    for option, value in (
        ("--attachment-key", args.attachment_key),
        ("--auditor", args.auditor),
        ("--require-audits", args.require_audits),
    ):
        if value and not args.attachments:
            raise UsageError(f"{option}: only valid with --attachments DIR; add that or remove it")
    required = audits_of(args)
    if required > len(args.auditor):
        raise UsageError(
            f"--require-audits: {required} of {len(args.auditor)} auditors; name more with --auditor"
        )


def audits_of(args: argparse.Namespace) -> int:
    """Returns the number of audits that the options require."""
    if args.require_audits is None:
        return 0
    return parse_integer(args.require_audits, "--require-audits", "number of audits")


def judge_attachments(args: argparse.Namespace, verified: Any) -> dict[str, Any]:
    """Returns the report on the attachments of a VerifiedRelease.

    Raises NotDisclosed if one is missing or wrong, or audits are missing, and InputError for a bad key file.
    """
    from software_update.attachments.audits import AuditPolicy, check_audits
    from software_update.attachments.folder import check_folder
    from software_update.attachments.release import verified_release

    release = verified_release(verified)
    keys = _keys(args.attachment_key)
    _check_not_vendor(args.attachment_key, keys, release.roots)
    policy = AuditPolicy(_keys(args.auditor), audits_of(args))
    # Auditors sign with their own keys, which need no mention twice.
    allowed = (*keys, *policy.keys) if keys else ()
    checked, envelopes = check_folder(args.attachments, release, allowed)
    audits = check_audits(envelopes, policy, release.digest, release.roots)
    return {
        "attachments": [
            {
                "name": each.name,
                "predicate_type": each.statement.predicate_type if each.statement else None,
                "signers": _ids(each.signers),
            }
            for each in checked
        ],
        "auditors": {"good": _ids(audits.good), "bad": _ids(audits.bad)},
    }


def _ids(keys: Sequence[PublicKey]) -> list[str]:
    return [each.key_id.hex() for each in keys]


def _keys(paths: Sequence[str]) -> tuple[PublicKey, ...]:
    from software_update.attachments.envelope import SCHEMES
    from software_update.keys.pem import read_public_key

    return tuple(read_public_key(each, SCHEMES) for each in paths)


def _check_not_vendor(paths: Sequence[str], keys: Sequence[PublicKey], roots: Any) -> None:
    from software_update.attachments.vendor import is_vendor

    for path, key in zip(paths, keys, strict=True):
        if is_vendor(key, roots):
            raise InputError(
                f"{path}: key {short_id(key.key_id)} signs root or targets metadata of this release; "
                "attachments have keys of their own"
            )
