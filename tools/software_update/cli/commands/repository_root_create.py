"""repository root-create: write a root that people sign."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable
from software_update.cli.options.arguments import Parser
from software_update.cli.options.schemes import add_schemes
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text

_KINDS = ("root", "targets", "snapshot")


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.create import RoleKeys, build_root
    from software_update.repository.current import parse_root, read_trusted_root
    from software_update.repository.names import Kind, parse_lifetime
    from software_update.repository.roots import (
        missing_signatures,
        next_root_of,
        unsigned_file,
    )

    expires = options.now_of(args) + parse_lifetime(args.expires, "--expires")
    given = {
        Kind(kind): RoleKeys(options.public_keys_of(args, kind), getattr(args, f"{kind}_threshold"))
        for kind in _KINDS
        if getattr(args, f"{kind}_public")
    }
    before = None
    if args.previous is None:
        built = build_root(given, expires)
    else:
        before = parse_root(read_trusted_root(args.previous), args.previous)
        built = next_root_of(before, given, expires)
    content = unsigned_file(built)
    files.write_output(args.output, content, inputs=[args.previous] if args.previous else [])
    print(f"{printable(args.output)}: root version {built.version}")
    print("\n".join(text.missing_lines(missing_signatures(content, args.output, before))))
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository root-create",
        "Writes a root of a repository, which people then sign with `repository root-sign`: the first one, "
        "or the one after --previous.",
    )
    parser.add_argument(
        "--previous",
        metavar="FILE",
        help="the newest root; keys that are not given stay as they are in it",
    )
    for kind in _KINDS:
        parser.add_argument(
            f"--{kind}-public",
            metavar="PUB",
            action="append",
            default=[],
            help=f"a public {kind} key (PEM); repeat it for several; required without --previous",
        )
        parser.add_argument(
            f"--{kind}-threshold",
            metavar="N",
            type=int,
            default=1,
            help=f"the number of {kind} keys that must sign; only with --{kind}-public; default: 1",
        )
    parser.add_argument(
        "--expires",
        metavar="LIFETIME",
        default="365d",
        help="the time after which the root expires; default: 365d",
    )
    add_schemes(parser)
    options.add_now(parser)
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="the file to write")
    args = parser.parse_args(argv)
    for kind in _KINDS:
        if args.previous is None and not getattr(args, f"{kind}_public"):
            raise UsageError(f"--{kind}-public: required for the first root")
        if getattr(args, f"{kind}_threshold") != 1 and not getattr(args, f"{kind}_public"):
            raise UsageError(f"--{kind}-threshold: only with --{kind}-public; name the keys, too")
    return args
