"""Signing requests on the command line: what is signed, and who must sign it."""

import argparse
import sys
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, UsageError, printable
from software_update.cli.options.arguments import files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import limits, metadata
from software_update.format.metadata import Root
from software_update.format.verdicts import Refused
from software_update.keys.schemes import Schemes
from software_update.signing import signing_request
from software_update.signing.signing_request import Request, Signers
from software_update.verify.roots import check_successor
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
    if not isinstance(request.content, Root):
        return read_signers_of_targets(args.root, schemes)
    previous = None if args.previous is None else read_trusted_root(args.previous, schemes)
    try:
        signers = signing_request.signers_of_root(request.content, previous)
    except Refused as refused:
        raise _cannot_be_signed(path, refused) from None
    if previous is not None:
        _check_follows(path, request, previous, schemes)
    return signers


def read_signers_of_targets(path: str, schemes: Schemes) -> list[Signers]:
    """Returns who must sign targets metadata under the root in the file `path`."""
    try:
        return signing_request.signers_of_targets(read_trusted_root(path, schemes))
    except Refused as refused:
        raise _cannot_be_signed(path, refused) from None


def _cannot_be_signed(path: str, refused: Refused) -> InputError:
    return InputError(f"{path}: it cannot be signed ({refused}); make another root")


def _check_follows(path: str, request: Request, previous: Root, schemes: Schemes) -> None:
    unsigned = metadata.build_signed(metadata.ROOT, metadata.Signed(request.serialized, ()))
    try:
        check_successor(previous, unsigned, schemes)
    except Refused as refused:
        raise refused.about(metadata.ROOT, printable(path)) from None


def warn_of_others(paths: Sequence[str]) -> None:
    """Names on standard error the signature files that were left out because they sign other metadata."""
    if paths:
        named = ", ".join(map(printable, paths[:_NAMED]))
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        print(
            f"software-update: warning: signatures of other metadata, left out: {named}{more}",
            file=sys.stderr,
        )
