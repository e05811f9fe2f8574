"""root sign: signs root metadata with development keys."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError
from software_update.cli.options.arguments import Parser, add_dev_signing_keys
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import metadata
from software_update.format.limits import MAX_SIGNATURES
from software_update.signing import private_keys
from software_update.verify.trust_files import parse_root, read_root_file


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root sign",
        "Signs root metadata with development keys: its own, and those of the previous root. For "
        "other keys, use root request, sign and root merge.",
    )
    parser.add_argument("file", metavar="FILE", help="root metadata, signed or not")
    add_dev_signing_keys(parser)
    add_schemes(parser)
    parser.add_argument("-o", "--output", metavar="OUT", help="the file to write; default: FILE")
    args = parser.parse_args(argv)
    signed, _ = parse_root(args.file, read_root_file(args.file))
    signed = private_keys.sign(
        signed, private_keys.read_keys(args.dev_signing_key, schemes_of(args))
    )
    if len(signed.signatures) > MAX_SIGNATURES:
        raise InputError(f"{args.file}: more than {MAX_SIGNATURES} signatures; a device rejects it")
    content = metadata.build_signed(metadata.ROOT, signed)
    files.write_output(args.output or args.file, content, inputs=args.dev_signing_key)
    return 0
