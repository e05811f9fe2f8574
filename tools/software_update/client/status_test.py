"""Tests of the status as JSON."""

from software_update.client.question import Phase
from software_update.client.state import Detail, DomainState, Installed, Plan, State
from software_update.client.status import Facts, status_document

PLAN = Plan("main", "d" * 64, "e" * 64, "f" * 64, "lamp", "1.5", 5, 9, 1000, "B", 0)


def installed(version: str, counter: int) -> Installed:
    return Installed("f" * 64, "d" * 64, version, counter, counter)


def test_new_client_is_idle() -> None:
    status = status_document(State(), Facts(("main",)))
    assert (status["state"], status["number"], status["detail"]) == ("INACTIVE", 1, "Idle")
    assert (status["plan"], status["question"], status["result"]) == (None, None, None)
    assert status["domains"]["main"] == {
        "preset": "ask",
        "running": None,
        "root_version": None,
        "floor": None,
        "below_floor": False,
        "slots": {},
    }


def test_plan_and_times() -> None:
    plan = Plan(
        **{**{name: getattr(PLAN, name) for name in PLAN.__slots__}, "phase": Phase.RESTART}
    )
    state = State(detail=Detail.AWAITING_CONSENT, plan=plan)
    status = status_document(state, Facts(("main",), next_check=0, problem="full"))
    assert (status["state"], status["plan"]["phase"]) == ("APPLYING", "restart")
    assert (status["next_check"], status["problem"]) == ("1970-01-01T00:00:00Z", "full")


def test_device_below_its_floor_says_so() -> None:
    domain = DomainState(running="A", slots={"A": installed("1.4", 4)}, floor=installed("1.5", 5))
    state = State().with_domain("main", domain)
    assert status_document(state, Facts(("main",)))["domains"]["main"]["below_floor"]
