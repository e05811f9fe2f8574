"""key check: a guard against private keys where public ones belong."""

from collections.abc import Sequence

from software_update.cli.options.arguments import Parser
from software_update.keys.pem import read_checked_public_key


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "key check",
        "Checks that files contain a public key and nothing else, such as a private key.",
    )
    parser.add_argument(
        "--public",
        metavar="FILE",
        nargs="+",
        action="extend",
        required=True,
        help="files that must each contain one public key (PEM) and nothing else",
    )
    for path in parser.parse_args(argv).public:
        read_checked_public_key(path)
    return 0
