"""key generate: make a key pair."""

import os
import sys
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.cli.options.arguments import Parser
from software_update.cli.options.schemes import add_scheme, scheme_of
from software_update.keys.pem import generate_private_key_pem


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "key generate",
        "Makes a key pair: OUT, the private key (PKCS#8 PEM), and OUT.pub, the public key.",
    )
    parser.add_argument("output", metavar="OUT", help="the private key; never overwritten")
    add_scheme(parser)
    args = parser.parse_args(argv)
    private, public = generate_private_key_pem(scheme_of(args))
    public_path = f"{args.output}.pub"
    folder = os.path.dirname(public_path)
    # The public key first: without its private key it harms no one.
    with files.new_output(public_path, overwrite=False, below=folder) as public_fd:
        files.write_all(public_fd, public)
        with files.new_output(args.output, private=True, overwrite=False) as private_fd:
            files.write_all(private_fd, private)
            hidden = not files.is_readable_by_others(private_fd)
    if not hidden:
        print(
            f"software-update: warning: {printable(args.output)}: this file system hides nothing, "
            "so every user can read the private key; keep it on one that has permissions",
            file=sys.stderr,
        )
    return 0
