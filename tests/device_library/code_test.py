"""Sanitizers, coverage and mutation of the device library's code, for a short while each."""

import random
import re
from pathlib import Path

import pytest

from tests.device_library import builds, code_coverage, code_mutation, fuzz
from tests.device_library.code_mutants import CodeMutant, mutants_of
from tests.device_library.code_mutation import KILLED, SURVIVED, CodeJudge, Results

FUZZ_SECONDS = 10
MIN_FUZZ_RUNS = 500
MIN_PERCENT, MIN_PERCENT_OF_FILE = 98.0, 95.0
MUTANTS = 4


def test_fuzzer_finds_nothing(tmp_path: Path) -> None:
    done = fuzz.run([f"-max_total_time={FUZZ_SECONDS}", f"-artifact_prefix={tmp_path}/"])
    assert done.returncode == 0, done.stdout
    [runs] = re.findall(r"^Done (\d+) runs", done.stdout, re.MULTILINE)
    print(runs, "inputs")
    assert int(runs) > MIN_FUZZ_RUNS


def test_most_branches_are_taken(tmp_path: Path) -> None:
    taken = code_coverage.measure(tmp_path, 1000)
    percent, files = code_coverage.percent(taken), code_coverage.by_file(taken)
    print(f"{percent:.1f} % of the branches", files)
    assert percent > MIN_PERCENT
    assert min(files.values()) > MIN_PERCENT_OF_FILE
    assert files.keys() == {path.name for path in code_coverage.sources()}


def test_mutants_of_the_code_are_noticed(tmp_path: Path) -> None:
    """Some are not: survivors.txt has the reasons."""
    tester = CodeJudge(tmp_path, 1000)
    chosen = random.Random(1).sample(code_mutation.all_mutants(), MUTANTS)
    states = [tester.state(each) for each in chosen]
    print(states)
    assert states.count(KILLED) >= MUTANTS / 2
    [names] = [path for path in builds.sources() if path.name == "names.cc"]
    assert tester.state(CodeMutant(names.name, 1, "", "", names.read_text())) == SURVIVED


def test_a_mutant_that_does_not_end_is_noticed(tmp_path: Path) -> None:
    tester = CodeJudge(tmp_path, 0)
    [names] = [path for path in builds.sources() if path.name == "names.cc"]
    endless = names.read_text().replace("++size_;", "for (;;) ++size_;")
    assert tester.state(CodeMutant(names.name, 1, "", "", endless)) == KILLED


def test_listed_survivors_are_mutants_of_the_code() -> None:
    """A line of survivors.txt whose code has changed must be removed or judged again."""
    stale = code_mutation.listed_survivors() - {each.key for each in code_mutation.all_mutants()}
    assert stale == set()


def test_results_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "results"
    results = Results(path)
    results.add("a.cc: 1 -> 2: x = 1;", KILLED)
    results.add("b.cc: == -> !=: a == b", SURVIVED)
    results.add("b.cc: == -> !=: a == b", KILLED)
    assert Results(path).states == results.states
    assert set(results.states.values()) == {KILLED}


def test_equal_changes_of_equal_lines_have_names_of_their_own() -> None:
    found = [each.key for each in mutants_of("a.cc", "  return true;\n  return true;\n")]
    change = "a.cc: true -> false: return true;"
    assert found == [change, f"{change} (2)"]


@pytest.mark.parametrize(
    ("code", "mutants"),
    [
        ("  if (a == b) {\n", ["a != b", "if (true)", "if (false)"]),
        ("  x = 1;\n", ["x = 2;", "x = 0;", "  ;\n"]),
        ("  return true;  // == 1\n", ["return false;"]),
        ('  call("a == b");\n', ["  ;\n"]),
    ],
)
def test_mutants_of_a_line(code: str, mutants: list[str]) -> None:
    found = [each.text for each in mutants_of("a.cc", code)]
    assert len(found) == len(mutants)
    assert all(any(wanted in each for each in found) for wanted in mutants)
