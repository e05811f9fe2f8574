"""Reads the answers of ninja and GN about the files that a build reads. Pure.

    paths = read_paths("out", inputs, deps, depfile, "lamp:bundle")

`inputs` is the answer of `ninja -t inputs TARGET`, `deps` that of `ninja -t deps`, and `depfile` the content
of build.ninja.d, in which GN lists its own files.
"""

import os
import re
import shlex
from collections.abc import Iterator

BUILD_TYPE = "https://gn.googlesource.com/gn"
BUILDER = "https://ninja-build.org"
# A path in a depfile, in which a backslash protects a space.
_PATH = re.compile(r"(?:\\.|[^\s\\])+")


def read_paths(out: str, inputs: str, deps: str, depfile: str, target: str) -> list[str]:
    """Returns the files that a build reads and that it did not make, sorted.

    `out` is the build folder, a path from the top of the source tree. Paths below the top are relative to it,
    and the others are absolute.
    """
    needed = {target, *map(_unquoted, inputs.splitlines())}
    found = set(needed)
    for output, read in _recorded(deps):
        if output in needed:
            found.update(read)
    found.update(re.sub(r"\\(.)", r"\1", each) for each in _PATH.findall(depfile.partition(":")[2]))
    paths = {os.path.normpath(os.path.join(out, each)) for each in found}
    folder = os.path.normpath(out)
    return sorted(each for each in paths if each != folder and not each.startswith(f"{folder}/"))


def _unquoted(line: str) -> str:
    """Returns a path that newer versions of ninja quote for a shell."""
    return shlex.split(line)[0] if line.startswith("'") else line


def _recorded(deps: str) -> Iterator[tuple[str, list[str]]]:
    """Yields outputs, and the files that depfiles list for each."""
    for block in deps.split("\n\n"):
        first, *read = block.strip("\n").split("\n")
        yield first.partition(": #deps ")[0], [each.removeprefix("    ") for each in read]
