"""The same comparisons as in cases_test and mutants_test, of more bundles, by all processors together."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.device_library import compare, subjects

FAKE_MUTANTS = 200_000
REAL_MUTANTS = 2_000
SLOW = {case.name: case.verdict for case in subjects.huge() if case.name in subjects.SLOW}
SMALL = ("attacks/good", "independent/good_rotation", "independent/good_user_manifest")
PARTS = 8

Runs = dict[str, list[Future[compare.Report]]]


@pytest.fixture(scope="module", name="pool")
def pool_fixture() -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(os.cpu_count())
    yield pool
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module", name="answers")
def answers_fixture(pool: ProcessPoolExecutor) -> dict[str, Future[str]]:
    path = os.path.abspath(os.environ["JUDGE"])
    return {name: pool.submit(compare.compare_case, path, name) for name in SLOW}


@pytest.fixture(scope="module", name="runs")
def runs_fixture(pool: ProcessPoolExecutor, answers: dict[str, Future[str]]) -> Runs:
    """All work begins here, so that no processor waits for the end of a test."""
    assert answers
    path = os.path.abspath(os.environ["JUDGE"])
    runs: Runs = {}
    for name in SMALL:
        runs[name] = [
            pool.submit(compare.compare_cuts_and_bits, path, name, first, PARTS)
            for first in range(PARTS)
        ]
    for name, count, real in (("fake", FAKE_MUTANTS, False), ("real", REAL_MUTANTS, True)):
        runs[name] = [
            pool.submit(compare.compare_mutants, path, "long", first, compare.CHUNK, real)
            for first in range(0, count, compare.CHUNK)
        ]
    return runs


def report_of(runs: list[Future[compare.Report]]) -> compare.Report:
    report = compare.Report()
    for each in runs:
        report.add(each.result())
    compare.write(report, Path(os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR", ".")))
    print(report.judged, "bundles", dict(report.verdicts))
    print(report.beyond, "beyond the device,", report.left_out, "left out")
    return report


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.usefixtures("runs")
def test_slow_cases(name: str, answers: dict[str, Future[str]]) -> None:
    assert answers[name].result() == SLOW[name]


@pytest.mark.parametrize("name", SMALL)
def test_every_cut_and_every_bit(name: str, runs: Runs) -> None:
    [subject] = [each for each in subjects.kept() if each.name == name]
    report = report_of(runs[name])
    assert report.different == []
    assert report.judged == 9 * len(subject.bundle)


@pytest.mark.parametrize(("name", "count"), [("fake", FAKE_MUTANTS), ("real", REAL_MUTANTS)])
def test_mutants(name: str, count: int, runs: Runs) -> None:
    report = report_of(runs[name])
    assert report.different == []
    assert report.judged > count * 0.95
