"""Signing requests on the command line: what is signed, and who must sign it."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from software_update.base import files
from software_update.base.errors import InputError, UsageError, printable
from software_update.cli.options.arguments import files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import limits, metadata
from software_update.format.metadata import Root
from software_update.format.verdicts import Refused
from software_update.keys.dev_key_ids import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.keys.schemes import Schemes
from software_update.signing import signing_request
from software_update.signing.signed_content import describe
from software_update.signing.signing_request import Request, Signers
from software_update.verify import verifier
from software_update.verify.trust_files import read_trusted_root

# How many files a warning names.
_NAMED = 16


def add_signers(parser: argparse.ArgumentParser) -> None:
    """Adds --role, --root, --previous and --experimental-schemes."""
    add_schemes(parser)
    parser.add_argument(
        "--role",
        choices=(metadata.ROOT, metadata.TARGETS),
        required=True,
        help="the role of the metadata",
    )
    parser.add_argument(
        "--root", metavar="FILE", help="for targets: the root metadata that lists the keys"
    )
    parser.add_argument(
        "--previous", metavar="FILE", help="for a root: the previous root, whose keys must sign too"
    )


def check_signers(args: argparse.Namespace) -> None:
    """UsageError where the arguments do not fit the role."""
    if args.role == metadata.TARGETS and args.root is None:
        raise UsageError("--role targets: needs --root FILE, which lists who signs")
    if args.role == metadata.TARGETS and args.previous is not None:
        raise UsageError("--previous: only valid with --role root; remove it")
    if args.role == metadata.ROOT and args.root is not None:
        raise UsageError("--root: a root lists its own keys; leave it out, or write --previous")


def inputs_of(args: argparse.Namespace) -> list[str]:
    return files_of(args.root, args.previous)


def read_metadata(path: str) -> bytes:
    return files.read_input(path, limits.MAX_TARGETS_METADATA_BYTES)


def parse_metadata(path: str, content: bytes, role: str | None, schemes: Schemes) -> Request:
    """Returns the request to sign `content`. Raises InputError if no device accepts `content`."""
    try:
        return signing_request.parse_request(content, role, schemes)
    except Refused as refused:
        what = f"{role} metadata" if role else "metadata"
        raise InputError(
            f"{path}: not {what} that a device accepts ({refused}); make another one"
        ) from None


def read_signers(args: argparse.Namespace, path: str, request: Request) -> list[Signers]:
    """Returns the authorities of the request. Raises Refused if it is a root that may not follow.

    `path` names it in errors.
    """
    schemes = schemes_of(args)
    previous = None if args.previous is None else read_trusted_root(args.previous, schemes)
    try:
        if not isinstance(request.content, Root):
            path = args.root
            return signing_request.signers_of_targets(read_trusted_root(args.root, schemes))
        signers = signing_request.signers_of_root(request.content, previous)
    except Refused as refused:
        raise InputError(f"{path}: it cannot be signed ({refused}); make another root") from None
    if previous is not None:
        _check_follows(path, request, previous, schemes)
    return signers


def _check_follows(path: str, request: Request, previous: Root, schemes: Schemes) -> None:
    unsigned = metadata.build_signed(metadata.ROOT, metadata.Signed(request.serialized, ()))
    try:
        verifier.check_successor(previous, unsigned, schemes)
    except Refused as refused:
        raise refused.about(metadata.ROOT, printable(path)) from None


def lines(title: str, request: Request) -> Iterator[str]:
    """Everything that is to be signed, read from the bytes."""
    said = describe(request.content)
    yield f"{title}: {said['role']} metadata, version {said['version']}, {_expiry(said)}"
    yield f"  {said['length']} bytes, sha256 {said['sha256']}"
    if request.is_dev:
        yield f"  {DEV_KEYS_WARNING}"
    if said["spec_version"] != metadata.SPEC_VERSION:
        yield f"  spec_version {said['spec_version']}"
    if request.role == metadata.ROOT:
        yield from _root_lines(said["summary"])
    else:
        yield from _target_lines(said["summary"]["targets"])
    for each in said["unknown_fields"]:
        yield (
            f"  unknown field {each['number']} of {each['message'] or 'the metadata'}: wire type "
            f"{each['wire_type']}, {each['length']} bytes, sha256 {each['sha256']}"
        )
    if not said["canonical"]:
        yield "  not canonical: other bytes may have the same content; compare the sha256"


def key_line(key_id: bytes) -> str:
    """The key that signs."""
    dev = f"  {DEV_KEYS_WARNING}" if key_id.hex() in DEV_KEY_IDS else ""
    return f"  by key {key_id.hex()}{dev}"


def _expiry(said: dict[str, Any]) -> str:
    if said["expires"] is None:
        return "never expires"
    nanoseconds = said["expires_nanoseconds"]
    return f"expires {said['expires']}" + (f" and {nanoseconds} ns" if nanoseconds else "")


def _root_lines(summary: dict[str, Any]) -> Iterator[str]:
    for name in (metadata.ROOT, metadata.TARGETS, "timestamp", "snapshot"):
        role = summary[name]
        if role is not None:
            yield f"  {name}: {role['threshold']} of {len(role['key_ids'])} keys"
            yield from (f"    {key_id}" for key_id in role["key_ids"])
    if summary["other_keys"]:
        yield "  keys that are in neither of the roles root and targets:"
        yield from (f"    {key_id}" for key_id in summary["other_keys"])
    if summary["consistent_snapshot"]:
        yield "  consistent_snapshot: true"
    if summary["dev_keys"] and not summary["states_dev_keys"]:
        yield "  lists a development key, but does not state dev_keys"


def _target_lines(targets: list[dict[str, Any]]) -> Iterator[str]:
    yield f"  {len(targets)} targets:"
    for each in targets:
        yield f"    {printable(each['name'])}: {each['length']} bytes"
        yield f"      sha256 {each['sha256']}"
        for other in each["other_hashes"]:
            yield f"      hash function {other['function']}: {other['hash']}"


def warn_of_others(paths: Sequence[str]) -> None:
    """Names on standard error the signature files that were left out because they sign other metadata."""
    if paths:
        named = ", ".join(map(printable, paths[:_NAMED]))
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        print(
            f"software-update: warning: signatures of other metadata, left out: {named}{more}",
            file=sys.stderr,
        )
