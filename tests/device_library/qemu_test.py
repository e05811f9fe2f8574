"""Cortex-M3 and Cortex-M0 in QEMU give the recorded verdicts, or say that a bundle is beyond the board."""

import os
from pathlib import Path

import pytest

from tests.device_library import qemu, signatures, sizes, subjects
from tests.device_library.qemu import Judged
from tests.device_library.subjects import Subject

BOARDS = {"mps2-an385": "MPS2", "microbit": "MICROBIT"}
# Of the board's memory; the program itself takes a part of it.
MAX_STACK_BYTES = 2048
PIECE_BYTES = 64


@pytest.fixture(scope="module", params=BOARDS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> qemu.Run:
    return qemu.run(
        Path(os.environ["EMULATOR"]),
        request.param,
        Path(os.environ[BOARDS[request.param]]),
        subjects.kept(),
        tmp_path_factory.mktemp("board"),
        signatures.of_all_cases(),
    )


def wrong(run: qemu.Run) -> list[tuple[str, str, str, set[str]]]:
    """Returns name, verdict, answer and exceeded limits of each case that is judged wrongly."""
    return [
        (subject.name, subject.verdict, judged.answer, exceeded(subject, run))
        for subject, judged in zip(subjects.kept(), run.judged, strict=True)
        if not is_right(subject, judged, exceeded(subject, run))
    ]


def exceeded(subject: Subject, run: qemu.Run) -> set[str]:
    try:
        return sizes.exceeded(subject, run.limits)
    except ValueError:
        return set()


def is_right(subject: Subject, judged: Judged, limits: set[str]) -> bool:
    """Says whether an answer is the verdict, or beyond the board in a limit that the bundle exceeds.

    A bundle that exceeds one may still be refused for another fault, but it is not accepted, unless the
    verifier need not keep all of its signatures.
    """
    if judged.answer.startswith("beyond "):
        return judged.answer.removeprefix("beyond ") in limits
    may_be_accepted = not limits - {"order", "signatures", "verifications"}
    return judged.answer == subject.verdict and (judged.answer != "ACCEPT" or may_be_accepted)


def test_verdicts(run: qemu.Run) -> None:
    assert wrong(run) == []


def test_most_bundles_are_not_beyond_the_board(run: qemu.Run) -> None:
    beyond = [each.answer for each in run.judged if each.answer.startswith("beyond")]
    print(len(run.judged), "bundles,", len(beyond), "beyond the board, stack", run.stack, "bytes")
    assert 0 < len(beyond) < len(run.judged) / 9


def test_stack(run: qemu.Run) -> None:
    assert 0 < run.stack < MAX_STACK_BYTES


def test_every_byte_is_read_once_and_a_plain_bundle_takes_two_verifications(run: qemu.Run) -> None:
    names = [subject.name for subject in subjects.kept()]
    at = names.index("independent/good")
    subject, judged = subjects.kept()[at], run.judged[at]
    assert judged == Judged("ACCEPT", -(-len(subject.bundle) // PIECE_BYTES), judged.verifications)
    assert 1 <= judged.verifications <= 2


def test_a_wrong_verdict_is_noticed(run: qemu.Run) -> None:
    at = [judged.answer for judged in run.judged].index("TARGETS_EXPIRED")
    judged = list(run.judged)
    judged[at] = Judged("ACCEPT")
    [[name, *_]] = wrong(qemu.Run(run.limits, judged, run.stack, run.verifier))
    assert name == subjects.kept()[at].name
    judged[at] = Judged("beyond keys")
    assert len(wrong(qemu.Run(run.limits, judged, run.stack, run.verifier))) == 1
