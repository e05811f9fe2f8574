"""The figures of the evidence report: those that are counted, and those whose measurement takes minutes."""

from __future__ import annotations

from figures import Count, Measure

DEPENDENCIES = "Dependencies"
TESTS = "Tests"
ATTACKS = "Attacks"
MUTANTS = "Mutants and fuzzing"
COVERAGE = "Branch coverage"
CRASHES = "Crash outcomes"
SECTIONS = (DEPENDENCIES, TESTS, ATTACKS, MUTANTS, COVERAGE, CRASHES)

_LOCKS = "tools/python/*.txt tools/workshop/locks/*.txt"
_PINS = "grep -ohE '^[A-Za-z0-9._-]+==[^ ]+'"
_FOLDERS = ".ci device docs examples gn tests tools"
_TEST_FUNCTIONS = "grep -hE '^(    )?def test_'"

COUNTS = (
    Count(
        DEPENDENCIES,
        "locked Python packages",
        "packages",
        f"{_PINS} {_LOCKS} | sort -u | wc -l",
    ),
    Count(
        DEPENDENCIES,
        "locked Python packages that users may need, with those of optional features",
        "packages",
        f"{_PINS} tools/python/*.txt | sort -u | wc -l",
    ),
    Count(
        DEPENDENCIES,
        "locked Python packages that the tools always need",
        "packages",
        f"{_PINS} tools/python/runtime.txt | sort -u | wc -l",
    ),
    Count(
        DEPENDENCIES,
        "hashes of locked wheels",
        "SHA-256 digests",
        f"grep -ohE 'sha256:[0-9a-f]+' {_LOCKS} | sort -u | wc -l",
    ),
    Count(DEPENDENCIES, "Bazel modules", "modules", "grep -c '^bazel_dep(' MODULE.bazel"),
    Count(
        TESTS,
        "files of Python tests",
        "files",
        f"find {_FOLDERS} -name '*_test.py' | wc -l",
    ),
    Count(
        TESTS,
        "Python test functions, of which many run with several parameters",
        "functions",
        f"find {_FOLDERS} -name '*_test.py' -exec {_TEST_FUNCTIONS} {{}} + | wc -l",
    ),
    Count(
        TESTS,
        "attacks in the threat model with a test",
        "rows",
        "grep -c '_test.py::test_' docs/explanation/threat_model.md",
    ),
    Count(
        TESTS,
        "traps of other clients with a test",
        "rows",
        "grep -c '_test.py::test_' docs/explanation/client_traps.md",
    ),
    Count(
        ATTACKS,
        "bundles with a fixed verdict, made by this project",
        "cases",
        "grep -c '\"verdict\":' tests/vectors/attacks/cases.json",
    ),
    Count(
        ATTACKS,
        "bundles with a fixed verdict, made by another implementation",
        "cases",
        "grep -c '\"verdict\":' tests/vectors/independent/cases.json",
    ),
    Count(
        ATTACKS,
        "bundles with a fixed verdict, of experimental schemes",
        "cases",
        "grep -c '\"verdict\":' tests/vectors/schemes/cases.json",
    ),
    Count(
        ATTACKS,
        "test functions of attacks on repositories and of stolen repository keys",
        "functions",
        f"{_TEST_FUNCTIONS} tests/serving/attacks_test.py tests/serving/thieves_test.py | wc -l",
    ),
    Count(
        ATTACKS,
        "test functions of the TUF conformance cases",
        "functions",
        f"{_TEST_FUNCTIONS} tests/serving/conformance/*_test.py | wc -l",
    ),
    Count(
        MUTANTS,
        "seeds of the fuzzer besides the bundles with a fixed verdict",
        "files",
        "find tests/fuzz/corpus -type f | wc -l",
    ),
    Count(
        MUTANTS,
        "mutants of the C++ verifier that no test can notice, each with its reason",
        "mutants",
        "grep -cvE '^(#|$)' tests/device_library/survivors.txt",
    ),
)

_LOGS = "find bazel-testlogs/{}/ -name test.log -exec cat {{}} +"
_COVERAGE = (
    "PYTHONPATH=tools {python} -m coverage run --branch --data-file={data} "
    "--source=tools/software_update/verify,tools/software_update/bundle --omit='*_test.py' "
    "-m pytest -q -p no:cacheprovider --ignore=tools/software_update/bundle/large_payload_test.py "
    "tools/software_update/verify tools/software_update/bundle && "
    "{python} -m coverage report --data-file={data} --format=total --precision=1"
)
_CRASH_ROW = r"^.{20,28} +\d+ +(\d+) +\d+ +\d+ +\d+ +0$"


def _tested(target: str) -> str:
    """Returns the command that runs a test and prints what the test prints."""
    folder = target.removeprefix("//").replace(":", "/")
    return f"./bazelw test --cache_test_results=yes {target} && {_LOGS.format(folder)}"


MEASURES = (
    Measure(
        TESTS,
        "Bazel test targets, with those that only CI runs",
        "targets",
        "./bazelw query 'tests(//...)' --output=label | grep -c '^//'",
        r"^(\d+)$",
        1,
    ),
    Measure(
        TESTS,
        "unit test cases of the Python package",
        "cases",
        "PYTHONPATH=tools python3 -m pytest -q -p no:cacheprovider --import-mode=importlib "
        "--collect-only tools/software_update",
        r"^(\d+) tests collected",
        1,
    ),
    Measure(
        MUTANTS,
        "mutants of good bundles that the Python verifier judges",
        "mutants",
        _tested("//tests/mutation:mutation_test"),
        r": (\d+) mutants, \d+ of them accepted with the same substance",
        2,
    ),
    Measure(
        MUTANTS,
        "bundles about which the C++ verifier and the Python verifier agree",
        "bundles",
        _tested("//tests/device_library:long_test"),
        r"^(\d+) bundles \{",
        5,
    ),
    Measure(
        MUTANTS,
        "inputs of a minute of coverage-guided fuzzing of the Python verifier",
        "inputs",
        "./bazelw run //tests/fuzz:verify -- -max_total_time=60",
        r"^Done (\d+) runs",
        2,
    ),
    Measure(
        MUTANTS,
        "mutants of the C++ verifier that tests notice or survivors.txt lists",
        "mutants",
        "./bazelw run //tests/device_library:code_mutation",
        r"^(\d+) mutants: ",
        60,
    ),
    Measure(
        COVERAGE,
        "branches of the Python verifier and of the bundle's reader and writer that unit tests take",
        "%",
        _COVERAGE.format(python="python3", data="${TMPDIR:-/tmp}/software_update.coverage"),
        r"^(\d+\.\d)$",
        2,
    ),
    Measure(
        COVERAGE,
        "branches of the device library that tests take",
        "%",
        "./bazelw run //tests/device_library:code_coverage",
        r"^(\d+\.\d) % of \d+ branches",
        3,
    ),
    Measure(
        CRASHES,
        "outcomes of updates that are cut, killed or fail at each operation, with no broken device",
        "outcomes",
        _tested("//tests/crashes:crashes_test"),
        _CRASH_ROW,
        2,
    ),
    Measure(
        CRASHES,
        "outcomes of updates with up to three interruptions in a row, with no broken device",
        "outcomes",
        _tested("//tests/crashes:million_test"),
        _CRASH_ROW,
        10,
    ),
)
