"""Checks the C++ of the device library: format, clang-tidy, gcc's analyzer, three compilers' warnings.

`bazel run` it in a root with the packages of tools/workshop/bazel/more_packages.txt.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The product's code. Tests, programs for a board and examples are only formatted.
_LIBRARY = ("device/src/", "device/crypto/", "device/smp/")
_INCLUDES = ("-I.", "-Idevice", "-Idevice/include")
_FLAGS = ("-std=c++17", "-fno-exceptions", "-fno-rtti")
_WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
# -O1 is enough for warnings that need the flow of data.
_COMPILE = ("-O1", "-c", "-o", "/dev/null")
_COMPILERS = (
    ("g++-12",),
    ("clang++",),
    # Analyzes the paths of each function.
    ("g++", "-fanalyzer"),
)


def commands(files: list[str], p256m: Path) -> Iterator[tuple[str, ...]]:
    """The commands, each of which fails if it finds something."""
    yield ("clang-format", "--dry-run", "-Werror", *files)
    flags = (*_FLAGS, *_INCLUDES, f"-isystem{p256m}")
    for file in files:
        if file.startswith(_LIBRARY) and file.endswith(".cc") and not file.endswith("_for_test.cc"):
            for compiler in _COMPILERS:
                yield (*compiler, *flags, *_WARNINGS, *_COMPILE, file)
            yield ("clang-tidy", "--quiet", file, "--", *flags)


def run(command: tuple[str, ...]) -> str:
    """The output of a command that failed, or nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (
        "" if done.returncode == 0 else f"{' '.join(command[:2])} ...\n{done.stdout}{done.stderr}"
    )


def main() -> int:
    header = Path(os.environ["P256M_HEADER"]).resolve()
    os.chdir(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    listed = subprocess.run(
        ["git", "ls-files", "device/*.cc", "device/*.h"], check=True, capture_output=True, text=True
    )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = [
            text for text in pool.map(run, commands(listed.stdout.split(), header.parent)) if text
        ]
    print("\n".join(failed) or "no findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
