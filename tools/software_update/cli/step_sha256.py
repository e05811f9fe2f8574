"""step sha256: a file's SHA-256 in the form that sha256sum -c reads."""

import os
from collections.abc import Sequence

from software_update import digest, files
from software_update.cli.arguments import Parser, add_output


def run(argv: Sequence[str]) -> int:
    parser = Parser("step sha256", "Writes a file's SHA-256 for sha256sum -c.")
    parser.add_argument("file", metavar="FILE")
    add_output(parser)
    args = parser.parse_args(argv)
    [(_, sha256)] = digest.digest_files([args.file])
    line = f"{sha256.hex()}  {os.path.basename(args.file)}\n"
    files.write_output(args.output, os.fsencode(line), inputs=[args.file])
    return 0
