"""Short stories of events for the client's core: an update from its offer to its commit."""

from dataclasses import replace

from software_update.client import events
from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.decision import Choice, Decision
from software_update.client.effects import effect_of
from software_update.client.events import Event
from software_update.client.question import Phase
from software_update.client.state import Answer, Installed, Plan, Reply, Staging, State
from software_update.client.step import step

RELEASE, ROOT, OTHER = "a" * 64, "b" * 64, "c" * 64
OLD = Installed("d" * 64, OTHER, "1.0", 1, 1)
NEW = Installed("m" * 64, RELEASE, "2.0", 2, 2)
PLAN = Plan(
    domain="main",
    release=RELEASE,
    root=ROOT,
    manifest=NEW.manifest,
    product="Blinky",
    version="2.0",
    counter=2,
    targets_version=2,
    size=100,
    slot="B",
    source=0,
)
STORE = replace(PLAN, staging=Staging.STORE)


def boot(booted: str = "A", b: SlotState = SlotState.UNBOOTABLE) -> events.Started:
    """Returns a start of the device from a slot; slot B has the state `b`."""
    status = BootStatus(booted, booted, {"A": SlotState.GOOD, "B": b})
    return events.Started(10, {"main": status})


def decided(choice: Choice, until: int | None = None) -> events.Decided:
    """Returns a decision of the policy."""
    return events.Decided(20, Decision(choice, "a reason", until))


def answered(
    phase: Phase, reply: Reply = Reply.YES, until: int | None = None, **changes: str
) -> events.Answered:
    """Returns an answer of a person, bound to the offered release unless changed."""
    answer = Answer(RELEASE, ROOT, phase, reply, "alice", 20, until)
    return events.Answered(20, replace(answer, **changes))  # type: ignore[arg-type]


def play(*story: Event, state: State | None = None) -> State:
    """Returns the state after the events. The first release is provisioned in slot A."""
    if state is None:
        state = State()
        story = (
            events.Provisioned(1, "main", "A", OLD, None, "factory"),
            boot(),
            *story,
        )
    for event in story:
        state, effect = step(state, event)
        assert effect == effect_of(state)
    return state


OFFERED = events.Offered(15, PLAN)
AGREED = (decided(Choice.ASK), answered(Phase.DOWNLOAD), decided(Choice.ALLOW))
WRITTEN = (events.Written(30), events.Verified(31))
RESTARTED = (decided(Choice.ALLOW), events.Activated(40), boot("B", SlotState.TRYING))
