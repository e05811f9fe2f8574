"""step sha256: a file's SHA-256 in the form that sha256sum -c reads."""

import os
from collections.abc import Sequence

from software_update.base import files, hashing
from software_update.cli.options.arguments import Parser, add_output

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r"})


def run(argv: Sequence[str]) -> int:
    parser = Parser("step sha256", "Writes a file's SHA-256 for sha256sum -c.")
    parser.add_argument("file", metavar="FILE", help="the file to hash")
    add_output(parser)
    args = parser.parse_args(argv)
    [(_, sha256)] = hashing.digest_files([args.file])
    line = _line(sha256, os.path.basename(args.file))
    files.write_output(args.output, os.fsencode(line), inputs=[args.file])
    return 0


def _line(sha256: bytes, name: str) -> str:
    """As GNU sha256sum writes it: a backslash before the digest says that the name has escapes."""
    escaped = name.translate(_ESCAPES)
    mark = "" if escaped == name else "\\"
    return f"{mark}{sha256.hex()}  {escaped}\n"
