"""Random lives of a device, against a model of the rules that knows nothing of the core's states.

The model keeps its own books: who agreed to what, what is in each slot, what the boot loader does, how often
a release failed. After each event it compares the effect that the core calls for with these books.
"""

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from software_update.client import events
from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.decision import Choice, Decision
from software_update.client.effects import Effect
from software_update.client.events import Event
from software_update.client.question import Phase
from software_update.client.record import PLACE_BYTES, Record, decode, encode
from software_update.client.repository import Versions
from software_update.client.state import Answer, Code, Installed, Plan, Reply, Staging, State
from software_update.client.step import answer_problem, step

RELEASES = {"r" * 64: 2, "s" * 64: 3, "t" * 64: 3}
ROOTS = ("p" * 64, "q" * 64)
FIRST = Installed("f" * 64, "0" * 64, "1", 1, 1)
NEEDS = {
    Effect.WRITE_SLOT: Phase.DOWNLOAD,
    Effect.STORE: Phase.DOWNLOAD,
    Effect.ACTIVATE: Phase.RESTART,
    Effect.RESTART: Phase.RESTART,
}
RESULTS = {
    Effect.WRITE_SLOT: "Written",
    Effect.STORE: "Stored",
    Effect.BEGIN_VERIFYING: "VerifyingBegan",
    Effect.ACTIVATE: "Activated",
    Effect.CHECK_HEALTH: "HealthPassed",
    Effect.CONFIRM: "Confirmed",
    Effect.ABANDON: "Abandoned",
}
BEFORE_TRYING = (
    "AWAITING_CONSENT",
    "DOWNLOADING",
    "VERIFYING",
    "INSTALLING",
    "AWAITING_RESTART",
)
COUNTED = (Code.REFUSED, Code.INSTALL_FAILED, Code.HEALTH_FAILED)


class Device(RuleBasedStateMachine):
    """A device with slots A and B, and the books of the model."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.now = State(), 100
        self.effect: Effect | None = None
        self.root = ROOTS[0]
        # The boot loader.
        self.booted, self.tries = "A", {"A": 0, "B": 0}
        self.slots = {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE}
        # (release, root, phase) -> the last answer that counts; a yes is used up by a failure.
        self.agreed: dict[tuple[str, str, Phase], Reply] = {}
        self.verified: set[str] = set()
        self.healthy = False
        self.floor = FIRST
        self.failures: dict[str, int] = {}
        # The repository: the versions that were accepted, and the releases that stopped since their offer.
        self.versions = Versions()
        self.stopped: set[str] = set()
        self.send(events.Provisioned(1, "main", "A", FIRST, None, "factory"))
        self.send(self.start())

    # The device.

    def send(self, event: Event) -> None:
        self.now += 1
        self.state, self.effect = step(self.state, event)

    def start(self) -> events.Started:
        status = BootStatus(self.booted, self.booted, dict(self.slots))
        return events.Started(self.now, {"main": status})

    def boot(self) -> None:
        """The boot loader chooses: the slot on trial while it has tries, otherwise a good one."""
        for slot, state in self.slots.items():
            if state == SlotState.TRYING:
                if self.tries[slot] > 0:
                    self.tries[slot] -= 1
                    self.booted = slot
                    return
                self.slots[slot] = SlotState.EXHAUSTED
        good = [slot for slot, state in self.slots.items() if state == SlotState.GOOD]
        self.booted = self.booted if self.booted in good else good[0]

    @property
    def plan(self) -> Plan:
        assert self.state.plan is not None
        return self.state.plan

    @property
    def other(self) -> str:
        return "B" if self.booted == "A" else "A"

    # Rules.

    @rule(
        release=st.sampled_from(sorted(RELEASES)),
        staging=st.sampled_from(list(Staging)),
        new_root=st.booleans(),
        listed=st.booleans(),
    )
    def check(self, release: str, staging: Staging, new_root: bool, listed: bool) -> None:
        if new_root and self.root != ROOTS[1]:
            self.root = ROOTS[1]
            self.send(events.RootVerified(self.now, "main", "x" * 64, self.root, 2))
        counter = RELEASES[release]
        if self.at_rest_or_first_question():
            self.stopped.discard(release)
            for known in [each for each in self.failures if RELEASES[each] < counter]:
                del self.failures[known]
        plan = Plan(
            domain="main",
            release=release,
            root=self.root,
            manifest=release,
            product="Blinky",
            version=str(counter),
            counter=counter,
            targets_version=counter,
            size=9,
            slot=self.other,
            source=0,
            staging=staging,
            entry=f"blinky/stable/{release}" if listed else "",
        )
        self.send(events.Offered(self.now, plan))

    def at_rest_or_first_question(self) -> bool:
        waits = self.state.plan is not None and self.state.plan.phase == Phase.DOWNLOAD
        name = self.state.detail.name
        return name in ("IDLE", "FINISHED", "QUARANTINED") or (name == "AWAITING_CONSENT" and waits)

    @rule(steps=st.integers(1, 14), release=st.sampled_from(sorted(RELEASES)))
    def go_on(self, steps: int, release: str) -> None:
        """Some steps towards a finished update, as most lives have them."""
        for _ in range(steps):
            plan = self.state.plan
            if self.effect == Effect.CONSULT:
                self.consult(Choice.ALLOW)
            elif self.effect == Effect.RESTART:
                self.cut()
            elif self.effect is not None:
                self.work()
            elif plan is not None and (self.state.retry_in or plan.not_before):
                self.time_passes()
            elif plan is not None and plan.asking:
                self.answer(plan.release, plan.root, plan.phase or Phase.DOWNLOAD, Reply.YES)
            else:
                self.check(release, Staging.STREAM, False, True)
            self.check_rules()

    @precondition(lambda self: self.effect == Effect.CONSULT)
    @rule(choice=st.sampled_from(list(Choice)))
    def consult(self, choice: Choice) -> None:
        question = (self.plan.release, self.plan.root, self.plan.phase or Phase.DOWNLOAD)
        known = self.agreed.get(question)
        if known in (Reply.NO, Reply.NEVER):
            choice = Choice.DENY
        elif known == Reply.YES and choice == Choice.ASK:
            choice = Choice.ALLOW
        elif choice == Choice.ALLOW:
            self.agreed[question] = Reply.YES
        self.send(events.Decided(self.now, Decision(choice, "a reason", self.now + 100)))

    @rule(
        release=st.sampled_from(sorted(RELEASES)),
        root=st.sampled_from(ROOTS),
        phase=st.sampled_from(list(Phase)),
        reply=st.sampled_from(list(Reply)),
    )
    def answer(self, release: str, root: str, phase: Phase, reply: Reply) -> None:
        given = Answer(release, root, phase, reply, "alice", self.now, self.now + 50)
        valid = answer_problem(self.state, given) is None
        if valid:
            assert (self.plan.release, self.plan.root) == (release, root)
            self.agreed[release, root, phase] = reply
            if reply == Reply.YES:
                for key in [each for each in self.agreed if each[0] == release]:
                    if self.agreed[key] == Reply.NEVER:
                        del self.agreed[key]
        before = self.state
        self.send(events.Answered(self.now, given))
        assert valid or self.state == before

    @precondition(lambda self: self.effect not in (None, Effect.CONSULT, Effect.RESTART))
    @rule()
    def work(self) -> None:
        """The effect succeeds."""
        plan, slot, at = self.plan, self.plan.slot, self.now
        match self.effect:
            case Effect.WRITE_SLOT:
                self.slots[slot] = SlotState.UNBOOTABLE
                self.verified.discard(slot)
                self.send(events.Written(at))
            case Effect.VERIFY_SLOT:
                self.verified.add(slot)
                self.send(events.Verified(at))
            case Effect.ACTIVATE:
                self.slots[slot], self.tries[slot] = SlotState.TRYING, 2
                self.send(events.Activated(at))
            case Effect.CHECK_HEALTH:
                self.healthy = True
                self.send(events.HealthPassed(at))
            case Effect.CONFIRM:
                self.slots[slot] = SlotState.GOOD
                self.floor = Installed(
                    plan.manifest, plan.release, plan.version, plan.counter, plan.targets_version
                )
                self.failures.pop(plan.release, None)
                self.forget(plan.release)
                self.send(events.Confirmed(at))
            case Effect.ABANDON:
                self.slots[slot] = SlotState.UNBOOTABLE
                if self.booted != slot and plan.failed in (*COUNTED, Code.FELL_BACK):
                    self.count(plan.release)
                self.use_up_consent(plan.release, self.booted != slot)
                self.send(events.Abandoned(at, self.booted))
            case Effect.STORE:
                self.send(events.Stored(at))
            case Effect.BEGIN_VERIFYING:
                self.send(events.VerifyingBegan(at))
            case Effect.VERIFY_STORED:
                self.send(events.Verified(at))

    @precondition(lambda self: self.effect == Effect.RESTART)
    @rule()
    def restart(self) -> None:
        self.cut()

    @precondition(
        lambda self: (
            self.effect in (Effect.WRITE_SLOT, Effect.STORE, Effect.VERIFY_SLOT)
            or self.effect in (Effect.VERIFY_STORED, Effect.CHECK_HEALTH)
        )
    )
    @rule(code=st.sampled_from([*COUNTED, Code.NO_ROOM]))
    def work_fails(self, code: Code) -> None:
        if self.effect != Effect.CHECK_HEALTH:
            if self.effect == Effect.WRITE_SLOT:
                self.slots[self.plan.slot] = SlotState.UNBOOTABLE
                self.verified.discard(self.plan.slot)
            if code in COUNTED:
                self.count(self.plan.release)
            self.use_up_consent(self.plan.release, True)
        self.send(events.Failed(self.now, code, "broken"))

    @rule()
    def source_fails(self) -> None:
        self.send(events.SourceFailed(self.now, "no answer", 60))

    @rule()
    def time_passes(self) -> None:
        self.send(events.WaitOver(self.now))

    @rule()
    def cut(self) -> None:
        """The power fails, wherever the client is."""
        place = encode(Record(1, self.state)).ljust(PLACE_BYTES, b"\0")
        record = decode(place)
        assert record is not None
        assert record.state == replace(self.state, checking="")
        self.state, self.healthy = record.state, False
        self.boot()
        self.send(self.start())

    @precondition(lambda self: self.effect == Effect.ACTIVATE)
    @rule()
    def cut_after_activation(self) -> None:
        """The boot loader knows, and the record does not."""
        slot = self.plan.slot
        self.slots[slot], self.tries[slot] = SlotState.TRYING, 2
        self.cut()

    @rule(
        found=st.builds(
            Versions,
            root=st.integers(1, 2),
            timestamp=st.integers(1, 3),
            snapshot=st.integers(1, 3),
            rollout=st.integers(1, 2),
            keys=st.sampled_from(["k", "l"]),
            fresh_until=st.just(10_000),
        )
    )
    def repository_is_read(self, found: Versions) -> None:
        known, before = self.versions, self.state.domain("main")
        roles = ["root"]
        if found.root == known.root or found.keys == known.keys:
            roles += ["timestamp", "snapshot", "rollout"]
        if all(getattr(found, role) >= getattr(known, role) for role in roles):
            self.versions = found
        self.send(events.RepositoryRead(self.now, "main", found))
        assert self.state.domain("main") == replace(before, repository=self.versions)

    @precondition(lambda self: self.effect in (Effect.ACTIVATE, Effect.RESTART))
    @rule(activated=st.booleans())
    def slot_that_may_start_is_stopped(self, activated: bool) -> None:
        if activated and self.effect == Effect.ACTIVATE:
            self.work()
        self.release_is_stopped(self.plan.release, Code.HALTED)

    @rule(
        release=st.sampled_from(sorted(RELEASES)),
        code=st.sampled_from([Code.HALTED, Code.WITHDRAWN]),
    )
    def release_is_stopped(self, release: str, code: Code) -> None:
        before, plan, name = self.state, self.state.plan, self.state.detail.name
        stops = plan is not None and plan.entry != "" and plan.release == release
        if stops and name in BEFORE_TRYING:
            self.stopped.add(release)
            self.use_up_consent(release, True)
        self.send(events.Withdrawn(self.now, release, code, "stopped"))
        if stops and name in BEFORE_TRYING:
            assert self.state.detail.name in ("IDLE", "ROLLING_BACK")
            if self.state.detail.name == "IDLE":
                assert SlotState.TRYING not in self.slots.values()
        elif stops and name in ("IDLE", "FINISHED", "QUARANTINED"):
            assert self.state == replace(before, plan=None)
        else:
            assert self.state == before

    @rule()
    def cancel(self) -> None:
        plan, detail = self.state.plan, self.state.detail.name
        if plan and detail in ("AWAITING_CONSENT", "DOWNLOADING", "VERIFYING", "INSTALLING"):
            self.agreed[plan.release, plan.root, plan.phase or Phase.DOWNLOAD] = Reply.NO
        self.send(events.CancelRequested(self.now, "bob"))

    @rule()
    def clear(self) -> None:
        if self.state.detail.name in ("IDLE", "FINISHED", "QUARANTINED"):
            self.failures.clear()
        self.send(events.ClearRequested(self.now, "bob"))

    @rule(
        event=st.sampled_from(
            [
                events.Written(1),
                events.Stored(1),
                events.VerifyingBegan(1),
                events.Activated(1),
                events.HealthPassed(1),
                events.Confirmed(1),
                events.Abandoned(1, "A"),
            ]
        )
    )
    def stray(self, event: Event) -> None:
        """An event that belongs to other work than that under way."""
        if type(event).__name__ == RESULTS.get(self.effect or Effect.CONSULT):
            return
        before = self.state
        self.send(event)
        assert self.state == before

    # Books.

    def count(self, release: str) -> None:
        self.failures[release] = self.failures.get(release, 0) + 1

    def use_up_consent(self, release: str, ended: bool) -> None:
        for key in [each for each in self.agreed if each[0] == release and ended]:
            if self.agreed[key] == Reply.YES:
                del self.agreed[key]

    def forget(self, release: str) -> None:
        for key in [each for each in self.agreed if each[0] == release]:
            del self.agreed[key]

    # Rules that always hold.

    @invariant()
    def check_rules(self) -> None:
        self.phases_have_consent()
        self.running_slot_is_never_written()
        self.only_verified_slots_are_activated()
        self.only_the_healthy_running_slot_is_confirmed()
        self.floor_is_the_last_confirmed_release()
        self.one_slot_can_always_start()
        self.known_slots_have_known_content()
        self.failures_are_counted()
        self.quarantined_release_is_not_worked_on()
        self.stopped_release_is_not_worked_on()

    def phases_have_consent(self) -> None:
        needed: Any = NEEDS.get(self.effect) if self.effect else None
        if needed is None or (self.effect == Effect.RESTART and self.plan.abandoned):
            return
        if self.effect == Effect.WRITE_SLOT and self.plan.staging == Staging.STORE:
            needed = Phase.INSTALL
        assert self.agreed.get((self.plan.release, self.plan.root, needed)) == Reply.YES

    def running_slot_is_never_written(self) -> None:
        if self.effect == Effect.WRITE_SLOT:
            assert self.plan.slot != self.booted

    def only_verified_slots_are_activated(self) -> None:
        if self.effect in (Effect.ACTIVATE, Effect.CONFIRM):
            assert self.plan.slot in self.verified

    def only_the_healthy_running_slot_is_confirmed(self) -> None:
        if self.effect == Effect.CONFIRM:
            assert self.booted == self.plan.slot

    def floor_is_the_last_confirmed_release(self) -> None:
        assert self.state.domain("main").floor == self.floor

    def one_slot_can_always_start(self) -> None:
        assert SlotState.GOOD in self.slots.values()

    def known_slots_have_known_content(self) -> None:
        if self.effect == Effect.WRITE_SLOT:
            assert self.plan.slot not in self.state.domain("main").slots

    def failures_are_counted(self) -> None:
        counted = {each.release: each.count for each in self.state.failures}
        assert counted == self.failures

    def quarantined_release_is_not_worked_on(self) -> None:
        if self.effect is not None:
            assert self.failures.get(self.plan.release, 0) < 3

    def stopped_release_is_not_worked_on(self) -> None:
        """A stopped release is only abandoned, also if the boot loader has started it meanwhile."""
        if self.effect is not None and self.plan.release in self.stopped:
            assert self.effect in (Effect.ABANDON, Effect.RESTART)
            assert self.plan.abandoned or self.effect == Effect.ABANDON


Device.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestDevice = Device.TestCase
