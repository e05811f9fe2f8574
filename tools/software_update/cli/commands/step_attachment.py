"""step attachment: put an attachment next to its bundle."""

import os
from collections.abc import Sequence

from software_update.attachments.envelope import SCHEMES
from software_update.cli.options.arguments import Parser, add_list, add_output
from software_update.keys.pem import read_checked_public_key
from software_update.steps.attachment import lay_attachment


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step attachment",
        "Copies an attachment if it belongs to the release: a file that the release manifest lists, or a "
        "signed statement about the release.",
    )
    parser.add_argument("file", metavar="FILE", help="the attachment")
    parser.add_argument(
        "--bundle",
        metavar="BUNDLE",
        required=True,
        help="the release; its signatures are not checked",
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="the name in the release manifest; default: the file name of FILE",
    )
    add_list(
        parser, "--public", "PUB", "public keys (PEM) of which one must have signed a statement"
    )
    add_output(parser)
    args = parser.parse_args(argv)
    keys = [read_checked_public_key(each, SCHEMES) for each in args.public]
    name = args.name or os.path.basename(args.file)
    lay_attachment(args.file, name, args.bundle, keys, args.output)
    return 0
