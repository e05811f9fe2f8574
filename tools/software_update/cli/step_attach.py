"""step attach: put detached signatures beside what they sign."""

from collections.abc import Sequence

from software_update import files, metadata
from software_update.cli import requests
from software_update.cli.arguments import Parser, add_output
from software_update.limits import MAX_SIGNATURE_FILE_BYTES
from software_update.signing import signature_file
from software_update.signing.attach import attach


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step attach",
        "Makes signed metadata of unsigned metadata and signatures. Each must be good, and enough of them.",
    )
    parser.add_argument("--metadata", metavar="FILE", required=True, help="the bytes to sign")
    requests.add_signers(parser)
    parser.add_argument(
        "--signature",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="signatures, as software-update sign writes them",
    )
    add_output(parser, "the signed metadata to write")
    args = parser.parse_args(argv)
    requests.check_signers(args)
    content = requests.read_metadata(args.metadata)
    request = requests.parse_metadata(args.metadata, content, args.role)
    signers = requests.read_signers(args, args.metadata, request)
    signatures = [
        (path, signature_file.parse(path, files.read_input(path, MAX_SIGNATURE_FILE_BYTES)))
        for path in args.signature
    ]
    signed = attach(request, signers, signatures)
    inputs = [args.metadata, *requests.inputs_of(args), *args.signature]
    files.write_output(args.output, metadata.build_signed(args.role, signed), inputs=inputs)
    return 0
