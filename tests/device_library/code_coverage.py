"""Measures which branches of the device library the tests take.

    ./bazelw run //tests/device_library:code_coverage

Asks the verifier the cases, the edges and signed mutants, reads manifests of devices, plays the scenarios of
the client, and cuts the power now and then. Prints the branches that nothing takes, and the share of those
that something takes.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from power_cuts import run_program, write_bundles

from tests.device_library import (
    builds,
    client_library,
    client_scenarios,
    installed_manifests,
    questions,
)
from tests.device_library.builds import Build
from tests.device_library.library import Library

SIGNED_MUTANTS = 5000
# Every 100th flash operation of an update is cut, in one seed and once.
CUTS = ("1", "100", "0")
POWER_CUTS = builds.TOP / "device/src"


def measure(folder: Path, count: int = SIGNED_MUTANTS) -> dict[str, list[bool]]:
    """Returns for each line with branches, FILE:LINE, which of its branches are taken."""
    build = Build(folder, flags=("-O0", "--coverage"))
    verifier, client = build.library(), build.library(builds.CLIENT_PARTS)
    library = build.link([*verifier.values(), *build.around()])
    asked = [*questions.cases(), *questions.huge(), *questions.signed_mutants(0, count)]

    def judge() -> None:
        tested = Library(library)
        for question in asked:
            question.answer(tested)
        assert installed_manifests.different(tested) == []
        assert installed_manifests.too_many(tested)

    _in_a_process(judge)
    objects = [*verifier.values(), *client.values()]
    scenarios = build.compile(builds.HERE / "client_for_test.cc", ("-O2",))
    shared = build.link([*objects, scenarios], "client.so")

    def play() -> None:
        make = client_scenarios.maker(client_library.load(shared))
        for scenario in client_scenarios.SCENARIOS:
            scenario(make)

    _in_a_process(play)
    flash = build.compile(builds.TOP / "device/testing/flash_model.cc", ("-O2",))
    write_bundles(folder)
    for name, arguments in (("client", (str(folder), *CUTS)), ("journal", ())):
        cuts = build.compile(POWER_CUTS / f"{name}_power_cuts_for_test.cc", ("-O2",))
        program = build.program([*objects, flash, cuts], f"{name}_power_cuts")
        done = run_program(str(program), *arguments)
        assert done.returncode == 0, done.stdout
    taken: dict[str, list[bool]] = {}
    for source in sources():
        taken |= _taken(folder, source)
    return taken


def sources() -> list[Path]:
    """Returns all files of the library but the adapters of cryptography and the serial line."""
    parts = (*builds.PARTS, *builds.CLIENT_PARTS, "INSTALLED_MANIFEST_SOURCES")
    return builds.sources(parts)


def _in_a_process(run: Callable[[], None]) -> None:
    """The counters are written by the library at the end of its process."""
    child = os.fork()
    if child == 0:
        try:
            run()
            ctypes.CDLL(None).exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0


def _taken(folder: Path, source: Path) -> dict[str, list[bool]]:
    command = ["gcov", "-bc", "--json-format", "--stdout", f"{source.stem}.gcda"]
    out = subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
    taken: dict[str, list[bool]] = {}
    for file in json.loads(out)["files"]:
        if Path(file["file"]).name == source.name:
            for line in file["lines"]:
                branches = [each["count"] > 0 for each in line["branches"]]
                if branches:
                    place = f"{source.name}:{line['line_number']}"
                    taken.setdefault(place, []).extend(branches)
    return taken


def percent(taken: dict[str, list[bool]]) -> float:
    """Returns the share of branches that are taken."""
    all_branches = [each for branches in taken.values() for each in branches]
    return 100 * sum(all_branches) / len(all_branches)


def by_file(taken: dict[str, list[bool]]) -> dict[str, float]:
    """Returns the share of each file."""
    files = {place.split(":")[0] for place in taken}
    return {
        file: percent({k: v for k, v in taken.items() if k.startswith(f"{file}:")})
        for file in sorted(files)
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        taken = measure(Path(folder))
    for place, branches in taken.items():
        if not all(branches):
            print(f"{place}: {branches.count(False)} of {len(branches)} not taken")
    for file, share in by_file(taken).items():
        print(f"{file}: {share:.1f} %")
    print(f"{percent(taken):.1f} % of {sum(map(len, taken.values()))} branches")
    return 0


if __name__ == "__main__":
    sys.exit(main())
