"""A test that the picture of the client's states has exactly the transitions of the core."""

import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from software_update.client import events
from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.decision import Choice, Decision
from software_update.client.events import Event
from software_update.client.question import Phase
from software_update.client.repository import Versions
from software_update.client.state import (
    AT_REST,
    Answer,
    Code,
    Detail,
    Failures,
    Plan,
    Reply,
    Result,
    Staging,
    State,
)
from software_update.client.step import step

PAGE = Path("docs/explanation/client_states.md").read_text(encoding="utf-8")
PLAN = Plan(
    "main", "release", "root", "manifest", "Camera", "1", 1, 1, 10, "B", 0, entry="camera/1"
)
NEWER = replace(PLAN, release="newer", counter=2)
_DECLINED = (Code.DECLINED, Code.DENIED_BY_POLICY)


def alphabet() -> Iterator[Event]:
    """Yields events of each kind, also those that fit no state."""
    for plan, staging in itertools.product((PLAN, NEWER), Staging):
        yield events.Offered(1, replace(plan, staging=staging))
    yield events.NothingToDo(1, "main", Code.UP_TO_DATE, "")
    yield events.SourceFailed(1, "", 1)
    yield events.RepositoryRead(1, "main", Versions(1, 1, 1, fresh_until=2))
    yield events.Withdrawn(1, "release", Code.HALTED, "")
    yield events.WaitOver(1)
    yield events.RootVerified(1, "main", "file", "newer root", 2)
    for refusal in (None, Code.ANCHOR_REFUSED, Code.ROOT_CHAIN_BROKEN):
        yield events.RootSettled(1, "main", "file", refusal)
    yield events.SlotVerified(1, "main", "A", None, "differs")
    for choice in Choice:
        yield events.Decided(1, Decision(choice, "a reason", None))
    for phase, reply in itertools.product(Phase, Reply):
        until = 100 if reply is Reply.LATER else None
        yield events.Answered(1, Answer("release", "root", phase, reply, "alice", 1, until))
    yield events.PresetChanged(1, "main", "ask", "alice")
    for kind in (
        events.Stored,
        events.VerifyingBegan,
        events.Written,
        events.Verified,
        events.Activated,
        events.HealthPassed,
        events.Confirmed,
    ):
        yield kind(1)
    for code in (Code.INSTALL_FAILED, Code.NO_ROOM):
        yield events.Failed(1, code, "")
    for slot in "AB":
        yield events.Abandoned(1, slot)
        for known in SlotState:
            boot = BootStatus(slot, slot, {"A": SlotState.GOOD, "B": known})
            yield events.Started(1, {"main": boot})
    yield events.CancelRequested(1, "alice")
    yield events.ClearRequested(1, "alice")


EVENTS = list(alphabet())
# Answers that were given earlier decide what a later phase does.
ANSWERS: list[tuple[Answer, ...]] = [
    (),
    *((Answer("release", "root", phase, Reply.NO, "alice", 1),) for phase in Phase),
]


def node(state: State) -> str:
    """Returns the name of a state in the picture."""
    if state.detail is Detail.AWAITING_CONSENT and state.plan and state.plan.phase:
        return f"AwaitingConsent({state.plan.phase.value})"
    return state.detail.value


def essence(state: State) -> State:
    """Returns the state without the parts that decide about no transition, so that there are few."""
    plan, result, rests = state.plan, state.result, state.detail in AT_REST
    if plan is not None:
        plan = replace(plan, release="release", counter=1, first_asked=0, postponements=0)
        plan = replace(plan, not_before=0, asking=False, phase=None if rests else plan.phase)
    if plan is not None and plan.failed not in (None, Code.HALTED):
        counts = plan.failed is Code.INSTALL_FAILED
        plan = replace(plan, failed=Code.INSTALL_FAILED if counts else Code.ROLLED_BACK)
    if result is not None:
        declined = rests and result.code in _DECLINED
        result = Result(Code.DECLINED, "") if declined else None
    failures = tuple(each for each in state.failures if each.count > 1)
    return State(detail=state.detail, plan=plan, result=result, failures=failures)


def transitions() -> set[tuple[str, str]]:
    """Explores the core from its first state, with any event in any state."""
    failed = Failures("main", "release", 1, 2)
    found = set()
    waiting = [State(), State(failures=(failed,))]
    known = {(each.detail, each.plan, each.result, each.failures) for each in waiting}
    while waiting:
        state = waiting.pop()
        for answers, event in itertools.product(ANSWERS, EVENTS):
            before = replace(state, answers=answers)
            after, _ = step(before, event)
            if after is before:
                continue
            if node(before) != node(after):
                found.add((node(before), node(after)))
            after = essence(after)
            key = (after.detail, after.plan, after.result, after.failures)
            if key not in known:
                known.add(key)
                waiting.append(after)
    return found


def drawn() -> set[tuple[str, str]]:
    """Returns the transitions of the picture. An arrow from a group begins in each state of the group."""
    picture = tomllib.loads(Path("docs/pictures/client_states.toml").read_text(encoding="utf-8"))
    names = {box["id"]: box.get("text", "[*]").replace("\n", "") for box in picture["boxes"]}
    groups = {group["id"]: group["around"] for group in picture["groups"]}
    arrows = [(each["from"].split(".")[0], each["to"].split(".")[0]) for each in picture["arrows"]]
    return {
        (names[each], names[to])
        for begin, to in arrows
        for each in groups.get(begin, [begin])
        if begin != "Start"
    }


def test_picture_has_exactly_the_transitions_of_the_core() -> None:
    core = transitions()
    assert sorted(core - drawn()) == []
    assert sorted(drawn() - core) == []


def test_page_explains_each_state() -> None:
    for detail in Detail:
        name = detail.value + ("(" if detail is Detail.AWAITING_CONSENT else "`")
        assert f"| `{name}" in PAGE
