"""step attach: put detached signatures beside what they sign, for a release."""

import argparse
from collections.abc import Sequence

from software_update import files, keys, metadata
from software_update.cli import requests
from software_update.cli.arguments import Parser, add_output, add_root_chain
from software_update.cli.collected import depfile
from software_update.cli.trusted import check_signed_roots, read_root_file, read_trusted_root
from software_update.errors import UsageError
from software_update.limits import MAX_SIGNATURE_FILE_BYTES
from software_update.metadata import Root
from software_update.signing import signature_file
from software_update.signing.attach import attach
from software_update.signing.dev_keys import check_no_dev_keys
from software_update.signing.signing_request import Request, Signers


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    content = requests.read_metadata(args.metadata)
    request = requests.parse_metadata(args.metadata, content, args.role)
    signers = requests.read_signers(args, args.metadata, request)
    _check_no_dev_keys(args, request, signers)
    if not isinstance(request.content, Root):
        roots = [*args.root_chain, args.root]
        check_signed_roots(roots, [read_root_file(path) for path in roots])
    signatures = [
        (path, signature_file.parse(path, files.read_input(path, MAX_SIGNATURE_FILE_BYTES)))
        for path in args.signature
    ]
    signed = attach(request, signers, signatures)
    inputs = [
        args.metadata,
        *requests.inputs_of(args),
        *args.root_chain,
        *args.signature,
        *args.dev_signing_key,
    ]
    with depfile(args, args.dev_signing_key, inputs):
        files.write_output(args.output, metadata.build_signed(args.role, signed), inputs=inputs)
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "step attach",
        "Makes signed metadata of unsigned metadata and signatures, for a release. Each must be good, "
        "enough of them must be there, and the root must list no dev key.",
    )
    parser.add_argument("--metadata", metavar="FILE", required=True, help="the bytes to sign")
    requests.add_signers(parser)
    add_root_chain(parser)
    parser.add_argument(
        "--signature",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="signatures, as software-update sign writes them",
    )
    parser.add_argument(
        "--dev-signing-key",
        metavar="PRIV",
        nargs="*",
        action="extend",
        default=[],
        help="development keys (PKCS#8 PEM): a root that lists one of them is refused",
    )
    parser.add_argument(
        "--depfile", metavar="FILE", help="a depfile to write, of what --dev-signing-key names"
    )
    add_output(parser, "the signed metadata to write")
    args = parser.parse_args(argv)
    requests.check_signers(args)
    if args.role == metadata.ROOT and args.root_chain:
        raise UsageError("--root-chain: for --role targets alone; leave it out")
    return args


def _check_no_dev_keys(
    args: argparse.Namespace, request: Request, signers: Sequence[Signers]
) -> None:
    """Refuses roots that a release makes devices trust, if anyone can sign under them."""
    dev_keys = {keys.read_private_key(path).public.key_id: path for path in args.dev_signing_key}
    for path in args.root_chain:
        check_no_dev_keys(path, read_trusted_root(path), dev_keys)
    if isinstance(request.content, Root):
        check_no_dev_keys(args.metadata, request.content, dev_keys)
    else:
        check_no_dev_keys(args.root, signers[0].root, dev_keys)
