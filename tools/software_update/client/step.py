"""The core of the client: `step(state, event) -> (state, effect)`. Pure.

    check -> verify metadata -> ASK(download) -> fetch -> [ASK(install)] -> inactive slot -> ASK(restart)
          -> trying -> health -> commit -> floor raised

The shell records the new state before it runs the effect, and calls `step` with the event that the effect
ends with. An event that does not fit the state changes nothing, because it may be late: an answer to a
question that is void by now, or the end of work that a person has cancelled.

The rules that no event breaks:

- No phase begins without an answer YES for the release digest, the root in force and the phase.
- Only a slot that was read back and verified is ever activated.
- A release that its repository has halted or withdrawn is not tried. Once it is tried, no server stops it.
- Only the slot that was tried, and that runs, is confirmed.
- The floor rises only when a slot is confirmed, and falls only if a person ends it for another root.
- After a start, the boot loader's answer decides, whatever the record says.
"""

from collections.abc import Callable
from dataclasses import replace

from software_update.client import events
from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.decision import Choice
from software_update.client.effects import Effect, effect_of
from software_update.client.events import Event
from software_update.client.policy.preset import Preset
from software_update.client.question import Phase
from software_update.client.state import (
    AT_REST,
    FAILURES_TO_QUARANTINE,
    MAX_ANSWERS,
    MAX_FAILURES,
    Answer,
    Code,
    Detail,
    Failures,
    Plan,
    Reply,
    Result,
    Staging,
    State,
    answer_to,
    failures_of,
    installed_of,
    is_lower,
    refusal_of,
)

# Codes that count towards the quarantine of a release: this device and this release do not go together.
_FAILURES_OF_RELEASE = frozenset(
    {
        Code.REFUSED,
        Code.ORDER_NOT_TAKEN,
        Code.BASE_CHANGED,
        Code.INSTALL_FAILED,
        Code.HEALTH_FAILED,
        Code.FELL_BACK,
        Code.ANCHOR_REFUSED,
        Code.SLOT_DAMAGED,
    }
)
_VERIFYING = (Effect.VERIFY_SLOT, Effect.VERIFY_STORED)
_BEFORE_RESTART = frozenset(
    {Detail.AWAITING_CONSENT, Detail.DOWNLOADING, Detail.VERIFYING, Detail.INSTALLING}
)
# Seconds to wait after a boot loader has failed to leave a slot: the first, doubled each time, and the last.
RETRY_BOOT_CONTROL, LONGEST_RETRY = 60, 3600
# How often a device is restarted to leave a slot that the boot loader starts nevertheless.
MAX_DISOBEYED = 3
_POLICY = "policy: "
# Ends that leave nothing to tell a person but the reason.
_TO_IDLE = frozenset({Code.HALTED, Code.WITHDRAWN})


def step(state: State, event: Event) -> tuple[State, Effect | None]:
    """Returns the state after an event, and the work that it calls for (None: wait for the next event)."""
    handler: Callable[[State, Event], State] = _HANDLERS[type(event)]
    new = handler(state, event)
    return new, effect_of(new)


# Checks.


def _check_began(state: State, event: events.CheckBegan) -> State:
    return replace(state, checking=event.domain, retry_in=0) if may_check(state) else state


def _root_settled(state: State, event: events.RootSettled) -> State:
    """Keeps the answer of a start. Without a root in force, nothing goes on that needs one.

    A slot that is being tried, and whose image has a root that the device refuses, is left.
    """
    domain = state.domain(event.domain)
    state = state.with_domain(event.domain, replace(domain, root=event.root or domain.root))
    if event.code is None:
        return _root_accepted(state, event.domain)
    state = replace(state, root_refused={**state.root_refused, event.domain: event.code})
    plan = state.plan
    if plan is None or plan.domain != event.domain or state.detail in AT_REST:
        kept = plan if plan and plan.domain != event.domain else None
        return replace(state, plan=kept, result=Result(event.code, event.text, "", event.at))
    if state.detail == Detail.TRYING and event.code == Code.ANCHOR_REFUSED:
        return _roll_back(state, event.code, event.text, event.at)
    if _not_activated(state):
        state = _use_up_consent(state, plan)
        return _end(state, event.at, event.code, event.text, None)
    return state


def may_check(state: State) -> bool:
    """Returns whether a source may be read: at rest, or while the first question waits for an answer."""
    return state.detail in AT_REST or _waits_for(state, Phase.DOWNLOAD)


def _root_verified(state: State, event: events.RootVerified) -> State:
    state = state.with_domain(event.domain, replace(state.domain(event.domain), root=event.root))
    state = _root_accepted(state, event.domain)
    plan = state.plan
    if plan is None or plan.domain != event.domain or plan.root == event.root_id:
        return state
    if state.detail in AT_REST:
        return replace(state, plan=None)
    if _not_activated(state):
        text = f"root version {event.version} makes earlier answers void"
        return _end(state, event.at, Code.RELEASE_CHANGED, text, None)
    return state


def _slot_verified(state: State, event: events.SlotVerified) -> State:
    """Keeps the answer about the slot that runs. The content of a damaged slot is not known any more.

    So its release is offered again, for another slot. A plan goes on: it may be the repair.
    """
    domain = state.domain(event.domain)
    if event.slot != domain.running:
        return state
    slots = {slot: each for slot, each in domain.slots.items() if slot != event.slot}
    damaged = {name: slot for name, slot in state.damaged.items() if name != event.domain}
    if event.installed is not None:
        slots[event.slot] = event.installed
    else:
        damaged[event.domain] = event.slot
    state = replace(state.with_domain(event.domain, replace(domain, slots=slots)), damaged=damaged)
    if event.installed is not None or state.detail not in AT_REST:
        return state
    return replace(state, result=Result(Code.SLOT_DAMAGED, event.text, "", event.at))


def _root_trusted(state: State, event: events.RootTrusted) -> State:
    """Begins with another root. The floor stays, unless the person has ended it: it never falls silently."""
    if event.domain not in state.root_refused or state.detail not in AT_REST:
        return state
    domain = replace(state.domain(event.domain), root=event.root)
    if event.ends_floor:
        domain = replace(domain, floor=None)
    # Answers are about releases under the former root. A "never" is valid under every root.
    answers = tuple(each for each in state.answers if each.reply == Reply.NEVER)
    plan = state.plan
    state = replace(
        _root_accepted(state.with_domain(event.domain, domain), event.domain),
        answers=answers,
        plan=None if plan and plan.domain == event.domain else plan,
    )
    text = f"{event.who} trusted root version {event.version} of domain '{event.domain}'"
    return replace(state, result=Result(Code.ROOT_TRUSTED, text, "", event.at))


def _factory_reset(state: State, event: events.FactoryReset) -> State:
    """Forgets what belongs to the user. Roots, floors, and failures of bad releases belong to the device."""
    if not may_reset(state):
        return state
    for name, preset in event.presets.items():
        state = state.with_domain(name, replace(state.domain(name), preset=preset))
    return replace(
        state,
        detail=Detail.IDLE,
        plan=None,
        answers=(),
        result=Result(Code.FACTORY_RESET, f"{event.who} reset the client", "", event.at),
        retry_in=0,
        attempts=0,
    )


def may_reset(state: State) -> bool:
    """Returns whether nothing of a plan has to be undone before the client forgets it."""
    return state.detail in AT_REST or _not_activated(state)


def _root_accepted(state: State, domain: str) -> State:
    if domain not in state.root_refused:
        return state
    rest = {name: code for name, code in state.root_refused.items() if name != domain}
    return replace(state, root_refused=rest)


def _offered(state: State, event: events.Offered) -> State:
    state = replace(state, checking="", attempts=0, retry_in=0)
    plan = event.plan
    if not may_check(state) or plan.domain in state.root_refused:
        return state
    if state.plan and _same_offer(state.plan, plan) and state.detail == Detail.AWAITING_CONSENT:
        now = replace(
            state.plan,
            source=plan.source,
            identity=plan.identity,
            path=plan.path,
            entry=plan.entry,
            by_person=state.plan.by_person or plan.by_person,
            steps=plan.steps,
            size=plan.size,
            offer=plan.offer,
        )
        return replace(state, plan=now)
    if event.dated:
        # Without a signed date above it, one wrong clock in the future would end all updates.
        state = replace(state, seen=max(state.seen, event.at))
    state = _forget_older_failures(state, plan)
    if failures_of(state, plan.domain, plan.release) >= FAILURES_TO_QUARANTINE:
        text = (
            f"release {plan.version} failed {FAILURES_TO_QUARANTINE} times on this device; clear it, or "
            "wait for a newer release"
        )
        return _end(state, event.at, Code.QUARANTINED, text, plan)
    return _ask(state, replace(plan, first_asked=event.at), Phase.DOWNLOAD, event.at)


def _same_offer(one: Plan, other: Plan) -> bool:
    return (one.domain, one.release, one.root) == (other.domain, other.release, other.root)


def _forget_older_failures(state: State, plan: Plan) -> State:
    """Forgets the failures of releases that this one replaces with a higher counter."""
    kept = tuple(
        each
        for each in state.failures
        if each.domain != plan.domain
        or each.release == plan.release
        or (each.counter or 0) >= (plan.counter or 0)
    )
    return replace(state, failures=kept)


def _nothing_to_do(state: State, event: events.NothingToDo) -> State:
    state = replace(state, checking="", attempts=0, retry_in=0)
    if not may_check(state):
        return state
    if state.detail == Detail.AWAITING_CONSENT and state.plan and state.plan.domain != event.domain:
        return state
    result = Result(event.code, event.text, event.release, event.at)
    return replace(state, detail=Detail.IDLE, plan=None, result=result)


def _source_failed(state: State, event: events.SourceFailed) -> State:
    state = replace(state, checking="", attempts=state.attempts + 1, retry_in=max(1, event.wait))
    return replace(state, result=Result(event.code, event.text, _release(state), event.at))


def _repository_read(state: State, event: events.RepositoryRead) -> State:
    """Raises the floors. The time is remembered as well, because the signed expiry above it bounds it."""
    domain = state.domain(event.domain)
    if domain.floors(event.root).lowered(event.versions):
        return state
    domain = replace(domain, repository=event.versions, repository_root=event.root)
    state = state.with_domain(event.domain, domain)
    if state.detail in (Detail.AWAITING_CONSENT, Detail.AWAITING_RESTART):
        # Nothing else can have failed there. In other states, a download may fail again and again.
        state = replace(state, attempts=0, retry_in=0)
    seen = event.at if event.at < event.versions.fresh_until else 0
    return replace(state, seen=max(state.seen, seen))


def _time_proven(state: State, event: events.TimeProven) -> State:
    return replace(state, seen=max(state.seen, event.time))


def _withdrawn(state: State, event: events.Withdrawn) -> State:
    """Ends a plan whose release is not tried yet. A slot that may start is first made unbootable."""
    plan = state.plan
    if plan is None or not plan.entry or plan.release != event.release:
        return state
    if state.detail in AT_REST:
        return replace(state, plan=None)
    if state.detail == Detail.AWAITING_RESTART:
        state = _use_up_consent(state, plan)
        return _roll_back(state, event.code, event.text, event.at)
    if state.detail in _BEFORE_RESTART:
        state = _use_up_consent(state, plan)
        return _end(state, event.at, event.code, event.text, None)
    return state


def _wait_over(state: State, event: events.WaitOver) -> State:
    plan = state.plan
    if plan and plan.not_before:
        state = replace(state, plan=replace(plan, not_before=0, asking=False))
    return replace(state, retry_in=0)


# Consent.


def _ask(state: State, plan: Plan, phase: Phase, at: int) -> State:
    """Waits for consent to a phase. An earlier answer to the same question is valid."""
    plan = replace(plan, phase=phase, asking=False, not_before=0, reason="")
    state = replace(state, detail=Detail.AWAITING_CONSENT, plan=plan)
    # A refusal of a later phase counts as well: nothing is fetched that leads only to it.
    refusal = refusal_of(state, plan.release, plan.root)
    known = refusal or answer_to(state, plan.release, plan.root, phase)
    return state if known is None else _follow(state, known, at)


def _decided(state: State, event: events.Decided) -> State:
    plan = state.plan
    if state.detail != Detail.AWAITING_CONSENT or plan is None or plan.phase is None:
        return state
    decision = event.decision
    match decision.choice:
        case Choice.ALLOW:
            known = answer_to(state, plan.release, plan.root, plan.phase)
            if known is None or known.reply != Reply.YES:
                who = f"{_POLICY}{decision.reason}"
                answer = Answer(plan.release, plan.root, plan.phase, Reply.YES, who, event.at)
                state = _remember(state, answer)
            return _begin(state, plan)
        case Choice.DENY:
            return _deny(state, plan, decision.reason, event.at)
        case Choice.DEFER:
            until = max(decision.until or 0, event.at + 60)
            plan = replace(plan, not_before=until, reason=decision.reason)
            return replace(state, plan=plan)
    return replace(state, plan=replace(plan, asking=True, reason=""))


def _deny(state: State, plan: Plan, reason: str, at: int) -> State:
    """Ends a plan that the policy denies.

    A later check asks the policy about the download again, which costs nothing. A later phase is not reached
    again, because what leads to it would be in vain.
    """
    if plan.phase is None or plan.phase == Phase.DOWNLOAD:
        return _end(state, at, Code.DENIED_BY_POLICY, reason, None)
    answer = Answer(plan.release, plan.root, plan.phase, Reply.NO, f"{_POLICY}{reason}", at)
    state = _remember(_use_up_consent(state, plan), answer)
    return _end(state, at, Code.DENIED_BY_POLICY, reason, plan)


def _answered(state: State, event: events.Answered) -> State:
    answer, plan = event.answer, state.plan
    if plan is None or answer_problem(state, answer):
        return state
    state = _remember(state, answer)
    if answer.reply == Reply.LATER:
        state = replace(state, plan=replace(plan, postponements=plan.postponements + 1))
    if state.detail == Detail.AWAITING_CONSENT and answer.phase == plan.phase:
        return _follow(state, answer, event.at)
    if state.detail == Detail.FINISHED and answer.reply == Reply.YES:
        return _ask(state, plan, Phase.DOWNLOAD, event.at)
    return state


def answer_problem(state: State, answer: Answer) -> str | None:
    """Returns why an answer is not valid now, in words; None if it is."""
    plan = state.plan
    if plan is None:
        return "no release waits for an answer"
    if answer.release != plan.release:
        return f"the release that waits is {plan.release[:16]}..., not {answer.release[:16]}..."
    if answer.root != plan.root:
        return "the root has changed since the question; read the question again"
    # A finished plan is kept only if a person may still agree to it.
    if state.detail not in (Detail.AWAITING_CONSENT, Detail.FINISHED):
        return f"no question waits for an answer in the state {state.detail.value}"
    return None


def _follow(state: State, answer: Answer, at: int) -> State:
    plan = state.plan
    assert plan is not None
    match answer.reply:
        case Reply.YES:
            # A yes does not charge the battery: the policies that defer are asked once more.
            return replace(state, plan=replace(plan, asking=False, not_before=0))
        case Reply.LATER:
            until = answer.until or 0
            return replace(
                state, plan=replace(plan, not_before=until if until > at else 0, asking=False)
            )
    text = f"{answer.who} declined the {answer.phase.value}"
    return _end(_use_up_consent(state, plan), at, Code.DECLINED, text, plan)


def _begin(state: State, plan: Plan) -> State:
    """Begins the phase that has consent. A slot that will be written has no known release any more."""
    plan = replace(plan, asking=False, not_before=0, reason="")
    match plan.phase:
        case Phase.DOWNLOAD if plan.staging == Staging.STREAM:
            return _write_slot(state, plan, Detail.DOWNLOADING)
        case Phase.DOWNLOAD:
            return replace(state, detail=Detail.DOWNLOADING, plan=plan)
        case Phase.INSTALL:
            return _write_slot(state, plan, Detail.INSTALLING)
    return replace(state, detail=Detail.AWAITING_RESTART, plan=plan)


def _write_slot(state: State, plan: Plan, detail: Detail) -> State:
    domain = state.domain(plan.domain)
    slots = {slot: known for slot, known in domain.slots.items() if slot != plan.slot}
    state = state.with_domain(plan.domain, replace(domain, slots=slots))
    return replace(state, detail=detail, plan=plan)


def _remember(state: State, answer: Answer) -> State:
    """Keeps an answer in place of an earlier one to the same question, and drops the oldest."""
    question = (answer.release, answer.root, answer.phase)
    kept = [each for each in state.answers if (each.release, each.root, each.phase) != question]
    if answer.reply == Reply.YES:
        refusals = (Reply.NO, Reply.NEVER)
        kept = [
            each for each in kept if each.release != answer.release or each.reply not in refusals
        ]
    # "Never" is for a release that may return at any time, so it is forgotten last.
    while len(kept) >= MAX_ANSWERS:
        kept.remove(next((each for each in kept if each.reply != Reply.NEVER), kept[0]))
    return replace(state, answers=(*kept, answer))


def _preset_changed(state: State, event: events.PresetChanged) -> State:
    domain = replace(state.domain(event.domain), preset=event.preset)
    state = _forget_refusals_of_policy(state.with_domain(event.domain, domain))
    plan = state.plan
    if plan is None or plan.domain != event.domain:
        return state
    if state.detail == Detail.AWAITING_CONSENT:
        # The new preset may answer the question.
        return replace(state, plan=replace(plan, asking=False, not_before=0))
    if event.preset == Preset.NEVER.value and state.detail in _BEFORE_RESTART:
        text = f"{event.who} switched updates off"
        return _end(_use_up_consent(state, plan), event.at, Code.DENIED_BY_POLICY, text, None)
    return state


def _forget_refusals_of_policy(state: State) -> State:
    kept = tuple(
        each for each in state.answers if each.reply != Reply.NO or not each.who.startswith(_POLICY)
    )
    return replace(state, answers=kept)


# Fetching, writing, verifying.


def _stored(state: State, event: events.Stored) -> State:
    if effect_of(state) != Effect.STORE or state.plan is None:
        return state
    return replace(state, plan=replace(state.plan, stored=True), attempts=0, retry_in=0)


def _verifying_began(state: State, event: events.VerifyingBegan) -> State:
    if effect_of(state) != Effect.BEGIN_VERIFYING:
        return state
    return replace(state, detail=Detail.VERIFYING)


def _written(state: State, event: events.Written) -> State:
    if effect_of(state) != Effect.WRITE_SLOT or state.plan is None:
        return state
    detail = Detail.VERIFYING if state.detail == Detail.DOWNLOADING else state.detail
    plan = replace(state.plan, written=True)
    return replace(state, detail=detail, plan=plan, attempts=0, retry_in=0)


def _verified(state: State, event: events.Verified) -> State:
    if effect_of(state) not in _VERIFYING or state.plan is None:
        return state
    phase = Phase.RESTART if state.plan.written else Phase.INSTALL
    return _ask(state, state.plan, phase, event.at)


def _failed(state: State, event: events.Failed) -> State:
    if state.plan is None or state.detail in AT_REST:
        return replace(state, checking="", result=Result(event.code, event.text, "", event.at))
    if state.detail in (Detail.AWAITING_RESTART, Detail.TRYING, Detail.COMMITTING):
        return _roll_back(state, event.code, event.text, event.at)
    if state.detail == Detail.ROLLING_BACK:
        result = Result(event.code, event.text, _release(state), event.at)
        wait = min(RETRY_BOOT_CONTROL << min(state.attempts, 10), LONGEST_RETRY)
        return replace(state, retry_in=wait, attempts=state.attempts + 1, result=result)
    return _fail(state, event.at, event.code, event.text)


# Restart, trial, commit.


def _activated(state: State, event: events.Activated) -> State:
    if effect_of(state) != Effect.ACTIVATE or state.plan is None:
        return state
    plan = replace(state.plan, activated=True, told_in=event.boot_id)
    return replace(state, plan=plan, attempts=0, retry_in=0)


def _health_passed(state: State, event: events.HealthPassed) -> State:
    """The checks of the device, or a person, say that the release works."""
    return replace(state, detail=Detail.COMMITTING) if state.detail == Detail.TRYING else state


def _confirmed(state: State, event: events.Confirmed) -> State:
    plan = state.plan
    if state.detail != Detail.COMMITTING or plan is None:
        return state
    domain = state.domain(plan.domain)
    installed = installed_of(plan)
    slots = {**domain.slots, plan.slot: installed}
    # Without counters, versions start anew with new keys. So only a golden release can be below the floor: it
    # runs to fetch a newer one, and changes nothing about the floor.
    below = plan.golden and domain.floor is not None and is_lower(installed, domain.floor)
    floor = domain.floor if below else installed
    domain = replace(domain, slots=slots, floor=floor, running=plan.slot)
    state = replace(
        state.with_domain(plan.domain, domain),
        last_install=event.at,
        answers=tuple(each for each in state.answers if each.release != plan.release),
        failures=tuple(each for each in state.failures if each.release != plan.release),
    )
    text = f"{plan.product} {plan.version} is installed"
    return _end(state, event.at, Code.UPDATED, text, None)


def _abandoned(state: State, event: events.Abandoned) -> State:
    plan = state.plan
    if effect_of(state) != Effect.ABANDON or plan is None:
        return state
    if event.running == plan.slot:
        plan = replace(plan, abandoned=True, told_in=event.boot_id)
        return replace(state, plan=plan, attempts=0, retry_in=0)
    return _fail(state, event.at, plan.failed or Code.ROLLED_BACK, plan.reason)


def _roll_back(state: State, code: Code, text: str, at: int) -> State:
    plan = state.plan
    assert plan is not None
    return replace(
        state,
        detail=Detail.ROLLING_BACK,
        plan=replace(plan, failed=code, reason=text, abandoned=False, disobeyed=0, phase=None),
        result=Result(code, text, plan.release, at),
        attempts=0,
        retry_in=0,
    )


def _cancel_requested(state: State, event: events.CancelRequested) -> State:
    plan = state.plan
    if plan is None or state.detail in AT_REST or state.detail == Detail.COMMITTING:
        return state
    if state.detail == Detail.ROLLING_BACK:
        return state
    answer = Answer(
        plan.release, plan.root, plan.phase or Phase.DOWNLOAD, Reply.NO, event.who, event.at
    )
    state = _remember(_use_up_consent(state, plan), answer)
    if state.detail in (Detail.AWAITING_RESTART, Detail.TRYING):
        return _roll_back(state, Code.ROLLED_BACK, f"{event.who} rolled back", event.at)
    return _end(state, event.at, Code.CANCELLED, f"{event.who} cancelled the update", plan)


# The end of a plan.


def _fail(state: State, at: int, code: Code, text: str) -> State:
    """Ends a plan that failed, and counts the failure if the release may be the reason."""
    plan = state.plan
    assert plan is not None
    state = _use_up_consent(state, plan)
    if code not in _FAILURES_OF_RELEASE:
        return _end(state, at, code, text, None)
    count = failures_of(state, plan.domain, plan.release) + 1
    others = [
        each
        for each in state.failures
        if (each.domain, each.release) != (plan.domain, plan.release)
    ]
    failures = (*others, Failures(plan.domain, plan.release, plan.counter, count))[-MAX_FAILURES:]
    return _end(replace(state, failures=failures), at, code, text, None)


def _use_up_consent(state: State, plan: Plan) -> State:
    """Forgets each yes to the release: another try costs as much as this one did."""
    kept = tuple(
        each for each in state.answers if (each.release, each.reply) != (plan.release, Reply.YES)
    )
    return replace(state, answers=kept)


def _end(state: State, at: int, code: Code, text: str, kept: Plan | None) -> State:
    """Ends the plan. `kept` is the plan if a person may still agree to it, or clear its quarantine."""
    release = kept.release if kept else _release(state)
    count = max(
        (each.count for each in state.failures if each.release == release and release), default=0
    )
    quarantined = code != Code.UPDATED and count >= FAILURES_TO_QUARANTINE
    ended = Detail.IDLE if code in _TO_IDLE else Detail.FINISHED
    return replace(
        state,
        detail=Detail.QUARANTINED if quarantined else ended,
        plan=kept,
        result=Result(code, text, release, at),
        attempts=0,
        retry_in=0,
    )


def _clear_requested(state: State, event: events.ClearRequested) -> State:
    if state.detail not in AT_REST:
        return state
    return replace(state, detail=Detail.IDLE, plan=None, result=None, failures=())


def _provisioned(state: State, event: events.Provisioned) -> State:
    domain = state.domain(event.domain)
    if event.installed is not None:
        slots = {**domain.slots, event.slot: event.installed}
        domain = replace(domain, slots=slots, floor=event.installed)
    if event.preset is not None:
        domain = replace(domain, preset=event.preset)
    return state.with_domain(event.domain, domain)


# After a start.


def _started(state: State, event: events.Started) -> State:
    state = replace(state, checking="")
    for name, each in event.boot.items():
        if state.domain(name).running != each.booted:
            state = state.with_domain(name, replace(state.domain(name), running=each.booted))
            state = replace(state, damaged={k: v for k, v in state.damaged.items() if k != name})
    plan = state.plan
    if plan is None:
        return state
    boot: BootStatus | None = event.boot.get(plan.domain)
    if state.detail in AT_REST:
        # A person may still agree to the plan, but never to write the slot that runs.
        stale = boot is None or boot.booted == plan.slot
        return replace(state, plan=None) if stale else state
    if boot is None:
        text = f"domain '{plan.domain}' is not configured any more"
        return _end(_use_up_consent(state, plan), event.at, Code.CANCELLED, text, None)
    if state.detail == Detail.AWAITING_CONSENT:
        state = replace(state, plan=replace(plan, asking=False))
    if boot.booted == plan.slot:
        return _started_in_slot(state, plan, event)
    return _started_elsewhere(state, plan, boot, event)


def _started_in_slot(state: State, plan: Plan, event: events.Started) -> State:
    """The slot of the plan runs."""
    match state.detail:
        case Detail.AWAITING_RESTART:
            return replace(state, detail=Detail.TRYING)
        case Detail.TRYING | Detail.COMMITTING:
            return state
        case Detail.ROLLING_BACK:
            return _leave_again(state, plan, event)
    text = f"slot {plan.slot} was started by something other than this client"
    return _end(state, event.at, Code.SWITCHED_OUTSIDE, text, None)


def _leave_again(state: State, plan: Plan, event: events.Started) -> State:
    """The slot runs although the boot loader must not start it. A device must not restart for ever."""
    disobeyed = plan.disobeyed + (plan.abandoned and _is_new_start(plan, event))
    if disobeyed >= MAX_DISOBEYED:
        text = f"the boot loader starts slot {plan.slot} although it must not; check its settings"
        return _fail(state, event.at, Code.BOOT_CONTROL_FAILED, text)
    return replace(state, plan=replace(plan, abandoned=False, disobeyed=disobeyed))


def _started_elsewhere(state: State, plan: Plan, boot: BootStatus, event: events.Started) -> State:
    """Another slot than the plan's runs."""
    match state.detail:
        case Detail.ROLLING_BACK:
            return replace(state, plan=replace(plan, abandoned=False))
        case Detail.TRYING | Detail.COMMITTING:
            fell_back = True
        case Detail.AWAITING_RESTART:
            # A boot loader that ignores the slot would otherwise be restarted for ever.
            ignored = _is_new_start(plan, event)
            unbootable = boot.slots.get(plan.slot) == SlotState.UNBOOTABLE
            fell_back = boot.slots.get(plan.slot) == SlotState.EXHAUSTED or (
                plan.activated and (ignored or unbootable)
            )
        case _:
            return state
    if not fell_back:
        return state
    text = f"the device fell back to slot {boot.booted}"
    return _roll_back(state, Code.FELL_BACK, text, event.at)


def _is_new_start(plan: Plan, event: events.Started) -> bool:
    """Returns whether the device has started since the boot loader was set last."""
    return "" not in (plan.told_in, event.boot_id) and plan.told_in != event.boot_id


def _not_activated(state: State) -> bool:
    return state.detail in _BEFORE_RESTART or (
        state.detail == Detail.AWAITING_RESTART and not (state.plan and state.plan.activated)
    )


def _waits_for(state: State, phase: Phase) -> bool:
    return (
        state.detail == Detail.AWAITING_CONSENT
        and state.plan is not None
        and state.plan.phase == phase
    )


def _release(state: State) -> str:
    return state.plan.release if state.plan else ""


_HANDLERS: dict[type, Callable[..., State]] = {
    events.Started: _started,
    events.CheckBegan: _check_began,
    events.RootVerified: _root_verified,
    events.RootSettled: _root_settled,
    events.SlotVerified: _slot_verified,
    events.RootTrusted: _root_trusted,
    events.FactoryReset: _factory_reset,
    events.Offered: _offered,
    events.NothingToDo: _nothing_to_do,
    events.SourceFailed: _source_failed,
    events.RepositoryRead: _repository_read,
    events.TimeProven: _time_proven,
    events.Withdrawn: _withdrawn,
    events.WaitOver: _wait_over,
    events.Decided: _decided,
    events.Answered: _answered,
    events.PresetChanged: _preset_changed,
    events.Stored: _stored,
    events.VerifyingBegan: _verifying_began,
    events.Written: _written,
    events.Verified: _verified,
    events.Failed: _failed,
    events.Activated: _activated,
    events.HealthPassed: _health_passed,
    events.Confirmed: _confirmed,
    events.Abandoned: _abandoned,
    events.CancelRequested: _cancel_requested,
    events.ClearRequested: _clear_requested,
    events.Provisioned: _provisioned,
}
