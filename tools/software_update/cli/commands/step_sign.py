"""step sign: signs targets metadata with development keys."""

import sys
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, printable
from software_update.cli.options.arguments import Parser, add_dev_signing_keys, add_output, files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import limits, metadata
from software_update.format.verdicts import Refused
from software_update.signing import private_keys
from software_update.verify.trust_files import parse_root, read_root_file


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step sign",
        "Signs targets metadata with development keys, or wraps it without a signature. "
        "For a root: root sign.",
    )
    parser.add_argument("--metadata", metavar="FILE", required=True, help="the bytes to sign")
    parser.add_argument(
        "--root", metavar="FILE", help="root metadata; a key that it does not list is an error"
    )
    add_dev_signing_keys(parser, or_unsigned=True)
    add_schemes(parser)
    add_output(parser, "the signed metadata to write")
    args = parser.parse_args(argv)
    content = files.read_input(args.metadata, limits.MAX_TARGETS_METADATA_BYTES)
    try:
        metadata.parse_targets(content)
    except Refused as refused:
        raise InputError(
            f"{args.metadata}: not targets metadata ({refused}); name the bytes to sign"
        ) from None
    key_files = args.dev_signing_key or []
    keys = private_keys.read_keys(key_files, schemes_of(args))
    root = None
    if args.root:
        _, root = parse_root(args.root, read_root_file(args.root))
        private_keys.check_listed(keys, root, metadata.TARGETS)
    signed = private_keys.sign(metadata.Signed(content, ()), keys)
    inputs = [args.metadata, *key_files, *files_of(args.root)]
    files.write_output(args.output, metadata.build_signed(metadata.TARGETS, signed), inputs=inputs)
    if keys and root is not None and not root.is_dev:
        print(
            f"software-update: note: {printable(args.root)} does not say DEV KEYS, and dev keys sign "
            "under it; make it with: root create --dev-keys",
            file=sys.stderr,
        )
    return 0
