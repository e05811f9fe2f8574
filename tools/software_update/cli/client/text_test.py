"""Tests of the client's JSON as lines."""

import json
from dataclasses import replace
from typing import Any

import pytest

from software_update.cli.client.dispatch import COMMANDS
from software_update.cli.client.text import history_line, question_of, status_lines
from software_update.client.decision import Choice, Decision
from software_update.client.documents import question_document
from software_update.client.question import Advisory, Component, LogFacts
from software_update.client.state import (
    Code,
    Detail,
    DomainState,
    Failures,
    Installed,
    Plan,
    Result,
    State,
)
from software_update.client.status import Action, Facts, status_document
from software_update.format.claims import Power, TargetClaim
from software_update.testing import encode as e
from software_update.testing.questions import QUESTION
from software_update.verify.roots import trust_root

PLAN = Plan("main", "d" * 64, "e" * 64, "f" * 64, "lamp", "1.5\x1b[2J", 5, 9, 1000, "B", 0)


def lines(state: State, **facts: Any) -> list[str]:
    return status_lines(status_document(state, Facts(("main",), **facts)))


def test_each_action_is_a_subcommand() -> None:
    assert {each.value for each in Action} <= COMMANDS.keys()


def test_question_survives_json() -> None:
    advisories = (Advisory("CVE-2031-0001", "high", "The radio took any key.", "Pair again."),)
    more = replace(
        QUESTION,
        signers=("a", "b"),
        advisories=advisories,
        later_versions=("1.6", "2.0"),
        slot="B",
        powers=("network",),
        areas=(),
        claims=(TargetClaim("app", "lamp", "application", ("network", "warp"), "mpu", False),),
        components=(Component("lamp", "application"),),
        powers_gained=(Power("lamp", "warp"),),
        not_reversible=("app",),
        unclaimed=("logo",),
    )
    proven = replace(QUESTION, log=LogFacts("log.example", ("first",)), auditors=("me",))
    unproven = replace(QUESTION, log=LogFacts(None, (), "MISSING_PROOF: there is none"))
    for asked in (QUESTION, more, proven, unproven):
        assert question_of(json.loads(json.dumps(question_document(asked)))) == asked


@pytest.mark.parametrize("detail", list(Detail))
def test_each_state_has_lines_and_escapes_texts_of_the_release(detail: Detail) -> None:
    plan = None if detail == Detail.IDLE else PLAN
    found = lines(State(detail=detail, plan=plan, result=Result(Code.REFUSED, "bad \x1b[31m")))
    assert f", {detail.value}" in found[0]
    assert "\x1b" not in "".join(found)


def test_decisions_of_policies_are_shown() -> None:
    decisions = (("power", Decision(Choice.DEFER, "the battery is empty", 0)),)
    found = lines(State(), decisions=decisions)
    assert "power:                defer, the battery is empty; asked again at" in found


def test_floor_quarantine_problem_and_next_check_are_shown() -> None:
    older, newer = (Installed("f" * 64, "d" * 64, f"1.{each}", each, each) for each in (4, 5))
    state = State(failures=(Failures("main", "a" * 64, 5, 3), Failures("main", "b" * 64, 5, 1)))
    state = state.with_domain("main", DomainState(running="A", slots={"A": older}, floor=newer))
    root = trust_root(e.signed(e.root(2), e.ROOT_KEY))
    state = replace(state, root_refused={"main": Code.ANCHOR_REFUSED}, damaged={"main": "A"})
    text = "\n".join(lines(state, problem="the disk is full", next_check=0, roots={"main": root}))
    assert "main: ANCHOR_REFUSED: no root is in force, and nothing is installed" in text
    assert "main: SLOT_DAMAGED: slot A has other bytes than its release" in text
    assert "main: slot A runs 1.4, root version 2, preset ask" in text
    assert "main: BelowFloor: this device had 1.5 before" in text
    assert "release aaaaaaaaaaaaaaaa... failed 3 times: quarantined" in text
    assert "release bbbbbbbbbbbbbbbb... failed 1 time: may be tried again" in text
    assert "Problem: the disk is full" in text
    assert "Next check: 1970-01-01T00:00:00Z" in text


def test_history_line_names_the_person() -> None:
    answer = {"who": "alice", "reply": "yes", "phase": "download"}
    line = {"at": 0, "event": "Answered", "detail": "AwaitingConsent", "answer": answer}
    assert history_line(line) == (
        "1970-01-01T00:00:00Z  Answered  AwaitingConsent  alice: yes to download"
    )
    line = {
        "at": 0,
        "event": "Decided",
        "detail": "AwaitingConsent",
        "choice": "ask",
        "reason": "x",
    }
    assert history_line(line).endswith("  ask  x")
