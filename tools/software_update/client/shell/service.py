"""The service: looks for releases, waits for what is due, and lets other threads act on the client.

    service = Service(make_client, config.approvers, config.check, SystemAlarm(), Notifier(os.environ))
    service.start()
    service.run()                      # until `stop`
    service.call(lambda control: control.answer(caller, Reply.YES), 10)   # in another thread

One thread, that of `run`, owns the client: it handles events and runs effects. While an effect runs, it lets
the waiting requests act at each of its steps, and ends the effect if the state calls for other work then.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from software_update.base.errors import SoftwareUpdateError, printable
from software_update.client import events
from software_update.client.config import Approvers, CheckConfig
from software_update.client.effects import Effect, effect_of
from software_update.client.report import is_reported
from software_update.client.schedule import (
    QUICK_RETRIES,
    check_again,
    first_check,
    next_check,
    until_consulted,
)
from software_update.client.shell.alarm import Alarm
from software_update.client.shell.client import Client, Interrupted
from software_update.client.shell.control import Busy, Control
from software_update.client.shell.deployments import interval_of
from software_update.client.shell.notify import Notifier
from software_update.client.state import AT_REST, Code, Detail, State

T = TypeVar("T")
Document = dict[str, Any]
MakeClient = Callable[[Callable[[State], None], Callable[[int], None]], Client]
"""Makes the client of its `on_change` and `on_progress`."""

# Seconds after which a restart that did not happen is started again.
RESTART_AGAIN = 900.0
# The first and the longest time after which work is tried again that the machine did not allow.
_FIRST_AGAIN, _LONGEST_AGAIN = 10.0, 3600.0
# The shortest time between two reports of progress.
_PROGRESS_SECONDS = 0.5
_SAME_SECONDS = 5
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Progress:
    """The work of an effect in bytes. `total` is None if it is not known."""

    effect: Effect
    done: int
    total: int | None


class Service:
    """The client as a service. `start`, `run` and `turn` belong to its own thread.

    `on_status` is called with each new status, `on_progress` at most twice a second, and `on_result` with the
    states before and after a check or plan has ended: in the thread of the service, so they must not wait.
    """

    def __init__(
        self,
        make: MakeClient,
        approvers: Approvers,
        times: CheckConfig,
        alarm: Alarm,
        notifier: Notifier,
    ) -> None:
        self.client = make(self._on_change, self._on_bytes)
        self.control = Control(self.client, approvers)
        self.on_status: Callable[[Document], None] = lambda _: None
        self.on_progress: Callable[[Progress], None] = lambda _: None
        self.on_result: Callable[[State, State], None] = lambda old, new: None
        self._clock = self.client.system.clock
        self._times = times
        self._alarm = alarm
        self._notifier = notifier
        self._thread = 0
        self._requests: deque[_Request] = deque()
        self._serving = False
        self._stopping = False
        self._before = State()
        self._status: Document = {}
        self._problem = ""
        # All times are on the clock since boot.
        self._check_at = 0.0
        self._failed_checks = 0
        # The domain in which a person has asked for the way over a stepping stone.
        self._asked_for = ""
        self._retry_at = 0.0
        self._deferred_at, self._deferred_for = 0.0, 0.0
        self._blocked_until = 0.0
        self._failed_turns = 0
        self._settled: State | None = None
        self._settled_until = 0.0
        self._effect: Effect | None = None
        self._interrupted = False
        self._done = 0
        self._progress_at = 0.0
        self._unchecked = list(self.client.domains)

    # For other threads.

    @property
    def status(self) -> Document:
        """The newest status. Reading it never waits."""
        return self._status

    def call(self, action: Callable[[Control], T], seconds: float) -> T:
        """Lets the thread of the service act, and returns the result, or raises what the action raises.

        Raises Busy if the service does not begin within `seconds`.
        """
        request = _Request(action)
        self._requests.append(request)
        self._alarm.ring()
        return cast(T, request.result(seconds))

    def stop(self) -> None:
        """Ends `run` soon. A signal handler may call it."""
        self._stopping = True
        self._alarm.ring()

    # For the thread of the service.

    def start(self) -> None:
        """Starts the client. Raises InputError if another one uses its folder, and BootError."""
        self._thread = threading.get_ident()
        self._check_at = self._now() + first_check(self._times.interval, self._clock.random())
        self.client.start()
        self._note(self.client.state)
        self._retry_at = self._now() + self._wait_left(self.client.state)
        self._failed_checks = self.client.state.attempts
        self._publish()

    def _wait_left(self, state: State) -> float:
        """Returns the seconds of `retry_in` that are left at a start.

        By the wall clock, the time without power counts. If that clock is wrong, all of it is left at most.
        """
        passed = self.client.now() - state.result.at if state.result else 0
        return float(min(state.retry_in, max(0, state.retry_in - passed)))

    def run(self) -> None:
        """Works until `stop`."""
        self._notifier.send(READY=1)
        while not self._stopping:
            self.turn()
            if not self._stopping:
                self._alarm.wait(self.due_in())
        self._notifier.send(STOPPING=1)

    def turn(self) -> None:
        """Does everything that is due. If the machine does not allow it, it is a problem, and tried again."""
        self._notifier.send(WATCHDOG=1)
        self._serve()
        if self._now() >= self._blocked_until:
            try:
                self._check_slots()
                self._wake()
                self._work()
                self._failed_turns = 0
            except (SoftwareUpdateError, OSError) as error:
                self._fail(error)
        self._publish()

    def _fail(self, error: Exception) -> None:
        self._problem = printable(str(error))
        wait = min(_LONGEST_AGAIN, _FIRST_AGAIN * 2.0 ** min(self._failed_turns, 20))
        self._blocked_until = self._now() + wait
        self._failed_turns += 1

    def due_in(self) -> float:
        """Returns the seconds until something is due."""
        now, state = self._now(), self.client.state
        due = [self._check_at - now]
        if _works_later(state):
            due.append(self._retry_at - now)
        if state.plan and state.plan.not_before:
            due.append(self._until_consulted(state.plan.not_before))
        if effect_of(state) is not None:
            due.append(self._settled_until - now if state is self._settled else 0.0)
        soonest = max(0.0, min(due), self._blocked_until - now)
        if self._requests:
            return 0.0
        return min(soonest, (self._notifier.watchdog_seconds or _NEVER) / 2)

    # Waits.

    def _wake(self) -> None:
        """Ends the waits that are over."""
        state, plan = self.client.state, self.client.state.plan
        over = _works_later(state) and self._now() >= self._retry_at
        if plan and plan.not_before:
            over = over or self._until_consulted(plan.not_before) <= 0
        if over:
            self.client.handle(events.WaitOver(self.client.now()))
        if self._now() >= self._check_at:
            self._check()

    def _until_consulted(self, not_before: int) -> float:
        return until_consulted(
            not_before, self.client.now(), self._now(), self._deferred_at, self._deferred_for
        )

    def _check(self) -> None:
        """Looks for releases, and decides when to look again."""
        self._check_at = _NEVER
        wait, failed = 0.0, True
        try:
            self._look()
            wait = float(self.client.state.retry_in)
            failed = wait > 0 and not _works_later(self.client.state)
        finally:
            self._asked_for = ""
            self._failed_checks = self._failed_checks + 1 if failed else 0
            self._check_at = self._now() + self._next_check(wait if failed else 0.0)

    def _next_check(self, wait: float) -> float:
        """Returns the seconds to the next check. `wait` is the client's after a failure, or 0."""
        random = self._clock.random()
        interval = interval_of(self.client.domains, self._times.interval)
        if self._failed_checks == 0:
            return next_check(interval, random)
        # With several domains, the client may count anew in each check.
        if wait == 0 or self._failed_checks > QUICK_RETRIES:
            first = self._times.first_retry
            wait = max(wait, check_again(self._failed_checks, random, interval, first))
        return wait

    def _look(self) -> None:
        """Looks in all domains until one has a plan, or only in the domain of the plan that waits."""
        state = self.client.state
        waits = state.plan is not None and state.detail not in AT_REST
        for name in self.client.domains:
            if not waits or (state.plan and state.plan.domain == name):
                self.client.check(name, by_person=name == self._asked_for)
            if self.client.state.detail not in AT_REST and not waits:
                return

    def _check_slots(self) -> None:
        """Checks the slots that run, once in the life of the service."""
        while self._unchecked and not self._stopping:
            try:
                self.client.check_running(self._unchecked[0], self._on_checked_bytes)
            except Interrupted:
                return
            self._unchecked.pop(0)

    def _on_checked_bytes(self, count: int) -> None:
        if self._requests:
            self._serve()
        if self._stopping:
            raise Interrupted
        if self._now() - self._progress_at >= _PROGRESS_SECONDS:
            self._progress_at = self._now()
            self._notifier.send(WATCHDOG=1)

    # Effects.

    def _work(self) -> None:
        """Runs effects until the client waits for something outside."""
        while not self._stopping and effect_of(self.client.state) is not None:
            if self.client.state is self._settled and self._now() < self._settled_until:
                return
            self._interrupted = False
            self.client.run()
            worked_on = self.client.state
            self._serve()
            # A request may have changed the state; its work has not been done then.
            if self._interrupted or self.client.state is not worked_on:
                continue
            if effect_of(worked_on) is not None:
                self._settle()

    def _settle(self) -> None:
        """Remembers that the work of this state has been done, and that something outside has to happen."""
        wait = _NEVER
        if effect_of(self.client.state) is Effect.RESTART:
            # If only a part of the device was restarted, this process goes on.
            if self.client.handle(self.client.started()):
                return
            wait = RESTART_AGAIN
        self._settled = self.client.state
        self._settled_until = self._now() + wait

    def _on_bytes(self, count: int) -> None:
        """Is called by effects, at least once for each MiB."""
        if threading.get_ident() != self._thread or self._serving:
            return
        self._done += count
        if self._requests:
            self._serve()
        if self._stopping or effect_of(self.client.state) is not self._effect:
            self._interrupted = True
            raise Interrupted
        if self._now() - self._progress_at >= _PROGRESS_SECONDS and self._effect:
            self._progress_at = self._now()
            self._notifier.send(WATCHDOG=1)
            total = self._total()
            done = self._done if total is None else min(self._done, total)
            self.on_progress(Progress(self._effect, done, total))

    def _end_progress(self, new: State) -> None:
        """Reports all of an effect that has succeeded: heads and gaps of a bundle are in no sum of bytes."""
        total = self._total()
        if self._effect and self._done and total and new.detail not in AT_REST and not new.retry_in:
            self.on_progress(Progress(self._effect, total, total))

    def _total(self) -> int | None:
        plan = self.client.state.plan
        if plan is None or self._effect in (Effect.WRITE_SLOT, Effect.STORE, Effect.VERIFY_STORED):
            return plan.size if plan else None
        question = self._status.get("question")
        return question["install_bytes"] if question else None

    # Requests.

    def _serve(self) -> None:
        """Lets the requests act that wait."""
        self._serving = True
        try:
            while self._requests:
                self._requests.popleft().act(self.control)
        finally:
            self._serving = False

    # States.

    def _on_change(self, new: State) -> None:
        old = self._before
        self._note(new)
        self._go_on(old, new)
        # The state could be recorded, so the machine works.
        self._problem = ""
        self._publish()
        if _has_ended(old, new):
            self.on_result(old, new)

    def _go_on(self, old: State, new: State) -> None:
        """Looks again soon after a stepping stone. A person who asked for it has asked for the whole way."""
        plan, result = old.plan, new.result
        if plan is None or new.plan is not None or not plan.steps:
            return
        if result is not None and result.code is Code.UPDATED:
            self._check_at = self._now() + self._times.first_retry * self._clock.random()
            self._asked_for = plan.domain if plan.by_person else ""

    def _note(self, new: State) -> None:
        """Notes when the waits of a new state began."""
        old, self._before = self._before, new
        if (new.retry_in, new.attempts) != (old.retry_in, old.attempts):
            self._retry_at = self._now() + new.retry_in
        until = new.plan.not_before if new.plan else 0
        if until != (old.plan.not_before if old.plan else 0):
            self._deferred_at = self._now()
            self._deferred_for = max(0.0, until - self.client.now())
        if effect_of(new) is not self._effect:
            self._end_progress(new)
            self._effect, self._done = effect_of(new), 0

    def _publish(self) -> None:
        if self._check_at < _NEVER:
            at = self.client.now() + int(max(0.0, self._check_at - self._now()))
            # Two clocks that are read one after the other differ a little.
            if abs(at - (self.control.next_check or 0)) > _SAME_SECONDS:
                self.control.next_check = at
        try:
            status = self.control.status()
        except (SoftwareUpdateError, OSError) as error:
            status = {**self._status, "problem": printable(str(error))}
        if self._problem:
            status["problem"] = self._problem
        if status == self._status:
            return
        self._status = status
        self._notifier.send(STATUS=status.get("problem") or status.get("detail", ""))
        self.on_status(status)

    def _now(self) -> float:
        return self._clock.since_boot()


def _has_ended(old: State, new: State) -> bool:
    """Returns whether a plan has ended, or a check or repository with another result than the last one."""
    if not is_reported(new) or new.result is None:
        return False
    ends = new.detail in AT_REST and old.detail not in AT_REST
    if ends or old.result is None:
        return True
    one, other = old.result, new.result
    return (one.code, one.text, one.release) != (other.code, other.text, other.release)


def _works_later(state: State) -> bool:
    """Returns whether the work of a plan waits for the end of `retry_in`."""
    return bool(state.retry_in) and state.detail not in (*AT_REST, Detail.AWAITING_CONSENT)


class _Request:
    """An action that a thread wants the service to take."""

    def __init__(self, action: Callable[[Control], Any]) -> None:
        self._action = action
        self._lock = threading.Lock()
        self._taken = False
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def act(self, control: Control) -> None:
        """Acts, in the thread of the service, unless the caller has stopped waiting."""
        with self._lock:
            if self._taken:
                return
            self._taken = True
        try:
            self._result = self._action(control)
        except Exception as error:  # It is raised in the thread that asked.
            self._error = error
        self._done.set()

    def result(self, seconds: float) -> Any:
        """Waits for the result. Raises Busy if the service has not begun after so many seconds."""
        if not self._done.wait(seconds):
            with self._lock:
                begun, self._taken = self._taken, True
            if not begun:
                raise Busy
            self._done.wait()
        if self._error is not None:
            raise self._error
        return self._result
