"""repository root-sign: add a signature to a root."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "repository root-sign",
        "Adds signatures to a root of a repository. Several people sign one file, one after another.",
    )
    parser.add_argument("root", metavar="FILE", help="the root, which is replaced")
    options.add_keys(parser, "root")
    parser.add_argument(
        "--previous",
        metavar="FILE",
        help="the root before it, whose keys must sign, too; required for all but the first root",
    )
    args = parser.parse_args(argv)
    from software_update.repository.current import parse_root, read_trusted_root
    from software_update.repository.roots import (
        add_signatures,
        check_order,
        missing_signatures,
    )

    content = read_trusted_root(args.root)
    before = None
    if args.previous is not None:
        before = parse_root(read_trusted_root(args.previous), args.previous)
    check_order(content, args.root, before)
    signed = add_signatures(content, args.root, options.signers_of(args, "root"), before)
    files.write_output(args.root, signed)
    print(f"{printable(args.root)}: signed")
    print("\n".join(text.missing_lines(missing_signatures(signed, args.root, before))))
    return 0
