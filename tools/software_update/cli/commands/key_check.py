"""key check: a guard against private keys where public ones belong."""

from collections.abc import Sequence

from software_update.cli.options.arguments import Parser
from software_update.keys import keys


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "key check", "Fails on a file that holds a private key, no public key, or more than that."
    )
    parser.add_argument(
        "--public",
        metavar="FILE",
        nargs="+",
        action="extend",
        required=True,
        help="files that are to hold a public key each (PEM), and nothing else",
    )
    for path in parser.parse_args(argv).public:
        keys.read_checked_public_key(path)
    return 0
