"""Makes the folder of the rule `tool_digest`: one empty file, whose name is the digest of a tool's files.

Standard library only. The digest covers the path and the content of each file.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def digest(files: Iterable[tuple[str, Path]]) -> str:
    """The SHA-256 in hex of (path in the tool, file) pairs, in whatever order they come."""
    whole = hashlib.sha256()
    for path, file in sorted(files):
        whole.update(hashlib.sha256(os.fsencode(path)).digest())
        whole.update(_file_digest(file))
    return whole.hexdigest()


def _file_digest(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except FileNotFoundError:
        # A link that leads somewhere only in the runfiles, such as an interpreter in a virtual environment.
        return hashlib.sha256(os.fsencode(file.readlink())).digest()


def main(argv: list[str]) -> int:
    """Entry point; the only output is one line on stderr if something fails."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--file", action="append", required=True, help="PATH_IN_TOOL=FILE")
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    args = parser.parse_args(argv)
    pairs = (each.partition("=") for each in args.file)
    try:
        (args.out / digest((path, Path(file)) for path, _, file in pairs)).touch()
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
