"""Tests of what follows from a state."""

from dataclasses import replace

import pytest

from software_update.client.question import Phase
from software_update.client.state import (
    Answer,
    Detail,
    DomainState,
    External,
    Reply,
    State,
    answer_to,
    below_floor,
    external,
)
from software_update.testing.stories import NEW, OLD, OTHER, PLAN, RELEASE, ROOT


@pytest.mark.parametrize("detail", Detail)
def test_every_detail_has_an_external_state(detail: Detail) -> None:
    assert external(State(detail=detail)) in External


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase.DOWNLOAD, External.INACTIVE),
        (Phase.INSTALL, External.VERIFIED),
        (Phase.RESTART, External.APPLYING),
    ],
)
def test_external_state_of_a_question_depends_on_its_phase(
    phase: Phase, expected: External
) -> None:
    plan = replace(PLAN, phase=phase)
    assert external(State(detail=Detail.AWAITING_CONSENT, plan=plan)) == expected


def test_external_numbers_are_those_of_pigweed() -> None:
    assert [each.value for each in External] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_last_answer_to_the_same_question_counts() -> None:
    yes = Answer(RELEASE, ROOT, Phase.DOWNLOAD, Reply.YES, "alice", 1)
    no = replace(yes, reply=Reply.NO, at=2)
    assert answer_to(State(answers=(yes, no)), RELEASE, ROOT, Phase.DOWNLOAD) == no
    assert answer_to(State(answers=(yes,)), RELEASE, OTHER, Phase.DOWNLOAD) is None
    assert answer_to(State(answers=(yes,)), OTHER, ROOT, Phase.DOWNLOAD) is None
    assert answer_to(State(answers=(yes,)), RELEASE, ROOT, Phase.RESTART) is None


@pytest.mark.parametrize(("old", "new"), [((1, 9), (2, 1)), ((None, 1), (None, 2))])
def test_floor_compares_counters_and_without_them_versions(
    old: tuple[int | None, int], new: tuple[int | None, int]
) -> None:
    running = replace(OLD, counter=old[0], targets_version=old[1])
    floor = replace(NEW, counter=new[0], targets_version=new[1])
    assert below_floor(DomainState(slots={"A": running}, floor=floor, running="A"))
    assert not below_floor(DomainState(slots={"A": floor}, floor=running, running="A"))
    assert not below_floor(DomainState(floor=floor, running="A"))
