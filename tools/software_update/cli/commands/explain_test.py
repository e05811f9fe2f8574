"""Tests of explain."""

import pytest

from software_update.cli.main import main
from software_update.cli.render.explanations import EXPLANATIONS, REFUSALS
from software_update.format.refusals import Refusal
from software_update.format.verdicts import Verdict
from software_update.testing.command import done, failed


@pytest.mark.parametrize("verdict", [*Verdict, *Refusal])
def test_each_verdict_and_refusal(verdict: Verdict | Refusal) -> None:
    text = done("explain", verdict).out
    assert max(map(len, text.splitlines())) <= 80
    explanation = EXPLANATIONS[verdict] if isinstance(verdict, Verdict) else REFUSALS[verdict]
    cure = f" Cure: {explanation.cure}" if explanation.cure else ""
    assert " ".join(text.split()) == f"{verdict} {explanation.meaning}{cure}"
    assert done("explain", verdict.lower()).out == text


def test_list() -> None:
    lines = done("explain").out.splitlines()
    assert [line.split()[0] for line in lines] == [*Verdict, *Refusal]
    assert (
        "HASH_MISMATCH                  The SHA-256 of a payload differs from the signed one."
        in lines
    )
    for line in lines:
        assert line.endswith("."), line
        assert len(line) <= 160, line


def test_unknown_names() -> None:
    assert failed(2, "explain", "HASH_MISMACH") == (
        "explain: 'HASH_MISMACH' is not a verdict; did you mean HASH_MISMATCH or LENGTH_MISMATCH or "
        "ATTACHMENT_MISMATCH?"
    )
    assert failed(2, "explain", "POWER_NOT_ALOWED") == (
        "explain: 'POWER_NOT_ALOWED' is not a verdict; did you mean POWER_NOT_ALLOWED or TARGET_NOT_ALLOWED?"
    )
    assert failed(2, "explain", "x\n") == (
        r"explain: 'x\n' is not a verdict; see: software-update explain"
    )
    text = failed(2, "explain", "ACCEPT", "MALFORMED")
    assert text == "unrecognized argument: MALFORMED; see: software-update explain --help"


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["explain", "--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("usage: software-update explain [-h] [NAME]")
