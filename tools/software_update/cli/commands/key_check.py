"""key check: a guard against private keys where public ones belong."""

from collections.abc import Sequence

from software_update.cli.options.arguments import Parser, add_list
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.keys.pem import read_checked_public_key


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "key check",
        "Checks that files contain a public key and nothing else, such as a private key.",
    )
    add_list(
        parser,
        "--public",
        "FILE",
        "files that must each contain one public key (PEM) and nothing else",
        required=True,
    )
    add_schemes(parser)
    args = parser.parse_args(argv)
    for path in args.public:
        read_checked_public_key(path, schemes_of(args))
    return 0
