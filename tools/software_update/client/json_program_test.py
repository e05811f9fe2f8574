"""Tests of programs that answer with one JSON object."""

import json
from typing import Any

import pytest

from software_update.client.installer import InstallError
from software_update.client.json_program import MAX_ANSWER_BYTES, JsonProgram, texts
from software_update.client.system import ProgramResult, ProgramTimeout
from software_update.testing.fake_programs import FakePrograms

PROTOCOL = "software_update.test.v1"


def program(programs: FakePrograms) -> JsonProgram:
    return JsonProgram(programs, ["/bin/product", "--now"], PROTOCOL, 5, InstallError)


def answering(output: object, status: int = 0) -> JsonProgram:
    content = output if isinstance(output, bytes) else json.dumps(output).encode()
    return program(FakePrograms(lambda argv, stdin: ProgramResult(status, content, b"")))


def test_request_is_one_line_of_json() -> None:
    programs = FakePrograms(
        lambda argv, stdin: ProgramResult(0, json.dumps({"protocol": PROTOCOL}).encode(), b"")
    )
    assert program(programs).ask("write", slot="B") == {"protocol": PROTOCOL}
    assert programs.calls == [(["/bin/product", "--now"], programs.calls[0][1], 5)]
    assert programs.calls[0][1].endswith(b"\n")
    assert json.loads(programs.calls[0][1]) == {"protocol": PROTOCOL, "call": "write", "slot": "B"}


FAULTS: list[tuple[object, int, str]] = [
    ({"protocol": PROTOCOL, "error": "no power\nmore"}, 1, "write: no power"),
    ({"protocol": PROTOCOL, "error": "no power"}, 0, "write: no power"),
    ({"protocol": PROTOCOL, "error": ""}, 0, "write: it gives an error, and does not say which"),
    ({"protocol": PROTOCOL, "error": "\x1b[2J"}, 0, r"write: \x1b[2J"),
    ({"protocol": PROTOCOL, "error": "x" * 400}, 0, "write: " + "x" * 300),
    ({"protocol": PROTOCOL}, 3, "write: ended with status 3"),
    (b"", 3, "write: ended with status 3"),
    (b"", 0, f"write: its answer is not a JSON object of the protocol {PROTOCOL}"),
    ([], 0, f"write: its answer is not a JSON object of the protocol {PROTOCOL}"),
    ({}, 0, f"write: its answer is not a JSON object of the protocol {PROTOCOL}"),
    (
        {"protocol": PROTOCOL, "error": None},
        0,
        f"write: its answer is not a JSON object of the protocol {PROTOCOL}",
    ),
    (b'{"a": 1, "a": 1}', 0, "write: its answer has the key 'a' twice in one object; remove one"),
    (bytes(MAX_ANSWER_BYTES + 1), 0, "write: its answer has more than 65536 bytes"),
]


@pytest.mark.parametrize(("output", "status", "error"), FAULTS)
def test_wrong_answers(output: object, status: int, error: str) -> None:
    with pytest.raises(InstallError) as caught:
        answering(output, status).ask("write")
    assert str(caught.value) == f"/bin/product: {error}"


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (FileNotFoundError(2, "No such file"), "missing; install it, or correct the path"),
        (ProgramTimeout(), "write: no answer within 5 s"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
    ],
)
def test_program_that_cannot_run(failure: OSError, error: str) -> None:
    def fail(argv: object, stdin: bytes) -> ProgramResult:
        raise failure

    with pytest.raises(InstallError) as caught:
        program(FakePrograms(fail)).ask("write")
    assert str(caught.value) == f"/bin/product: {error}"


def test_error_about_a_field() -> None:
    assert str(answering({}).wrong("status", "booted")) == (
        f"/bin/product: status: its answer has no valid 'booted' ({PROTOCOL})"
    )


@pytest.mark.parametrize(
    ("value", "expected"), [(["a\nb", "c"], ["a", "c"]), ([], []), ([1], None), ("a", None)]
)
def test_texts(value: Any, expected: list[str] | None) -> None:
    assert texts(value) == expected
