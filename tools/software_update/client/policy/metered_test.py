"""Tests of the policy for metered networks."""

from collections.abc import Sequence

import pytest

from software_update.client.decision import Choice, Decision
from software_update.client.policy.metered import Metered
from software_update.client.system import ProgramResult, ProgramTimeout, System
from software_update.testing.fake_machine import machine
from software_update.testing.questions import SITUATION, question

FILE = "/run/metered"


def decide(system: System, size: int = 1001, choice: Choice = Choice.ASK) -> Decision:
    policy = Metered(system, most_bytes=1000, choice=choice, file=FILE)
    return policy.decide(question(download_bytes=size), SITUATION)


def test_small_download_is_allowed_without_looking_at_the_network() -> None:
    assert decide(machine(), size=1000).choice is Choice.ALLOW


@pytest.mark.parametrize("line", ["no", "NO", "no (guessed)", "false", "0\n"])
def test_large_download_is_allowed_if_the_network_is_not_metered(line: str) -> None:
    assert decide(machine({FILE: line})).choice is Choice.ALLOW


@pytest.mark.parametrize("line", ["yes", "yes (guessed)", "True", "1\n"])
@pytest.mark.parametrize("choice", [Choice.ASK, Choice.DEFER, Choice.DENY])
def test_large_download_over_a_metered_network(line: str, choice: Choice) -> None:
    decided = decide(machine({FILE: line}), choice=choice)
    assert decided == Decision(
        choice, "the network is metered, and the download has 1001 bytes, more than 1000"
    )


@pytest.mark.parametrize("line", ["unknown", "2", "", "nope"])
def test_other_answer_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=FILE):
        decide(machine({FILE: line}))


def test_missing_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        decide(machine())


@pytest.mark.parametrize("printed, choice", [(b"yes\n", Choice.ASK), (b"no\n", Choice.ALLOW)])
def test_program_prints_the_answer(printed: bytes, choice: Choice) -> None:
    calls = []

    def program(argv: Sequence[str], stdin: bytes) -> bytes:
        calls.append((argv, stdin))
        return printed

    policy = Metered(machine(program=program), most_bytes=1000, program=["/bin/is-metered", "-v"])
    assert policy.decide(question(download_bytes=1001), SITUATION).choice is choice
    assert calls == [(["/bin/is-metered", "-v"], b"")]


@pytest.mark.parametrize(
    "result",
    [
        1,
        -9,
        b"maybe\n",
        b"",
        ProgramTimeout("took too long"),
        ProgramResult(1, b"no\n", b""),
    ],
)
def test_program_that_fails_is_an_error(result: bytes | int | OSError | ProgramResult) -> None:
    policy = Metered(machine(program=lambda *_: result), most_bytes=0, program=["/bin/is-metered"])
    with pytest.raises((ValueError, OSError)):
        policy.decide(question(), SITUATION)
