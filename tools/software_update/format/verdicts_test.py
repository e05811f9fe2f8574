"""Tests of verdicts.py."""

from software_update.base.errors import Advice
from software_update.format.verdicts import Refused, Verdict


def test_text_names_the_verdict_the_subject_and_the_fault() -> None:
    refused = Refused(Verdict.TOO_LARGE, "5 bytes", subject="target 'a'")
    assert str(refused) == "TOO_LARGE: target 'a': 5 bytes"
    assert str(Refused(Verdict.TOO_LARGE, "5 bytes")) == "TOO_LARGE: 5 bytes"
    assert refused.exit_code == 1


def test_about_keeps_a_subject_that_is_known() -> None:
    advised = Refused(Verdict.TOO_LARGE, "5 bytes", advice=Advice.SIGN_ROOT)
    outer = advised.about("root", "root.pb")
    assert (outer.verdict, outer.role, outer.subject) == (Verdict.TOO_LARGE, "root", "root.pb")
    assert (outer.detail, outer.advice) == ("5 bytes", Advice.SIGN_ROOT)
    again = outer.about("targets", "bundle")
    assert (again.role, again.subject) == ("root", "root.pb")
