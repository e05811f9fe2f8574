"""The device library gives the recorded verdict on every case, however the bytes arrive."""

from pathlib import Path

import pytest
from software_update.format.verdicts import Verdict

from tests.device_library import library, python_judge, sizes, subjects
from tests.device_library.library import Around
from tests.device_library.signatures import good, of_all_cases
from tests.device_library.subjects import Subject
from tests.vectors.cases import Case

WHOLE = 1 << 30
# Bundles of these cases are changed in many ways: what follows them depends on all of their bytes.
SMALL = ("attacks/good", "independent/good", "independent/good_rotation")
# Every so many changes are judged.
STEP = 131


@pytest.fixture(scope="module")
def tested() -> library.Library:
    return library.from_environment()


def differences(tested: library.Library, piece: int, sink: int = 0) -> list[tuple[str, str, str]]:
    """Returns the name, the verdict and the answer of each case that the library judges otherwise."""
    listed = of_all_cases()
    found = []
    for subject in subjects.kept():
        answer = tested.judge(
            subject.bundle, subject.device, piece=piece, listed=listed, around=Around(sink)
        )
        if answer != subject.verdict and not (sink and cannot_be_written(subject, answer)):
            found.append((subject.name, subject.verdict, answer))
    return found


def cannot_be_written(subject: Subject, answer: str) -> bool:
    """Says whether a good bundle has payloads that cannot be written as they arrive."""
    tree = subjects.take_apart(subject.bundle, subjects.BUNDLE)
    return (subject.verdict, answer) == ("ACCEPT", "beyond order") and (
        sizes.has_unusual_order(tree) or sizes.has_late_names(tree)
    )


def test_verdicts_have_the_same_names_and_order(tested: library.Library) -> None:
    assert tested.verdicts == list(Verdict)


@pytest.mark.parametrize("piece", [1, 7, 64, WHOLE])
def test_cases(tested: library.Library, piece: int) -> None:
    assert differences(tested, piece) == []


@pytest.mark.parametrize("sink", [1, 2])
def test_cases_whose_payloads_are_written(tested: library.Library, sink: int) -> None:
    assert differences(tested, 64, sink) == []


@pytest.mark.parametrize("limits", [library.SMALL, library.BARE])
def test_small_limits_give_the_verdict_or_none(tested: library.Library, limits: int) -> None:
    answers = {
        each: tested.judge(each.bundle, each.device, listed=of_all_cases(), limits=limits, piece=64)
        for each in subjects.kept()
    }
    beyond = {each for each in answers if answers[each].startswith("beyond")}
    wrong = [each.name for each in answers if each not in beyond and answers[each] != each.verdict]
    assert wrong == []
    assert 100 < len(beyond) < len(answers) / 2


def test_a_wrong_verdict_is_noticed(tested: library.Library) -> None:
    """Without good signatures, nothing is accepted."""
    [plain] = [each for each in subjects.kept() if each.name == "independent/good"]
    assert tested.judge(plain.bundle, plain.device, listed=b"") == "THRESHOLD_NOT_MET"
    assert tested.judge(plain.bundle, plain.device) == "ACCEPT"


HUGE = [case for case in subjects.huge() if case.name not in subjects.SLOW]


@pytest.mark.parametrize("case", HUGE, ids=lambda case: case.name)
def test_huge_cases(tested: library.Library, case: Case, tmp_path: Path) -> None:
    subject = subjects.subject(case, tmp_path)
    answer = tested.judge(
        subject.bundle, subject.device, piece=4096, limits=library.FULL, listed=good([subject])
    )
    assert answer == subject.verdict


@pytest.mark.parametrize("name", SMALL)
def test_cuts_and_bits(tested: library.Library, name: str) -> None:
    [subject] = [each for each in subjects.kept() if each.name == name]
    listed = of_all_cases()
    for change, bundle in list(subjects.cuts_and_bits(subject.bundle))[::STEP]:
        expected = str(python_judge.verdict(bundle, subject.device))
        answer = tested.judge(bundle, subject.device, piece=13, listed=listed)
        assert answer == expected, change
