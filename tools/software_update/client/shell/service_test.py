"""Tests of the service: when it wakes up, what it does then, and who may interrupt it."""

import errno
import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.client.boot_control import SlotState
from software_update.client.config import Approvers, CheckConfig
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.domain import HealthCheck
from software_update.client.effects import Effect
from software_update.client.policy.chain import Link
from software_update.client.question import Phase, Question
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import Busy, Control
from software_update.client.shell.notify import Notifier
from software_update.client.shell.service import (
    RESTART_AGAIN,
    Progress,
    Service,
    _Request,
)
from software_update.client.simulator.repository import SimulatedRepository
from software_update.client.state import Code, Detail, Reply, Staging, State
from software_update.client.system import File, ProgramResult
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.memory_storage import MemoryStorage

CONTENTS = {"app": b"application\n" * 300_000, "boot": b"bootloader\n"}
DAY = 24 * 60 * 60
ROOT = Caller("root", frozenset(), own=True)
HOUR = 3600.0
INTERVAL = 6 * 3600


@dataclass
class FakeAlarm:
    """Time that passes only while the service sleeps. `then` are run after so many sleeps each."""

    device: FakeDevice
    slept: list[float] = field(default_factory=list)
    then: dict[int, Callable[[], None]] = field(default_factory=dict)
    rings: int = 0

    def wait(self, seconds: float | None) -> None:
        assert seconds is not None
        assert len(self.slept) < 500, "the service does not stop"
        self.slept.append(seconds)
        self.device.clock.advance(seconds)
        self.then.get(len(self.slept), lambda: None)()

    def ring(self) -> None:
        self.rings += 1


@pytest.fixture
def device() -> FakeDevice:
    made = FakeDevice()
    made.clock.wall = 1_800_000_000
    return made


def made(device: FakeDevice, **changes: object) -> tuple[Service, FakeAlarm]:
    alarm = FakeAlarm(device)
    domains = {"main": device.domain(**changes)}  # type: ignore[arg-type]
    times = CheckConfig(INTERVAL, 60, 12 * 3600)
    service = Service(
        lambda on_change, on_progress: Client(
            device.system, STATE, domains, on_change, on_progress, times
        ),
        Approvers(frozenset({"root"}), frozenset()),
        times,
        alarm,
        Notifier({}),
    )
    return service, alarm


def run(service: Service, alarm: FakeAlarm, sleeps: int) -> None:
    """Starts the service, and stops it after so many sleeps."""
    alarm.then[sleeps] = service.stop
    service.start()
    service.run()


def code(service: Service) -> Code | None:
    result = service.client.state.result
    return result.code if result else None


class Deferring:
    """A policy that defers for some seconds, and counts how often it is asked."""

    def __init__(self, seconds: int, times: int = 1_000_000) -> None:
        self.seconds = seconds
        self.asked: list[int] = []
        self.times = times

    def decide(self, question: Question, situation: Situation) -> Decision:
        self.asked.append(situation.now)
        if len(self.asked) > self.times:
            return Decision(Choice.ALLOW, "done")
        return Decision(Choice.DEFER, "later", situation.now + self.seconds)


# Waking up.


def test_idle_service_wakes_up_once_for_each_check(device: FakeDevice) -> None:
    checks: list[float] = []
    service, alarm = made(device)
    device.source.opened_hook = lambda: checks.append(device.clock.running)
    run(service, alarm, 41)
    assert len(checks) == 40
    assert 0 <= alarm.slept[0] <= INTERVAL
    assert all(0.75 * INTERVAL <= each <= 1.25 * INTERVAL for each in alarm.slept[1:])
    assert len(set(alarm.slept)) == 41


def test_failed_check_is_repeated_twice_and_then_waits(device: FakeDevice) -> None:
    device.source.problem = "update.example: no answer"
    service, alarm = made(device)
    run(service, alarm, 6)
    _, first, second, *others = alarm.slept
    assert 0 < first <= 60
    assert 0 < second <= 120
    assert all(0.75 * INTERVAL <= each <= 1.25 * INTERVAL for each in others)
    assert service.status["failed_attempts"] == 5


def test_waits_after_failures_survive_a_restart(device: FakeDevice) -> None:
    device.source.problem = "update.example: no answer"
    service, alarm = made(device)
    run(service, alarm, 6)
    service, alarm = made(device)
    run(service, alarm, 3)
    assert all(each >= 0.75 * INTERVAL for each in alarm.slept[1:])


def test_preset_never_reads_no_source(device: FakeDevice) -> None:
    opened: list[int] = []
    service, alarm = made(device)
    device.source.opened_hook = lambda: opened.append(1)
    service.start()
    service.control.set_preset(ROOT, "never")
    alarm.then[9] = service.stop
    service.run()
    assert opened == []


def test_watchdog_wakes_up_the_service_in_half_of_its_time(device: FakeDevice) -> None:
    service, alarm = made(device)
    service._notifier.watchdog_seconds = 600.0
    run(service, alarm, 5)
    assert max(alarm.slept) <= 300


# Waits of a plan.


def test_deferred_question_is_asked_again_when_its_time_comes(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    policy = Deferring(4000)
    service, alarm = made(device, policies=[Link("later", policy)])
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    alarm.then[9] = service.stop
    service.run()
    assert len(policy.asked) >= 2
    assert policy.asked[1] - policy.asked[0] in (4000, 4001)
    # The wall clock is looked at four times an hour meanwhile.
    assert max(alarm.slept[1:]) <= 900


def test_clock_that_goes_back_by_years_prolongs_no_deferral(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    policy = Deferring(3000, times=1)
    service, alarm = made(device, policies=[Link("later", policy)])
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    alarm.then[2] = lambda: device.clock.set(1000)
    alarm.then[9] = service.stop
    service.run()
    assert len(policy.asked) >= 2
    assert service.client.state.detail == Detail.AWAITING_RESTART


def test_clock_at_1970_delays_no_check_and_no_retry(device: FakeDevice) -> None:
    device.clock.wall = 3
    device.source.problem = "no route to host"
    service, alarm = made(device)
    alarm.then[3] = lambda: setattr(device.source, "problem", "")
    device.offer(e.bundle(CONTENTS, version=7))
    run(service, alarm, 5)
    assert service.client.state.detail == Detail.AWAITING_CONSENT
    assert sum(alarm.slept[:4]) < 3 * INTERVAL


def test_download_that_failed_goes_on_after_its_wait(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, alarm = made(device)
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    # The check finds the release, and the download fails until the third sleep is over.
    device.source.fails_from = 2
    alarm.then[3] = lambda: setattr(device.source, "fails_from", 1_000_000)
    alarm.then[4] = service.stop
    service.run()
    assert service.client.state.detail == Detail.AWAITING_RESTART
    assert 0 < alarm.slept[1] <= 60
    assert 0 < alarm.slept[2] <= 120


def test_restart_that_does_not_happen_is_started_again(device: FakeDevice) -> None:
    device.programs.programs["reboot"] = lambda argv, stdin: ProgramResult(0, b"", b"")
    device.offer(e.bundle(CONTENTS, version=7))
    service, alarm = made(device, restart=("/sbin/reboot",))
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    alarm.then[4] = service.stop
    service.run()
    assert device.programs.calls == [("/sbin/reboot",)] * 3
    assert alarm.slept[1:] == [RESTART_AGAIN] * 3


def test_restart_of_a_part_of_the_device_needs_no_restart_of_the_service(
    device: FakeDevice,
) -> None:
    def restart(argv: object, stdin: bytes) -> ProgramResult:
        device.boot.start()
        return ProgramResult(0, b"", b"")

    device.programs.programs["restart"] = restart
    device.offer(e.bundle(CONTENTS, version=7))
    service, alarm = made(device, restart=("/bin/restart",))
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    alarm.then[1] = service.stop
    service.run()
    alarm.then.clear()
    service._stopping = False
    service.turn()
    assert code(service) == Code.UPDATED
    assert device.boot.slots["B"] == SlotState.GOOD


def test_question_is_asked_again_after_a_restart_of_the_service(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    policy = Deferring(10**7)
    service, alarm = made(device, policies=[Link("later", policy)])
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    alarm.then[2] = service.stop
    service.run()
    assert len(policy.asked) == 1
    service, alarm = made(device, policies=[])
    service.start()
    service.turn()
    assert service.client.state.plan is not None
    assert service.status["not_before"] is not None
    device.clock.set(device.clock.wall + 10**7)
    service.turn()
    assert service.client.state.detail == Detail.AWAITING_RESTART


# Requests, and what they interrupt.


def test_request_of_another_thread_acts_in_that_of_the_service(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, alarm = made(device)
    service.start()
    found: list[object] = []

    def ask() -> None:
        found.append(service.call(lambda control: control.check(ROOT)["detail"], 30))
        with pytest.raises(InputError):
            service.call(lambda control: control.install(ROOT, "/nowhere"), 30)
        service.stop()

    thread = threading.Thread(target=ask)
    thread.start()
    alarm.wait = lambda seconds: None  # type: ignore[method-assign]
    service.run()
    thread.join()
    assert found == ["AwaitingConsent"]


def test_request_that_is_not_begun_in_time_never_acts(device: FakeDevice) -> None:
    service, _ = made(device)
    service.start()
    acted: list[Control] = []
    with pytest.raises(Busy):
        service.call(acted.append, 0.01)
    service.turn()
    assert acted == []


def test_cancel_ends_a_download_at_its_next_step(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, _ = made(device)
    service.start()
    service.control.check(ROOT)
    service.turn()
    service.control.answer(ROOT, Reply.YES)
    steps: list[Progress] = []

    def progress(progress: Progress) -> None:
        steps.append(progress)
        service._requests.append(_Request(lambda control: control.cancel(ROOT)))

    service.on_progress = progress
    device.clock.advance(1)
    service.turn()
    assert code(service) == Code.CANCELLED
    assert len(steps) == 1
    assert steps[0].total is not None
    assert 0 < steps[0].done < steps[0].total
    assert device.boot.slots["B"] == SlotState.UNBOOTABLE
    assert service.client.state.failures == ()


def test_other_requests_interrupt_no_download(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, _ = made(device)
    service.start()
    service.control.check(ROOT)
    service.turn()
    service.control.answer(ROOT, Reply.YES)
    seen: list[str] = []
    service._requests.append(_Request(lambda control: seen.append(control.status()["detail"])))
    service.on_progress = lambda _: service._requests.append(
        _Request(lambda control: seen.append(control.set_preset(ROOT, "auto-all")["detail"]))
    )
    device.clock.advance(1)
    service.turn()
    assert seen[1] == "Downloading"
    assert device.boot.calls.count("mark_unbootable B") == 1
    assert service.client.state.detail == Detail.AWAITING_RESTART


def test_stop_ends_a_download_and_the_next_start_goes_on(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, _ = made(device)
    service.start()
    service.control.check(ROOT)
    service.turn()
    service.control.answer(ROOT, Reply.YES)
    service.on_progress = lambda _: service.stop()
    device.clock.advance(1)
    service.run()
    assert service.client.state.detail == Detail.DOWNLOADING
    service, _ = made(device)
    service.start()
    service.turn()
    assert service.client.state.plan is not None
    assert service.client.state.plan.written


# Results, and machines that do not work.


def test_result_is_told_once_while_it_stays_the_same(device: FakeDevice) -> None:
    results: list[Code] = []
    service, alarm = made(device)
    service.on_result = lambda old, new: results.extend([new.result.code] if new.result else [])
    alarm.then[4] = lambda: setattr(device.source, "problem", "no answer")
    run(service, alarm, 9)
    assert results == [Code.NOTHING_OFFERED, Code.SOURCE_FAILED]


def repository_of(device: FakeDevice) -> SimulatedRepository:
    """Returns a repository that offers a release to all devices."""
    repository = SimulatedRepository("lamp", device.clock.now())
    manifest = build_release(ReleaseManifest("lamp", "2.0", 2))
    repository.add(e.bundle({**CONTENTS, "user_manifest": manifest}, version=2))
    return repository


def test_withheld_metadata_is_told_once_while_a_question_waits(device: FakeDevice) -> None:
    repository = repository_of(device)
    service, alarm = made(device, sources=[repository.source])
    results: list[Code] = []
    service.on_result = lambda old, new: results.extend([new.result.code] if new.result else [])

    def approve() -> None:
        service.control.answer(ROOT, Reply.YES, [Phase.DOWNLOAD])

    def refresh() -> None:
        assert code(service) is Code.REPOSITORY_EXPIRED
        repository.now = device.clock.now()
        repository.publish()

    alarm.then = {1: lambda: alarm.then.update({len(alarm.slept) + 1: approve}), 12: refresh}
    run(service, alarm, 14)
    assert results == [Code.REPOSITORY_EXPIRED]
    state = service.client.state
    assert (state.detail, state.retry_in, state.attempts) == (Detail.AWAITING_CONSENT, 0, 0)


def test_check_of_the_service_brings_a_halt_to_a_slot_that_waits_for_its_restart(
    device: FakeDevice,
) -> None:
    repository = repository_of(device)
    [release] = repository.rollouts
    service, alarm = made(device, sources=[repository.source])
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    service.on_result = lambda old, new: service.stop()
    alarm.then = {2: lambda: repository.halt(release, "it blinks")}
    service.run()
    assert device.clock.running < 2 * INTERVAL + 900 * 2
    assert (code(service), service.client.state.detail) == (Code.HALTED, Detail.IDLE)
    assert device.boot.slots["B"] is SlotState.UNBOOTABLE
    assert "try_slot B" in device.boot.calls


@pytest.mark.parametrize("by_person", [False, True])
def test_service_goes_on_soon_after_a_stepping_stone(device: FakeDevice, by_person: bool) -> None:
    repository = SimulatedRepository("lamp", device.clock.now())
    for counter in (2, 3):
        said = ReleaseManifest("lamp", f"{counter}.0", counter, minimum_counter=counter - 1)
        contents = {**CONTENTS, "user_manifest": build_release(said)}
        repository.add(e.bundle(contents, version=counter), percent=None if by_person else 100)
    first = ReleaseManifest("lamp", "1.0", 1)
    device.offer(e.bundle({**CONTENTS, "user_manifest": build_release(first)}, version=1))
    service, alarm = made(device, sources=[repository.source])
    service.start()
    manifest = service.control.manifest_of("/stick/update.bundle")
    service.control.provision(ROOT, manifest, None)
    service.client.check("main", by_person=by_person)
    service.control.answer(ROOT, Reply.YES, list(Phase))
    service.client.run()
    device.boot.start()
    service, alarm = made(device, sources=[repository.source])
    run(service, alarm, 1)
    assert code(service) is Code.UPDATED
    assert alarm.slept[0] <= 60
    service.turn()
    plan = service.client.state.plan
    assert plan is not None
    assert (plan.version, plan.by_person) == ("3.0", by_person)


def test_result_of_each_plan_is_told(device: FakeDevice) -> None:
    device.offer(
        e.bundle({**CONTENTS, "boot": b"b00tloader\n"}, version=7).replace(b"b00t", b"boot")
    )
    service, alarm = made(device)
    results: list[Code] = []
    service.on_result = lambda old, new: results.extend([new.result.code] if new.result else [])
    service.start()
    service.control.set_preset(ROOT, "auto-all")
    alarm.then[4] = service.stop
    service.run()
    assert results == [Code.REFUSED, Code.REFUSED, Code.REFUSED]


def test_second_service_ends_with_one_line(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device.storage, "lock", lambda path: False)
    service, _ = made(device)
    with pytest.raises(InputError) as caught:
        service.start()
    assert str(caught.value) == f"{STATE}: another client uses this folder; stop it first"


def test_record_that_cannot_be_written_is_a_problem_and_no_end(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, alarm = made(device)
    service.start()
    write = service.client._record.write

    def fail(state: State) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(service.client._record, "write", fail)
    alarm.then[4] = service.stop
    service.run()
    assert service.status["problem"] == "[Errno 30] Read-only file system"
    assert service.client.state.plan is None
    assert min(alarm.slept[1:]) >= 10
    monkeypatch.setattr(service.client._record, "write", write)
    device.clock.advance(10 * HOUR)
    service.turn()
    assert service.status["problem"] is None
    assert service.client.state.detail == Detail.AWAITING_CONSENT


def test_fault_in_a_source_is_a_failure_with_its_type(device: FakeDevice) -> None:
    service, _ = made(device)
    service.start()

    def fail() -> None:
        raise ZeroDivisionError("division by zero")

    device.source.opened_hook = fail
    device.clock.advance(INTERVAL)
    service.turn()
    assert service.status["result"]["code"] == "SOURCE_FAILED"
    assert service.status["result"]["text"].endswith(": ZeroDivisionError: division by zero")


def test_failed_check_does_not_shorten_a_postponement(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, _ = made(device)
    service.start()
    device.clock.advance(INTERVAL)
    service.turn()
    service.control.answer(ROOT, Reply.LATER, until=device.clock.now() + 4 * DAY)
    service.control.set_preset(ROOT, "auto-all")
    service.control.answer(ROOT, Reply.LATER, until=device.clock.now() + 4 * DAY)
    device.source.problem = "update.example: no answer"
    for _ in range(4):
        device.clock.advance(2 * INTERVAL)
        service.turn()
        device.source.problem = ""
    assert service.client.state.detail == Detail.AWAITING_CONSENT
    assert service.status["not_before"] is not None


def test_device_that_is_never_on_for_long_ends_its_waits_too(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, _ = made(device)
    service.start()
    device.clock.advance(INTERVAL)
    service.turn()
    device.source.problem = "update.example: no answer"
    service.control.answer(ROOT, Reply.YES)
    service.turn()
    assert service.client.state.retry_in > 0
    device.source.problem = ""
    device.clock.set(device.clock.now() + service.client.state.retry_in)
    service, _ = made(device)
    service.start()
    service.turn()
    assert service.client.state.detail == Detail.AWAITING_CONSENT


def test_commit_that_arrives_at_the_end_of_a_health_program_is_not_lost(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    changes = {"commits_itself": False, "health": [HealthCheck(("/bin/healthy",), 5)]}
    service, alarm = made(device, **changes)
    service.start()
    service.control.check(ROOT)
    service.control.answer(ROOT, Reply.YES, list(Phase))
    service.client.run()
    device.boot.start()

    def healthy(*_: object) -> ProgramResult:
        service._requests.append(_Request(lambda control: control.commit(ROOT)))
        return ProgramResult(0, b"", b"")

    device.programs.programs["healthy"] = healthy
    service, alarm = made(device, **changes)
    run(service, alarm, 1)
    assert code(service) == Code.UPDATED


class BrokenStorage:
    """Storage of which every change fails with an error from some change on, until it is repaired."""

    def __init__(self, real: MemoryStorage, number: int) -> None:
        self.real = real
        self.number = number
        self.left = -1
        self.failed = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name not in ("rename", "remove", "sync_folder", "make_folder", "make_link"):
            return found

        def change(*arguments: str) -> object:
            self.count()
            return found(*arguments)

        return change

    def open_to_write(self, path: str) -> "BrokenFile":
        return BrokenFile(self.real.open_to_write(path), self)

    def count(self) -> None:
        """Counts a change, and fails if no more are allowed."""
        if self.left == 0:
            self.failed += 1
            raise OSError(self.number, os.strerror(self.number))
        self.left -= 1


class BrokenFile:
    """A file of a `BrokenStorage`."""

    def __init__(self, real: File, storage: BrokenStorage) -> None:
        self._real = real
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def write(self, offset: int, content: bytes | memoryview) -> None:
        self._storage.count()
        self._real.write(offset, content)

    def truncate(self, length: int) -> None:
        self._storage.count()
        self._real.truncate(length)

    def sync(self) -> None:
        self._storage.count()
        self._real.sync()


def test_service_outlives_storage_that_fails_at_any_change() -> None:
    """Lets all changes fail from the first, second, third and so on, for some hours, and repairs it."""
    contents = {"app": b"application\n", "boot": b"bootloader\n"}
    bundle, failed = e.bundle(contents, version=7), True
    numbers = itertools.cycle([errno.ENOSPC, errno.EIO, errno.EROFS])
    for allowed, number in enumerate(numbers):
        if not failed:
            break
        device = FakeDevice()
        device.offer(bundle)
        storage = BrokenStorage(device.storage, number)
        device.storage = storage  # type: ignore[assignment]
        service, _ = made(device)
        service.start()
        service.control.set_preset(ROOT, "auto-all")
        storage.left = allowed
        for _ in range(2):
            device.clock.advance(INTERVAL)
            service.turn()
        failed = storage.failed > 0
        if failed:
            told = service.status["problem"] or (service.status["result"] or {}).get("text", "")
            assert os.strerror(number) in told, f"after {allowed} changes"
        storage.left = -1
        for _ in range(8):
            device.clock.advance(INTERVAL)
            service.turn()
            if service.client.state.detail == Detail.AWAITING_RESTART:
                device.boot.start()
                service.control.restart_done(ROOT)
        assert code(service) in (Code.UPDATED, Code.UP_TO_DATE), f"after {allowed} changes"
        assert service.status["problem"] is None
    assert allowed > 20


@pytest.mark.parametrize("staging", list(Staging))
def test_progress_of_each_effect_ends_at_its_total(device: FakeDevice, staging: Staging) -> None:
    device.offer(e.bundle(CONTENTS, version=7))
    service, _ = made(device, staging=staging)
    last: dict[Effect, Progress] = {}
    service.on_progress = lambda progress: last.update({progress.effect: progress})
    service.start()
    device.clock.advance(INTERVAL)
    service.turn()
    service.control.answer(ROOT, Reply.YES, list(Phase))
    service.turn()
    fetch = {Effect.WRITE_SLOT} if staging == Staging.STREAM else {Effect.STORE, Effect.WRITE_SLOT}
    assert {Effect.VERIFY_SLOT, *fetch} <= last.keys()
    assert all(each.done == each.total for each in last.values())


def test_slots_are_checked_once_and_requests_are_served_meanwhile(device: FakeDevice) -> None:
    service, _ = made(device)
    service.start()
    calls: list[str] = []
    request = _Request(lambda control: control.status()["state"])

    def check(name: str, on_progress: Callable[[int], None]) -> None:
        calls.append(name)
        service._requests.append(request)
        on_progress(1)

    service.client.check_running = check  # type: ignore[method-assign,assignment]
    service.turn()
    service.turn()
    assert (calls, request.result(1)) == (["main"], "INACTIVE")


def test_service_stops_in_the_middle_of_a_check(device: FakeDevice) -> None:
    service, _ = made(device)
    service.start()

    def check(name: str, on_progress: Callable[[int], None]) -> None:
        service.stop()
        on_progress(1)
        raise AssertionError("the check goes on")

    service.client.check_running = check  # type: ignore[method-assign,assignment]
    service.turn()
    assert service._unchecked == ["main"]
