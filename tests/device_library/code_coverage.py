"""Measures which branches of the device library's verifier the cases and signed mutants take.

    ./bazelw run //tests/device_library:code_coverage

Prints the branches that nothing takes, and the share of those that something takes.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.device_library import builds, questions
from tests.device_library.builds import Build
from tests.device_library.library import Library

SIGNED_MUTANTS = 5000


def measure(folder: Path, count: int = SIGNED_MUTANTS) -> dict[str, list[bool]]:
    """Returns for each line with branches, FILE:LINE, which of its branches are taken."""
    build = Build(folder, flags=("-O0", "--coverage"))
    path = build.link([*build.library().values(), *build.around()])
    asked = [*questions.cases(), *questions.signed_mutants(0, count)]
    child = os.fork()
    if child == 0:
        tested = Library(path)
        for question in asked:
            question.answer(tested)
        # The counters are written by the library at the end of the process.
        ctypes.CDLL(None).exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0
    taken: dict[str, list[bool]] = {}
    for source in builds.sources():
        command = ["gcov", "-bc", "--json-format", "--stdout", f"{source.stem}.gcda"]
        out = subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
        for file in json.loads(out)["files"]:
            if Path(file["file"]).name == source.name:
                for line in file["lines"]:
                    branches = [each["count"] > 0 for each in line["branches"]]
                    if branches:
                        taken.setdefault(f"{source.name}:{line['line_number']}", []).extend(
                            branches
                        )
    return taken


def percent(taken: dict[str, list[bool]]) -> float:
    """Returns the share of branches that are taken."""
    all_branches = [each for branches in taken.values() for each in branches]
    return 100 * sum(all_branches) / len(all_branches)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        taken = measure(Path(folder))
    for place, branches in taken.items():
        if not all(branches):
            print(f"{place}: {branches.count(False)} of {len(branches)} not taken")
    print(f"{percent(taken):.1f} % of {sum(map(len, taken.values()))} branches")
    return 0


if __name__ == "__main__":
    sys.exit(main())
