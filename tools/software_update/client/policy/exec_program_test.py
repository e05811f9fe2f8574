"""Tests of programs that decide."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from software_update.client.decision import Choice, Decision
from software_update.client.documents import question_document, situation_document
from software_update.client.policy.exec_program import MAX_ANSWER_BYTES, PROTOCOL, ExecProgram
from software_update.client.system import ProgramResult, ProgramTimeout
from software_update.testing.fake_machine import machine
from software_update.testing.questions import NOW, QUESTION, SITUATION

ANSWER: dict[str, Any] = {"protocol": PROTOCOL, "choice": "allow", "reason": "the shop is closed"}


def decide(result: bytes | int | OSError | ProgramResult) -> Decision:
    policy = ExecProgram(machine(program=lambda *_: result), ["/opt/decide"])
    return policy.decide(QUESTION, SITUATION)


def answer(**changes: Any) -> bytes:
    return json.dumps({**ANSWER, **changes}).encode()


def test_program_gets_the_question_and_the_situation() -> None:
    calls = []

    def program(argv: Sequence[str], stdin: bytes) -> bytes:
        calls.append((argv, json.loads(stdin)))
        return answer()

    policy = ExecProgram(machine(program=program), ["/opt/decide", "--shop", "12"])
    assert policy.decide(QUESTION, SITUATION) == Decision(Choice.ALLOW, "the shop is closed")
    asked = {
        "protocol": PROTOCOL,
        "question": question_document(QUESTION),
        "situation": situation_document(SITUATION),
    }
    assert calls == [(["/opt/decide", "--shop", "12"], asked)]


def test_deferral_with_and_without_a_time() -> None:
    assert decide(answer(choice="defer")).until is None
    assert decide(answer(choice="defer", until="2031-01-01T00:00:00Z")).until == NOW


def test_longest_answer() -> None:
    assert decide(answer().ljust(MAX_ANSWER_BYTES)).choice is Choice.ALLOW


def test_answer_with_further_fields() -> None:
    assert decide(answer(more=1)) == Decision(Choice.ALLOW, "the shop is closed")


@pytest.mark.parametrize(
    "result, problem",
    [
        (b"", "its answer is not valid JSON"),
        (b"allow", "its answer is not valid JSON"),
        (b"[]", "its answer is not valid JSON"),
        (b'{"choice": "allow", "choice": "deny"}', "has the key 'choice' twice"),
        (answer(protocol="software_update.exec_policy.v2"), f"needs the protocol {PROTOCOL}"),
        (answer(choice="yes"), "needs a choice out of allow, defer, ask, deny"),
        (answer().ljust(MAX_ANSWER_BYTES + 1), "has more than 65536 bytes"),
        (1, "ended with status 1"),
        (-9, "ended with status -9"),
        (ProgramResult(1, answer(), b""), "ended with status 1"),
    ],
)
def test_bad_answer_is_an_error(result: bytes | int | ProgramResult, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^/opt/decide: .*{problem}"):
        decide(result)


@pytest.mark.parametrize("error", [ProgramTimeout("too slow"), FileNotFoundError("missing")])
def test_program_that_cannot_run_is_an_error(error: OSError) -> None:
    with pytest.raises(type(error)):
        decide(error)
