"""Tests of the data in a report."""

import pytest

from software_update.client.question import Phase
from software_update.client.report import is_reported, report_document
from software_update.client.state import (
    AT_REST,
    Code,
    Detail,
    DomainState,
    Installed,
    Plan,
    Result,
    State,
)

PLAN = Plan(
    domain="main",
    release="ab" * 32,
    root="cd" * 32,
    manifest="ef" * 32,
    product="Camera",
    version="2.0",
    counter=7,
    targets_version=7,
    size=1000,
    slot="B",
    source=0,
    phase=Phase.RESTART,
    signers=("1234",),
)
INSTALLED = Installed("ef" * 32, "12" * 32, "1.0", 6, 6)
DOMAINS = {"main": DomainState(slots={"A": INSTALLED}, running="A")}


def test_report_of_a_plan_names_release_and_versions_and_nothing_else() -> None:
    before = State(detail=Detail.ROLLING_BACK, plan=PLAN, domains=DOMAINS)
    result = Result(
        Code.HEALTH_FAILED, "health check /bin/healthy: ended with 1", PLAN.release, 86400
    )
    after = State(detail=Detail.FINISHED, domains=DOMAINS, result=result)
    assert report_document(before, after, "board-2") == {
        "schema": "software_update.client_report.v1",
        "at": "1970-01-02T00:00:00Z",
        "code": "HEALTH_FAILED",
        "text": "health check /bin/healthy: ended with 1",
        "state": "FINISHED",
        "domain": "main",
        "release": PLAN.release,
        "product": "Camera",
        "version": "2.0",
        "running_version": "1.0",
        "hardware_id": "board-2",
    }


def test_report_of_a_check_without_a_plan_has_nulls() -> None:
    result = Result(Code.NOTHING_OFFERED, "no source offers a release", "", 0)
    found = report_document(State(checking="main"), State(result=result), None)
    assert found is not None
    assert (found["domain"], found["release"], found["version"]) == ("main", None, None)
    assert found["hardware_id"] is None


@pytest.mark.parametrize("detail", list(Detail))
def test_rejected_repository_is_reported_in_each_state_and_other_results_at_rest(
    detail: Detail,
) -> None:
    plan = None if detail is Detail.IDLE else PLAN
    for code in (Code.REPOSITORY_EXPIRED, Code.SOURCE_FAILED):
        state = State(detail=detail, plan=plan, domains=DOMAINS, result=Result(code, "text"))
        expected = code is Code.REPOSITORY_EXPIRED or detail in AT_REST
        found = report_document(state, state, None)
        assert (found is not None) == is_reported(state) == expected
        assert found is None or found["code"] == code.value


def test_result_about_another_release_has_no_version_of_the_plan() -> None:
    result = Result(Code.UP_TO_DATE, "version 1.0 is up to date", INSTALLED.release, 0)
    after = State(domains=DOMAINS, result=result)
    found = report_document(State(plan=PLAN, checking="main", domains=DOMAINS), after, None)
    assert found is not None
    assert (found["product"], found["version"], found["running_version"]) == (None, None, "1.0")


def test_there_is_no_report_before_the_end() -> None:
    result = Result(Code.SOURCE_FAILED, "no answer", PLAN.release, 0)
    state = State(detail=Detail.DOWNLOADING, plan=PLAN, result=result)
    assert report_document(state, state, None) is None
    assert report_document(State(), State(), None) is None
