"""Tests of the cap on postponements."""

import pytest

from software_update.client.decision import Choice, Decision
from software_update.client.policy.chain import Link, evaluate
from software_update.client.policy.postponement import Postponement
from software_update.client.policy.preset import Preset, StandingAnswer
from software_update.client.question import Phase
from software_update.testing.questions import NOW, question, situation

CAP = Postponement(times=3, days=7)
WEEK = 7 * 24 * 60 * 60


def test_release_may_be_put_off_below_the_cap() -> None:
    for postponements, days in ((0, 0), (2, 6)):
        at = situation(now=NOW + days * 86400, postponements=postponements)
        assert CAP.problem(at) is None
        assert CAP.decide(question(phase=Phase.RESTART), at).choice is Choice.ALLOW


def test_reason_says_how_often_and_how_long() -> None:
    decided = CAP.decide(question(), situation(postponements=1))
    assert decided.reason == (
        "it may be put off 2 more times, until 2031-01-08T00:00:00Z at the latest"
    )


@pytest.mark.parametrize(
    "postponements, now, problem",
    [
        (3, NOW, "it has been put off 3 times, and may not be put off again"),
        (4, NOW, "it has been put off 4 times, and may not be put off again"),
        (1, NOW + WEEK, "it could be put off until 2031-01-08T00:00:00Z, and not any more"),
    ],
)
def test_restart_that_was_put_off_to_the_cap_needs_an_answer(
    postponements: int, now: int, problem: str
) -> None:
    at = situation(postponements=postponements, now=now)
    assert CAP.problem(at) == problem
    decided = CAP.decide(question(phase=Phase.RESTART), at)
    assert decided == Decision(Choice.ASK, f"{problem}; answer yes or no")


def test_preset_decides_about_download_and_installation_at_the_cap() -> None:
    at = situation(postponements=3)
    for phase in (Phase.DOWNLOAD, Phase.INSTALL):
        for preset, choice in ((Preset.ASK, Choice.ASK), (Preset.AUTO_ALL, Choice.ALLOW)):
            chain = [Link("preset", StandingAnswer(preset)), Link("postponement", CAP)]
            assert evaluate(chain, question(phase=phase), at, 60).combined.choice is choice


def test_no_preset_restarts_a_device_whose_restart_was_put_off_to_the_cap() -> None:
    chain = [Link("preset", StandingAnswer(Preset.AUTO_ALL)), Link("postponement", CAP)]
    decided = evaluate(chain, question(phase=Phase.RESTART), situation(postponements=3), 60)
    assert decided.combined.choice is Choice.ASK


def test_restart_that_was_never_put_off_needs_no_answer_however_old_the_question_is() -> None:
    decided = CAP.decide(question(phase=Phase.RESTART), situation(now=NOW + 10 * WEEK))
    assert decided.choice is Choice.ALLOW


def test_cap_of_zero_forbids_postponements() -> None:
    assert Postponement(times=0, days=7).problem(situation()) is not None
    assert Postponement(times=3, days=0).problem(situation()) is not None
