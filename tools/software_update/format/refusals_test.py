"""Refusals of what is disclosed about a release."""

from software_update.format.refusals import NotDisclosed, Refusal
from software_update.format.verdicts import Verdict


def test_a_refusal_names_what_it_is_about() -> None:
    error = NotDisclosed(Refusal.UNKNOWN_LOG, "no log key of the policy", subject="a.tlog-proof")
    assert str(error) == "UNKNOWN_LOG: a.tlog-proof: no log key of the policy"
    assert (error.exit_code, error.refusal) == (1, Refusal.UNKNOWN_LOG)


def test_no_refusal_has_the_name_of_a_verdict() -> None:
    assert not {each.value for each in Refusal} & {each.value for each in Verdict}
