"""Tests that the schemas of the client's questions and decisions describe the JSON that the code handles."""

import functools
import itertools
import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from json_schemas import Schemas
from referencing import Registry, Resource
from software_update.client.decision import Choice, Decision
from software_update.client.documents import decision_document, question_document
from software_update.client.policy import exec_program
from software_update.client.policy.exec_program import PROTOCOL
from software_update.client.question import Advisory, Component, LogFacts
from software_update.format.claims import Power, TargetClaim
from software_update.testing.questions import NOW, QUESTION, SITUATION, question, situation

SCHEMAS = Schemas(Path("docs/reference/schemas"))
REGISTRY = Registry().with_resources(
    (file, Resource.from_contents(schema)) for file, schema in SCHEMAS.files.items()
)
PROGRAM = "exec_policy.v1.schema.json"
FULL: dict[str, Any] = {
    "kind": "security",
    "severity": "high",
    "duration": 180,
    "unavailable_functions": ("light",),
    "reversible": False,
    "signers": ("release manager",),
    "notes": "Closes a hole.",
    "slot": "B",
    "powers": ("network",),
    "areas": (),
    "claims": (TargetClaim("app", "lamp", "application", ("network",), "mpu", True),),
    "components": (Component("lamp", "application"),),
    "powers_gained": (Power("lamp", "network"),),
    "not_reversible": ("app",),
    "unclaimed": ("logo",),
    "advisories": (Advisory("CVE-2031-0001", "high", "The radio took any key.", "Pair again."),),
}
ABSENT = object()


@functools.cache
def validator(file: str, part: str) -> Any:
    schema = SCHEMAS.files[file]
    if part:
        schema = {**schema, "anyOf": [{"$ref": f"#/$defs/{part}"}]}
    return jsonschema.Draft202012Validator(schema, registry=REGISTRY)


def allows(file: str, value: object, part: str = "") -> bool:
    """Returns whether a schema, or a part of it, allows a value."""
    allowed: bool = validator(file, part).is_valid(value)
    return allowed


def check(file: str, document: dict[str, Any]) -> None:
    """Checks that a schema lists and requires exactly the fields of a document."""
    assert allows(file, document)
    paths = SCHEMAS.paths(file)
    assert {path for path in paths if "[]" not in path and "." not in path} == {*document}
    for name in document:
        assert not allows(file, {key: value for key, value in document.items() if key != name})
        assert not allows(file, {**document, name: {}}), name


def test_question() -> None:
    for each in (QUESTION, question(**FULL)):
        check("question.v1.schema.json", question_document(each))


@pytest.mark.parametrize(
    "log", [LogFacts("log.example", ("first",)), LogFacts(None, (), "MISSING_PROOF: there is none")]
)
def test_log(log: LogFacts) -> None:
    document = question_document(question(log=log))
    inside = document["log"]
    assert {f"log.{name}" for name in inside} < SCHEMAS.paths("question.v1.schema.json")
    for name, value in [*inside.items()]:
        del inside[name]
        assert not allows("question.v1.schema.json", document)
        inside[name] = value
    check("question.v1.schema.json", document)


@pytest.mark.parametrize("part", ["advisories", "claims", "components", "powers_gained"])
def test_parts_of_a_question(part: str) -> None:
    document = question_document(question(**FULL))
    [member] = document[part]
    inside = {f"{part}[].{name}" for name in member}
    assert inside < SCHEMAS.paths("question.v1.schema.json")
    for name, value in [*member.items()]:
        del member[name]
        assert not allows("question.v1.schema.json", document)
        member[name] = value


@pytest.mark.parametrize("choice", Choice)
def test_decision(choice: Choice) -> None:
    until = NOW if choice is Choice.DEFER else None
    check("decision.v1.schema.json", decision_document(Decision(choice, "a reason", until)))


@pytest.mark.parametrize("last", [None, NOW])
def test_question_to_a_program(last: int | None) -> None:
    asked = exec_program.build_question(question(**FULL), situation(last_install=last))
    document = json.loads(asked)
    assert allows(PROGRAM, document, "question")
    for part in (document, document["situation"]):
        for name, value in [*part.items()]:
            del part[name]
            assert not allows(PROGRAM, document, "question"), name
            part[name] = value
    assert document == json.loads(
        exec_program.build_question(question(**FULL), situation(last_install=last))
    )


def test_fields_of_the_protocol() -> None:
    asked = json.loads(exec_program.build_question(QUESTION, SITUATION))
    answer = {"protocol", "choice", "reason", "until"}
    facts = {f"situation.{name}" for name in asked["situation"]}
    assert SCHEMAS.paths(PROGRAM) == {*asked} | facts | answer


def test_schema_and_code_allow_the_same_answers() -> None:
    """Tries each combination of odd and good fields. Only the code looks at `until` of other choices."""
    protocols: list[object] = [PROTOCOL, "software_update.exec_policy.v2", ABSENT]
    choices: list[object] = ["defer", "allow", "DEFER", 1, ["defer"], ABSENT]
    reasons: list[object] = ["shop is open", "x" * 300, "x" * 301, "", 1, ABSENT]
    times: list[object] = ["2031-01-01T00:00:00Z", "2031-01-01", "", 1, [], None, ABSENT]
    taken = set()
    for values in itertools.product(protocols, choices, reasons, times):
        if values[1] != "defer" and isinstance(values[3], str):
            continue
        names = ("protocol", "choice", "reason", "until")
        answer: dict[str, object] = dict(zip(names, values, strict=True))
        answer = {name: value for name, value in answer.items() if value is not ABSENT}
        assert allows(PROGRAM, answer, "answer") == code_takes(answer), answer
        taken.add(code_takes(answer))
    assert taken == {True, False}
    more = {"protocol": PROTOCOL, "choice": "ask", "reason": "new shop", "more": 1}
    assert allows(PROGRAM, more, "answer")
    assert code_takes(more)


def code_takes(answer: object) -> bool:
    try:
        exec_program.parse_answer(json.dumps(answer).encode())
    except ValueError:
        return False
    return True
