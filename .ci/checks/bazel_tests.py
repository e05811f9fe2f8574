"""Tests that Bazel runs: those that `//...` leaves out, and all of `//...` under the strict flags."""

from __future__ import annotations

import contextlib
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from run import TOP, CheckError, Run, report

TAGGED_MANUAL = r'attr(tags, "[\[ ]manual[,\]]", tests(//...))'
ALL_TESTS = f"tests(//...) except {TAGGED_MANUAL}"
# The subjects of the analysis tests must not run.
MANUAL_TESTS = f"{TAGGED_MANUAL} except //tests/analysis/..."


def manual_tests(run: Run) -> None:
    """The tests that `//...` leaves out, because they take long or much room."""
    labels = run.labels(MANUAL_TESTS)
    # With a Bazel from PATH, the machine itself has the packages.
    if list(run.scratch.glob("cache/rules_software_update/root-*.complete")):
        run.command("tools/workshop/bazel/add_packages")
    if labels:
        with counted_tests(run, " + ".join(labels)):
            run.bazel("test", *labels)


def device_lint(run: Run) -> None:
    """The C++ of the device library is formatted, and no compiler or linter finds anything.

    Call it after `manual_tests`, which adds the packages.
    """
    run.bazel("run", "//device:lint")


def strict(run: Run) -> None:
    """Everything builds and passes under the strict flags too.

    Bazel runs only the tests that these flags change; the results of the others are in its cache.
    """
    with counted_tests(run, ALL_TESTS):
        run.bazel("test", "--config=strict", "//...")


@contextlib.contextmanager
def counted_tests(run: Run, query: str) -> Iterator[None]:
    """Counts the test cases that ran inside; they are looked at even where the command fails.

    A case whose result Bazel has in its cache must have passed, and is not counted again.
    """
    failure, begin = None, time.time()
    try:
        yield
    except CheckError as error:
        failure = str(error)
    bad = []
    for label in run.labels(query):
        passed, wrong = test_cases(label, begin)
        run.count.passed += passed
        run.count.failed += len(wrong)
        bad += wrong
    report(bad + ([failure] if failure else []))


def test_cases(label: str, begin: float) -> tuple[int, list[str]]:
    """Returns the number of test cases of a test that passed since `begin`, and the problems of all."""
    folder = TOP / "bazel-testlogs" / label.removeprefix("//").replace(":", "/")
    cases: list[ET.Element] = []
    new = 0
    for file in sorted([*folder.glob("test.xml"), *folder.glob("shard_*/test.xml")]):
        try:
            found = list(ET.parse(file).iter("testcase"))
        except ET.ParseError as error:
            return 0, [f"{label}: {file.name} cannot be read: {error}"]
        cases += found
        new += len(found) if file.stat().st_mtime >= begin else 0
    if not cases:
        return 0, [f"{label}: no test case ran"]
    wrong = []
    for case in cases:
        for outcome in ("error", "failure", "skipped"):
            if case.find(outcome) is not None:
                wrong.append(f"{label}: {case.get('name')}: {outcome}")
                break
    return max(0, new - len(wrong)), wrong
