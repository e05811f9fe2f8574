"""step attach: put detached signatures next to what they sign, for a release."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, UsageError
from software_update.cli.options import requests
from software_update.cli.options.arguments import Parser, add_output, add_root_chain, files_of
from software_update.cli.options.collected_roots import add_collected_roots, take_collected_roots
from software_update.cli.options.schemes import schemes_of
from software_update.format import metadata
from software_update.format.limits import MAX_DEV_KEY_IDENTITIES_BYTES
from software_update.format.metadata import Root
from software_update.keys.schemes import Schemes
from software_update.signing import signature_file
from software_update.signing.attach import attach
from software_update.signing.dev_keys import check_no_dev_keys, parse_identities
from software_update.signing.signing_request import Request, Signers
from software_update.verify.trust_files import (
    check_signed_roots,
    parse_root,
    read_root_file,
    read_trusted_root,
)


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    schemes = schemes_of(args)
    content = requests.read_metadata(args.metadata)
    request = requests.parse_metadata(args.metadata, content, args.role, schemes)
    signers = requests.read_signers(args, args.metadata, request)
    _check_no_dev_keys(args, request, signers)
    if not isinstance(request.content, Root):
        _check_roots(args)
    signatures = [(path, signature_file.read(path, schemes)) for path in args.signature]
    signed, left_out = attach(request, signers, signatures)
    inputs = [
        args.metadata,
        *requests.inputs_of(args),
        *args.root_chain,
        *args.trusted_root,
        *args.signature,
        *files_of(args.collected_roots, args.dev_key_identities),
    ]
    files.write_output(args.output, metadata.build_signed(args.role, signed), inputs=inputs)
    requests.warn_of_others(left_out)
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "step attach",
        "Joins metadata and signatures for a release. Each signature must be good, they "
        "must meet the thresholds, and no root of the release may list a development "
        "key.",
    )
    parser.add_argument("--metadata", metavar="FILE", required=True, help="the bytes to sign")
    requests.add_signers(parser)
    add_root_chain(parser)
    add_collected_roots(parser)
    parser.add_argument(
        "--root-request",
        metavar="LABEL",
        default="its signing request",
        help="the target to build and sign if --root has no signatures, for the error",
    )
    parser.add_argument(
        "--signature",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="signatures from software-update sign",
    )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="for targets: roots on devices, which must not list a development key either",
    )
    parser.add_argument(
        "--dev-key-identities",
        metavar="FILE",
        help="identities from step identify; a root that lists one of these keys is an error",
    )
    add_output(parser, "the signed metadata to write")
    args = parser.parse_args(argv)
    requests.check_signers(args)
    for option in ("root_chain", "collected_roots", "trusted_root"):
        if args.role == metadata.ROOT and getattr(args, option):
            name = option.replace("_", "-")
            raise UsageError(f"--{name}: only valid with --role targets; remove it")
    # A release starts from the first root too.
    args.trusted_root += take_collected_roots(args)
    return args


def _check_roots(args: argparse.Namespace) -> None:
    """InputError if a device rejects a root on the way to the release."""
    root = read_root_file(args.root)
    if not parse_root(args.root, root)[0].signatures:
        raise InputError(
            f"{args.root}: has no signatures; build {args.root_request}, sign it with software-update "
            "sign, and list the signatures in the root's signatures"
        )
    chain = [read_root_file(path) for path in args.root_chain]
    check_signed_roots([*args.root_chain, args.root], [*chain, root], schemes_of(args))


def _check_no_dev_keys(
    args: argparse.Namespace, request: Request, signers: Sequence[Signers]
) -> None:
    """Rejects roots that a release makes devices trust, or starts from, if anyone can sign under them."""
    schemes = schemes_of(args)
    dev_keys = _dev_keys(args.dev_key_identities, schemes)
    for path in args.root_chain:
        check_no_dev_keys(path, read_trusted_root(path, schemes), dev_keys)
    if isinstance(request.content, Root):
        check_no_dev_keys(args.metadata, request.content, dev_keys)
    else:
        check_no_dev_keys(args.root, signers[0].root, dev_keys)
    for path in (*args.trusted_root, *files_of(args.previous)):
        check_no_dev_keys(path, read_trusted_root(path, schemes), dev_keys)


def _dev_keys(path: str | None, schemes: Schemes) -> dict[bytes, str]:
    if path is None:
        return {}
    return parse_identities(path, files.read_input(path, MAX_DEV_KEY_IDENTITIES_BYTES), schemes)
