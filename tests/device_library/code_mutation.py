"""Judges mutants of the device library's own code: each must change a verdict on a case or a signed mutant.

    ./bazelw run //tests/device_library:code_mutation -- --results=/tmp/mutants

Compiles the verifier with one change after the other. A mutant that the cases and the signed mutants do not
notice has survived: add a case that kills it, or list it in survivors.txt with the reason. All mutants take
about 30 minutes; a run that is given the results of an interrupted one goes on from there.
"""

import argparse
import faulthandler
import gc
import itertools
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.device_library import builds, questions
from tests.device_library.builds import Build
from tests.device_library.code_mutants import CodeMutant, mutants_of
from tests.device_library.edges import Question
from tests.device_library.library import Library
from tests.device_library.questions import InstalledQuestion

# Processor time for one question, of which the slowest takes a tenth of a second.
SECONDS, SECONDS_FOR_HUGE = 1, 30
FIRST, BATCH = 1000, 5000
SURVIVORS = Path(__file__).absolute().parent / "survivors.txt"
KILLED, SURVIVED, NOT_COMPILED = "killed", "survived", "not compiled"


AnyQuestion = Question | InstalledQuestion


class Asked:
    """Questions and the answers of the unchanged library. Those that killed a mutant lately come first."""

    def __init__(self, original: Library, found: Iterable[AnyQuestion], seconds: int) -> None:
        self._questions = [(each, each.answer(original)) for each in found]
        self._seconds = seconds

    def kill(self, path: Path) -> bool:
        """Says whether a library answers otherwise, crashes, or takes too long; in a process of its own."""
        with mmap.mmap(-1, 4) as at:
            child = os.fork()
            if child == 0:
                os._exit(self._ask(path, at))
            _, status = os.waitpid(child, 0)
            if status != 0:
                [index] = struct.unpack("<I", at)
                self._questions.insert(0, self._questions.pop(index))
        return status != 0

    def _ask(self, path: Path, at: mmap.mmap) -> int:
        faulthandler.disable()
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        tested = Library(path)
        for index, (question, answer) in enumerate(self._questions):
            at[:] = struct.pack("<I", index)
            signal.setitimer(signal.ITIMER_VIRTUAL, self._seconds)
            if question.answer(tested) != answer:
                return 1
        return 0


class CodeJudge:
    """The unchanged library, and the questions that the mutants are asked first."""

    def __init__(self, folder: Path, signed_mutants: int) -> None:
        self._folder = folder
        build = Build(folder)
        self._objects, self._around = build.library(), build.around()
        self._original = Library(build.link([*self._objects.values(), *self._around]))
        self._asked = self.asked(questions.cases(), questions.signed_mutants(0, signed_mutants))

    def asked(self, *found: Iterable[AnyQuestion], seconds: int = SECONDS) -> Asked:
        """Returns questions with the right answers."""
        return Asked(self._original, itertools.chain(*found), seconds)

    def state(self, mutant: CodeMutant, name: str = "mutant.so") -> str:
        """Returns NOT_COMPILED, KILLED or SURVIVED. The library stays in the folder if it survived."""
        source = self._folder / mutant.file
        source.write_text(mutant.text)
        build = Build(self._folder)
        try:
            changed = build.compile(source, build.flags, "mutant")
        except subprocess.CalledProcessError:
            return NOT_COMPILED
        objects = self._objects | {mutant.file: changed}
        path = build.link([*objects.values(), *self._around], name, builds.WITHOUT_LIBRARIES)
        if not self._asked.kill(path):
            return SURVIVED
        path.unlink()
        return KILLED


def all_mutants() -> list[CodeMutant]:
    """Returns the mutants of all files of the verifier."""
    return [each for path in builds.sources() for each in mutants_of(path.name, path.read_text())]


def listed_survivors() -> set[str]:
    """Returns the keys of survivors.txt, which has comments too."""
    lines = SURVIVORS.read_text().splitlines()
    return {each for each in lines if each and not each.startswith("#")}


class Results:
    """The states of mutants by their keys, also in a file if there is one. The file's last line counts."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path and path.exists() else []
        self.states = {key: state for state, key in (line.split("\t", 1) for line in lines)}

    def add(self, key: str, state: str) -> None:
        self.states[key] = state
        if self._path:
            with self._path.open("a") as file:
                file.write(f"{state}\t{key}\n")


def judge(chosen: Sequence[CodeMutant], results: Results, folder: Path, signed: int) -> None:
    """Judges the mutants that have no state: all by the cases, survivors by more and more signed mutants.

    SURVIVED is the state of those that all signed mutants left alive.
    """
    judge = CodeJudge(folder, min(signed, FIRST))
    # The processes of mutants share the questions: a collection would copy them.
    gc.freeze()
    gc.disable()
    alive: dict[str, Path] = {}
    for number, mutant in enumerate(each for each in chosen if each.key not in results.states):
        state = judge.state(mutant, f"{number}.so")
        if state == SURVIVED:
            alive[mutant.key] = folder / f"{number}.so"
            print(f"survived the cases: line {mutant.line}: {mutant.key}", flush=True)
        else:
            results.add(mutant.key, state)

    def ask(asked: Asked) -> None:
        for key in [key for key, path in alive.items() if asked.kill(path)]:
            results.add(key, KILLED)
            del alive[key]

    ask(judge.asked(questions.huge(), seconds=SECONDS_FOR_HUGE))
    for first in range(FIRST, signed, BATCH):
        ask(judge.asked(questions.signed_mutants(first, min(BATCH, signed - first))))
    for key in alive:
        results.add(key, SURVIVED)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10**6, help="of mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--signed", type=int, default=200_000, help="signed mutants for survivors")
    parser.add_argument("--results", type=Path, help="file of states, read first and added to")
    parser.add_argument("--file", default="", help="only mutants of this source")
    parser.add_argument("--listed", action="store_true", help="those of survivors.txt instead")
    args = parser.parse_args()
    listed = listed_survivors()
    found = [
        each
        for each in all_mutants()
        if args.file in each.file and (each.key in listed) == args.listed
    ]
    chosen = random.Random(args.seed).sample(found, min(args.count, len(found)))
    results = Results(args.results and _absolute(args.results))
    with tempfile.TemporaryDirectory() as name:
        judge(chosen, results, Path(name), args.signed)
    for each in sorted(chosen, key=lambda each: (each.file, each.line)):
        if results.states[each.key] == SURVIVED:
            print(f"line {each.line}: {each.key}")
    states = Counter(results.states[each.key] for each in chosen)
    print(f"{len(chosen)} mutants: {dict(states)}; {len(listed)} are listed as survivors")
    return 1 if states[SURVIVED] else 0


def _absolute(path: Path) -> Path:
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / path


if __name__ == "__main__":
    sys.exit(main())
