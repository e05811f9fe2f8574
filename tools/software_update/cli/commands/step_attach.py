"""step attach: put detached signatures next to what they sign, for a release."""

import argparse
from collections.abc import Sequence

from software_update.base.errors import InputError, SignatureError, UsageError
from software_update.cli.options.arguments import (
    Parser,
    add_list,
    add_output,
    add_root_chain,
    files_of,
)
from software_update.cli.options.collected_roots import add_collected_roots, take_collected_roots
from software_update.cli.options.holders import add_holders
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render.warnings import warn, warn_of_other_signatures
from software_update.format.metadata import ROOT, TARGETS
from software_update.steps.attach import MetadataToRelease, UnsignedRoot, attach_signatures


def run(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    _check(args)
    # A release starts from the first root too.
    trusted_roots = args.trusted_root + take_collected_roots(args)
    release = MetadataToRelease(
        args.role,
        args.metadata,
        args.signature,
        args.root,
        args.previous,
        args.root_chain,
        trusted_roots,
        args.dev_key_identities,
        args.holders,
    )
    other_inputs = files_of(args.collected_roots)
    try:
        left_out = attach_signatures(
            args.output,
            release,
            other_inputs=other_inputs,
            schemes=schemes_of(args),
            warn=warn,
        )
    except UnsignedRoot as error:
        raise InputError(
            f"{error}; build {args.root_request}, sign it with software-update sign, and list the "
            "signatures in the root's signatures"
        ) from None
    except SignatureError as error:
        if args.signature:
            raise
        raise SignatureError(
            f"{error}; build {args.request}, sign it with software-update sign, and list the "
            "signatures in signatures"
        ) from None
    warn_of_other_signatures(left_out)
    return 0


def _parser() -> Parser:
    parser = Parser(
        "step attach",
        "Joins metadata and signatures for a release. Each signature must be good, they "
        "must meet the thresholds, and no root of the release may list a development "
        "key.",
    )
    parser.add_argument("--metadata", metavar="FILE", required=True, help="the bytes to sign")
    add_schemes(parser)
    parser.add_argument(
        "--role", choices=(ROOT, TARGETS), required=True, help="the role of the metadata"
    )
    parser.add_argument(
        "--root", metavar="FILE", help="for targets: the root metadata that lists the keys"
    )
    parser.add_argument(
        "--previous", metavar="FILE", help="for a root: the previous root, whose keys must sign too"
    )
    add_root_chain(parser)
    add_collected_roots(parser)
    parser.add_argument(
        "--request",
        metavar="LABEL",
        default="its signing request",
        help="the target to build and sign if no --signature is given, for the error",
    )
    parser.add_argument(
        "--root-request",
        metavar="LABEL",
        default="its signing request",
        help="the target to build and sign if --root has no signatures, for the error",
    )
    add_list(parser, "--signature", "FILE", "signatures from software-update sign")
    add_list(
        parser,
        "--trusted-root",
        "FILE",
        "for targets: roots on devices, which must not list a development key either",
    )
    parser.add_argument(
        "--dev-key-identities",
        metavar="FILE",
        help="identities from step identify; a root that lists one of these keys is an error",
    )
    add_holders(parser)
    add_output(parser, "the signed metadata to write")
    return parser


def _check(args: argparse.Namespace) -> None:
    """Raises UsageError if the arguments do not fit the role."""
    if args.role == TARGETS and args.root is None:
        raise UsageError("--role targets: needs --root FILE, which lists who signs")
    if args.role == TARGETS and args.previous is not None:
        raise UsageError("--previous: only valid with --role root; remove it")
    if args.role == ROOT and args.root is not None:
        raise UsageError("--root: a root lists its own keys; leave it out, or write --previous")
    for option in ("root_chain", "collected_roots", "trusted_root"):
        if args.role == ROOT and getattr(args, option):
            name = option.replace("_", "-")
            raise UsageError(f"--{name}: only valid with --role targets; remove it")
