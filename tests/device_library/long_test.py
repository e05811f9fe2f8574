"""The same comparisons as in cases_test and mutants_test, of more bundles."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.device_library import compare, library, python_judge, subjects
from tests.device_library.signatures import good, of_all_cases
from tests.vectors.cases import Case

FAKE_MUTANTS = 100_000
REAL_MUTANTS = 2_000
SLOW = [case for case in subjects.huge() if case.name in subjects.SLOW]
SMALL = ("attacks/good", "independent/good_rotation", "independent/good_user_manifest")


@pytest.mark.parametrize("case", SLOW, ids=lambda case: case.name)
def test_slow_cases(case: Case, tmp_path: Path) -> None:
    subject = subjects.subject(case, tmp_path)
    tested, listed = library.from_environment(), good([subject])
    assert (
        tested.judge(subject.bundle, subject.device, limits=library.FULL, listed=listed)
        == subject.verdict
    )


@pytest.mark.parametrize("name", SMALL)
def test_every_cut_and_every_bit(name: str) -> None:
    [subject] = [each for each in subjects.kept() if each.name == name]
    tested, listed = library.from_environment(), of_all_cases()
    count = 0
    for change, bundle in subjects.cuts_and_bits(subject.bundle):
        expected = str(python_judge.verdict(bundle, subject.device))
        answer = tested.judge(bundle, subject.device, piece=64, listed=listed)
        assert answer == expected, change
        count += 1
    print(name, count, "bundles")
    assert count == 9 * len(subject.bundle)


@pytest.mark.parametrize(("count", "real"), [(FAKE_MUTANTS, False), (REAL_MUTANTS, True)])
def test_mutants(count: int, real: bool) -> None:
    start, path = time.monotonic(), os.path.abspath(os.environ["JUDGE"])
    report = compare.Report()
    with ProcessPoolExecutor(2) as pool:
        runs = [
            pool.submit(compare.compare_mutants, path, "long", first, compare.CHUNK, real)
            for first in range(0, count, compare.CHUNK)
        ]
        for each in runs:
            report.add(each.result())
    compare.write(report, Path(os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR", ".")))
    print(report.judged, "mutants in", round(time.monotonic() - start), "s", dict(report.verdicts))
    print(report.beyond, "beyond the device,", report.left_out, "left out")
    assert report.different == []
    assert report.judged > count * 0.95
    assert report.beyond < count / 100
