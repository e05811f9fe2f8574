"""Judges mutants of the device library's own code: each must change a verdict on a case or a signed mutant.

    ./bazelw run //tests/device_library:code_mutation -- --count=100

Compiles the verifier with one change after the other. A mutant that the cases and the signed mutants do not
notice has survived: add a case that kills it, or list it in survivors.txt with the reason.
"""

import argparse
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.device_library import builds
from tests.device_library.builds import Build
from tests.device_library.code_mutants import CodeMutant, mutants_of
from tests.device_library.edges import Question
from tests.device_library.library import Library
from tests.device_library.questions import questions

SECONDS = 60
SURVIVORS = Path(__file__).absolute().parent / "survivors.txt"


def notices(path: Path, asked: list[tuple[Question, str]]) -> bool:
    """Says whether a library answers otherwise, crashes, or takes too long; in a process of its own."""

    def ask() -> None:
        tested = Library(path)
        same = all(question.answer(tested) == answer for question, answer in asked)
        os._exit(0 if same else 1)

    process = multiprocessing.get_context("fork").Process(target=ask)
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode != 0


class CodeJudge:
    """The unchanged library, the questions, and its answers to them."""

    def __init__(self, folder: Path, signed_mutants: int) -> None:
        self._folder = folder
        build = Build(folder)
        self._objects, self._around = build.library(), build.around()
        original = Library(build.link([*self._objects.values(), *self._around]))
        self._asked = [(each, each.answer(original)) for each in questions(signed_mutants)]

    def state(self, mutant: CodeMutant) -> str:
        """Returns what became of a mutant: "not compiled", "killed" or "survived"."""
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            build = Build(Path(name))
            source = Path(name) / mutant.file
            source.write_text(mutant.text)
            try:
                objects = self._objects | {mutant.file: build.compile(source, build.flags)}
            except subprocess.CalledProcessError:
                return "not compiled"
            path = build.link([*objects.values(), *self._around])
            return "killed" if notices(path, self._asked) else "survived"


def all_mutants() -> list[CodeMutant]:
    """Returns the mutants of all files of the verifier, but those that cannot change a verdict."""
    known = set(SURVIVORS.read_text().splitlines()) if SURVIVORS.exists() else set()
    found = [each for path in builds.sources() for each in mutants_of(path.name, path.read_text())]
    return [each for each in found if key(each) not in known]


def key(mutant: CodeMutant) -> str:
    """Names a mutant by its line's content, so that other lines may change."""
    return f"{mutant.file}: {mutant.change}: {mutant.before}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10**6, help="of mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument(
        "--signed", type=int, default=5000, help="signed mutants that each must judge"
    )
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so many seconds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--file", default="", help="only mutants of this source")
    args = parser.parse_args()
    end, states = time.monotonic() + args.seconds, Counter[str]()
    chosen = [each for each in all_mutants() if args.file in each.file]
    random.Random(args.seed).shuffle(chosen)
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(args.jobs) as pool:
        tester = CodeJudge(Path(name), args.signed)

        def judge(mutant: CodeMutant) -> tuple[CodeMutant, str]:
            return mutant, "left out" if time.monotonic() > end else tester.state(mutant)

        for mutant, state in pool.map(judge, chosen[: args.count]):
            states[state] += 1
            if state == "survived":
                print(f"line {mutant.line}: {key(mutant)}", flush=True)
    print(f"{len(chosen)} mutants in all; {dict(states)}")
    return 1 if states["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
