"""A program of the product or the consumer that decides. The protocol is `software_update.exec_policy.v1`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from software_update.base.strict_json import parse_object
from software_update.client import documents
from software_update.client.decision import Decision, Situation
from software_update.client.question import Question
from software_update.client.system import System

PROTOCOL = "software_update.exec_policy.v1"
MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ExecProgram:
    """Passes the question and the situation to a program as JSON, and reads its decision.

    `program` is a path and its arguments. It is run without a shell, and stopped after `timeout` seconds.
    """

    system: System
    program: Sequence[str]
    timeout: float = 30.0

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Runs the program. Raises OSError if it cannot run, and ValueError if its answer is not valid."""
        asked = build_question(question, situation)
        result = self.system.programs.run(self.program, stdin=asked, timeout=self.timeout)
        name = self.program[0]
        if result.exit_code:
            raise ValueError(f"{name}: ended with status {result.exit_code}")
        try:
            return parse_answer(result.stdout)
        except ValueError as error:
            raise ValueError(f"{name}: its answer {error}") from None


def build_question(question: Question, situation: Situation) -> bytes:
    """Returns the program's standard input: one JSON object, and a newline."""
    document = {
        "protocol": PROTOCOL,
        "question": documents.question_document(question),
        "situation": documents.situation_document(situation),
    }
    return (json.dumps(document) + "\n").encode()


def parse_answer(output: bytes) -> Decision:
    """Returns the decision that a program has printed. Raises ValueError if it is not valid."""
    if len(output) > MAX_ANSWER_BYTES:
        raise ValueError(f"has more than {MAX_ANSWER_BYTES} bytes")
    try:
        answer = parse_object(output)
    except ValueError as error:
        raise ValueError(f"is not valid JSON ({error})") from None
    if answer.get("protocol") != PROTOCOL:
        raise ValueError(f"needs the protocol {PROTOCOL}")
    return documents.read_decision(answer)
