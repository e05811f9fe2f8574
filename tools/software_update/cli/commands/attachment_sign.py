"""attachment sign: sign a statement about a release, with a key that signs no releases."""

import argparse
import os
from collections.abc import Sequence

from software_update.attachments.audits import audit_name, rebuild_result
from software_update.attachments.release import Release, unverified_release
from software_update.attachments.sign import sign_statement
from software_update.attachments.statement import (
    Statement,
    build_statement,
    check_release,
    parse_statement,
)
from software_update.attachments.vendor import is_vendor
from software_update.base import files, strict_json
from software_update.base.errors import InputError, UsageError, printable, short_id
from software_update.cli.options import signer_arguments
from software_update.cli.options.arguments import Parser
from software_update.format.metadata import Root
from software_update.format.names import ATTACHMENTS
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ALL_SCHEMES
from software_update.verify.trust_files import read_trusted_root

_MAX_STATEMENT_BYTES = 2 * 1024 * 1024


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    with files.open_input(args.bundle) as fd:
        release = unverified_release(fd, args.bundle)
    roots = [*release.roots]
    if args.trusted_root:
        roots.append(read_trusted_root(args.trusted_root, ALL_SCHEMES))
    if not roots:
        raise UsageError(
            f"{args.bundle}: contains no root metadata; name the product's root with --trusted-root, so that "
            "none of its keys signs"
        )
    statement = _statement(args, release)
    signer = signer_arguments.open_signer(args)
    _check_not_vendor(args, signer.public, roots)
    output = args.output or _name_of_audit(args, statement, signer.public)
    envelope = sign_statement(statement, [signer])
    if args.output is None:
        files.make_folder(os.path.dirname(output))
    files.write_output(output, envelope, inputs=_inputs(args))
    print(
        f"{printable(output)}: statement about release {short_id(release.digest)}, signed with key "
        f"{short_id(signer.public.key_id)}"
    )
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "attachment sign",
        "Signs an in-toto statement about a release, as a DSSE envelope. Rejects a key that signs root or "
        "targets metadata of the release.",
    )
    parser.add_argument("statement", metavar="STATEMENT", help="the statement, a JSON file")
    parser.add_argument(
        "--bundle", metavar="BUNDLE", required=True, help="the release that the statement is about"
    )
    parser.add_argument(
        "--predicate-type",
        metavar="URI",
        help="STATEMENT contains only a predicate of this type; the command makes a statement of it",
    )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        help="signed root metadata of the product, none of whose keys may sign; required if BUNDLE contains "
        "no root metadata",
    )
    signer_arguments.add_signer(parser, all_schemes=True)
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="the signed statement; required except for the result of an audit; default: "
        "audit.KEY_ID.dsse.json in the folder BUNDLE.attachments, where devices look for it",
    )
    args = parser.parse_args(argv)
    signer_arguments.check_signer(args)
    return args


def _statement(args: argparse.Namespace, release: Release) -> bytes:
    """Returns the exact bytes to sign. Raises NotDisclosed if they are not a statement about the release."""
    content = files.read_input(args.statement, _MAX_STATEMENT_BYTES)
    if args.predicate_type is None:
        check_release(parse_statement(content, args.statement), release.digest, args.statement)
        return content
    try:
        predicate = strict_json.parse_object(content)
    except ValueError as error:
        raise InputError(f"{args.statement}: not a predicate, a JSON object ({error})") from None
    return build_statement(Statement(release.digest, args.predicate_type, predicate))


def _name_of_audit(args: argparse.Namespace, statement: bytes, key: PublicKey) -> str:
    """Returns the path at which devices look for the statement of an auditor.

    Raises UsageError for another statement, because nothing decides its name.
    """
    if rebuild_result(parse_statement(statement, args.statement)) is None:
        raise UsageError(
            f"{args.statement}: is not the result of an audit, so it has no name of its own; name the "
            "output with -o"
        )
    return f"{args.bundle}.{ATTACHMENTS}/{audit_name(key)}"


def _check_not_vendor(args: argparse.Namespace, key: PublicKey, roots: Sequence[Root]) -> None:
    if is_vendor(key, roots):
        raise InputError(
            f"{args.key}: key {short_id(key.key_id)} signs root or targets metadata of {args.bundle}; "
            "attachments have keys of their own: sign with another one"
        )


def _inputs(args: argparse.Namespace) -> list[str]:
    named = [args.statement, args.bundle, args.trusted_root, *signer_arguments.inputs_of(args)]
    return [each for each in named if each is not None]
