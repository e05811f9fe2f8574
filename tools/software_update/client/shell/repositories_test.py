"""Tests of the client with a repository: what it looks at, what it asks the repository, and what stops it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from software_update.client import events
from software_update.client.boot_control import SlotState
from software_update.client.question import Phase
from software_update.client.repository import Problem, RepositoryRejected
from software_update.client.rollout_secret import NAME
from software_update.client.shell.client import Client
from software_update.client.simulator.machine import SimulatedClock
from software_update.client.simulator.repository import LIFETIME, SimulatedRepository
from software_update.client.source import SourceError
from software_update.client.state import Answer, Code, Detail, Installed, Reply, Staging
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.format.rollout import Band
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice

DAY = int(timedelta(days=1).total_seconds())
APP, BOOT = b"application\n" * 1000, b"bootloader\n"


def bundle(counter: int, **changes: object) -> bytes:
    manifest = ReleaseManifest("lamp", f"{counter}.0", counter)._replace(**changes)  # type: ignore[arg-type]
    contents = {
        "app": APP + bytes([counter]),
        "boot": BOOT,
        "user_manifest": build_release(manifest),
    }
    return e.bundle(contents, version=counter)


@dataclass
class World:
    """A device that runs version 1.0, and its repository."""

    device: FakeDevice = field(default_factory=FakeDevice)
    changes: dict[str, object] = field(default_factory=dict)
    built: int = 0

    def __post_init__(self) -> None:
        self.repository = SimulatedRepository("lamp", self.device.clock.now())
        self.device.offer(bundle(1))
        client = self.start()
        manifest = client.keep_manifest(client.manifest_of("main", "/stick/update.bundle"))
        installed = Installed(manifest, "0" * 64, "1.0", 1, 1)
        client.handle(events.Provisioned(1, "main", "A", installed, None, "factory"))
        self.client = client

    def start(self) -> Client:
        domain = self.device.domain(sources=[self.repository.source], **self.changes)  # type: ignore[arg-type]
        self.client = Client(self.device.system, STATE, {"main": domain}, built=self.built)
        self.client.start()
        self.client.run()
        return self.client

    def restart(self) -> Client:
        self.device.boot.start()
        return self.start()

    def check(self, *, by_person: bool = False) -> None:
        self.client.check("main", by_person=by_person)
        self.client.run()

    def agree(self) -> None:
        question = self.client.question()
        assert question is not None
        answer = Answer(question.release, question.root, question.phase, Reply.YES, "alice", 9)
        assert self.client.handle(events.Answered(9, answer))
        self.client.run()

    def wait(self, seconds: int) -> None:
        self.device.clock.advance(seconds)

    def code(self) -> Code | None:
        return self.client.state.result.code if self.client.state.result else None

    def detail(self) -> Detail:
        return self.client.state.detail

    def slot_b(self) -> SlotState:
        return self.device.boot.slots["B"]


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("staging", list(Staging))
def test_update_from_a_repository(staging: Staging) -> None:
    world = World(changes={"staging": staging})
    world.repository.add(bundle(2))
    world.check()
    plan = world.client.state.plan
    assert plan is not None
    assert (plan.entry, plan.by_person) == ("lamp/stable/2.0.bundle", False)
    while world.client.question() is not None and world.detail() is Detail.AWAITING_CONSENT:
        world.agree()
    world.restart()
    assert (world.code(), world.device.slot("boot", "B")) == (Code.UPDATED, BOOT)
    world.check()
    assert world.code() is Code.UP_TO_DATE


def test_check_that_finds_nothing_new_asks_for_nothing_but_the_metadata(world: World) -> None:
    world.check()
    assert (world.code(), world.repository.requests) == (Code.UP_TO_DATE, ["refresh"])
    versions = world.client.state.domain("main").repository
    assert versions == world.repository.versions


def test_no_payload_is_opened_again_before_consent(world: World) -> None:
    world.repository.add(bundle(2))
    world.check()
    assert world.repository.requests == ["refresh", "open lamp/stable/2.0.bundle"]
    world.agree()
    assert world.repository.requests[2:] == ["open lamp/stable/2.0.bundle"]


def test_question_that_waits_is_not_looked_at_again(world: World) -> None:
    world.repository.add(bundle(2))
    world.check()
    world.repository.requests.clear()
    world.repository.add(bundle(3, minimum_counter=2))
    world.check()
    assert world.repository.requests == ["refresh"]
    assert world.client.state.plan is not None
    assert world.client.state.plan.asking
    # The way behind it is another one by now.
    assert world.client.state.plan.steps == ("3.0",)
    world.check(by_person=True)
    assert world.client.state.plan.by_person
    world.repository.add(bundle(4))
    plan = replace(world.client.state.plan, by_person=False)
    world.client.state = replace(world.client.state, plan=plan)
    world.check()
    newest = world.client.state.plan
    assert newest is not None
    assert newest.version == "4.0"


def test_plan_survives_a_restart_of_the_client(world: World) -> None:
    world.repository.add(bundle(2))
    world.check()
    world.start()
    world.repository.requests.clear()
    world.agree()
    assert world.repository.requests == ["refresh", "open lamp/stable/2.0.bundle"]
    assert world.client.state.plan is not None
    assert world.client.state.plan.phase is Phase.RESTART


def test_device_goes_over_a_stepping_stone(world: World) -> None:
    world.repository.add(bundle(2))
    world.repository.add(bundle(3, minimum_counter=2))
    for version, steps in (("2.0", ("3.0",)), ("3.0", ())):
        world.check()
        plan = world.client.state.plan
        assert plan is not None
        assert (plan.version, plan.steps) == (version, steps)
        world.agree()
        world.agree()
        world.restart()
        assert world.code() is Code.UPDATED


# Catalogs that lie.


@pytest.mark.parametrize(
    ("lie", "text"),
    [
        ({"kind": "security"}, "kind is security in the catalog and None in the release"),
        ({"version": "2.1"}, "version is 2.1 in the catalog and 2.0 in the release"),
        ({"counter": 7}, "counter is 7 in the catalog and 2 in the release"),
        ({"release": "f" * 64}, "release is " + "f" * 64),
        ({"minimum_counter": 1}, "minimum_counter is 1 in the catalog"),
        ({"hardware_ids": ("x",)}, "hardware_ids is"),
    ],
)
def test_catalog_that_differs_from_the_release_is_rejected(
    world: World, lie: dict[str, object], text: str
) -> None:
    world.repository.add(bundle(2))
    [path] = world.repository.listed
    listed = world.repository.listed[path]
    entry = listed.entry._replace(**lie)  # type: ignore[arg-type]
    world.repository.listed[path] = replace(listed, entry=entry)
    world.check(by_person=True)
    assert world.code() is Code.CATALOG_MISMATCH
    assert world.client.state.result is not None
    assert text in world.client.state.result.text
    assert world.client.question() is None


def test_catalog_with_the_bundle_of_another_product_is_rejected(world: World) -> None:
    """A thief of the publishing keys lists another product's bundle as one of this product."""
    world.repository.add(bundle(2, product="radio"))
    [path] = world.repository.listed
    listed = world.repository.listed[path]
    entry = listed.entry._replace(product="lamp")
    world.repository.listed[path] = replace(listed, entry=entry)
    world.check(by_person=True)
    assert world.code() is Code.CATALOG_MISMATCH


def test_bundle_that_the_device_refuses_is_refused_whatever_the_catalog_says(world: World) -> None:
    world.repository.add(bundle(2))
    [path] = world.repository.listed
    stranger = e.bundle({"app": APP}, version=2, signers=[e.STRANGER])
    world.repository.bundles[path] = stranger
    world.check()
    assert world.code() is Code.REFUSED


# Rollouts.


def test_release_waits_for_rollout_and_a_person_need_not(world: World) -> None:
    release = world.repository.add(bundle(2), percent=None)
    world.check()
    assert (world.code(), world.detail()) == (Code.NOT_ROLLED_OUT, Detail.IDLE)
    world.repository.roll_out(release, Band(100, world.device.clock.now() + DAY))
    world.check()
    assert world.code() is Code.WAITING_FOR_ROLLOUT
    world.check(by_person=True)
    assert world.client.state.plan is not None
    assert world.client.state.plan.by_person
    # The check of the service does not take the question away.
    world.check()
    assert world.detail() is Detail.AWAITING_CONSENT
    world.agree()
    world.agree()
    world.restart()
    assert world.code() is Code.UPDATED


def test_release_waits_only_for_its_time(world: World) -> None:
    release = world.repository.add(bundle(2))
    world.repository.roll_out(release, Band(100, world.device.clock.now() + 60))
    world.check()
    assert world.code() is Code.WAITING_FOR_ROLLOUT
    world.wait(60)
    world.check()
    assert world.detail() is Detail.AWAITING_CONSENT


def test_halted_release_is_for_no_person(world: World) -> None:
    world.repository.halt(world.repository.add(bundle(2)), "it blinks")
    world.check(by_person=True)
    assert (world.code(), world.detail()) == (Code.HALTED, Detail.IDLE)


def test_preset_is_asked_as_without_a_rollout(world: World) -> None:
    world.client.handle(events.PresetChanged(1, "main", "never", "alice"))
    world.repository.add(bundle(2))
    world.check()
    assert world.repository.requests == []


def test_secret_is_made_for_a_repository_only() -> None:
    world = World()
    secret = world.device.storage.content(f"{STATE}/{NAME}")
    world.restart()
    assert world.device.storage.content(f"{STATE}/{NAME}") == secret
    other = World(FakeDevice(clock=SimulatedClock(boot="another")))
    assert other.device.storage.content(f"{STATE}/{NAME}") != secret
    without = FakeDevice()
    Client(without.system, STATE, {"main": without.domain()}).start()
    assert not without.storage.exists(f"{STATE}/{NAME}")


# Freshness.


def approved(world: World, phase: Phase) -> None:
    """Leads to the question about a phase, with an answer for which the client has not run yet."""
    world.repository.add(bundle(2))
    world.check()
    while (question := world.client.question()) is not None and question.phase is not phase:
        world.agree()


@pytest.mark.parametrize("staging", list(Staging))
@pytest.mark.parametrize("phase", list(Phase))
def test_stale_plan_refreshes_before_each_phase(staging: Staging, phase: Phase) -> None:
    if phase is Phase.INSTALL and staging is Staging.STREAM:
        phase = Phase.RESTART
    world = World(changes={"staging": staging})
    approved(world, phase)
    world.wait(LIFETIME)
    world.repository.requests.clear()
    world.repository.problem = SourceError("no answer")
    before = dict(world.device.boot.slots)
    world.agree()
    assert world.repository.requests == ["refresh"]
    assert (world.code(), world.client.state.attempts) == (Code.SOURCE_FAILED, 1)
    assert world.client.state.plan is not None
    assert world.device.boot.slots == before
    # Nothing goes on, however often it is tried.
    world.client.run()
    assert world.device.boot.slots == before
    world.repository.problem = None
    world.repository.now = world.device.clock.now()
    world.repository.publish()
    world.client.handle(events.WaitOver(1))
    world.client.run()
    assert world.client.state.attempts == 0
    assert world.detail() in (Detail.AWAITING_CONSENT, Detail.AWAITING_RESTART)
    assert world.slot_b() is (SlotState.TRYING if phase is Phase.RESTART else SlotState.UNBOOTABLE)


@pytest.mark.parametrize("phase", [Phase.DOWNLOAD, Phase.INSTALL, Phase.RESTART])
@pytest.mark.parametrize("withdrawn", [False, True])
def test_halt_reaches_each_phase_once_the_timestamp_has_expired(
    phase: Phase, withdrawn: bool
) -> None:
    world = World(changes={"staging": Staging.STORE})
    approved(world, phase)
    [release] = world.repository.rollouts
    world.repository.withdraw(release) if withdrawn else world.repository.halt(release)
    world.wait(LIFETIME)
    world.repository.now = world.device.clock.now()
    world.repository.publish()
    world.agree()
    assert world.detail() is Detail.IDLE
    assert world.code() is (Code.WITHDRAWN if withdrawn else Code.HALTED)
    assert world.slot_b() is SlotState.UNBOOTABLE
    assert world.client.state.failures == ()
    world.restart()
    assert world.device.boot.booted == "A"


def test_halt_reaches_a_device_that_waits_for_a_restart_with_the_next_check(world: World) -> None:
    approved(world, Phase.RESTART)
    world.agree()
    assert world.slot_b() is SlotState.TRYING
    [release] = world.repository.rollouts
    world.repository.halt(release)
    world.check()
    assert (world.detail(), world.code()) == (Detail.IDLE, Code.HALTED)
    assert world.slot_b() is SlotState.UNBOOTABLE


def test_halt_does_not_reach_a_release_that_is_tried() -> None:
    world = World(changes={"commits_itself": False})
    approved(world, Phase.RESTART)
    world.agree()
    [release] = world.repository.rollouts
    world.repository.halt(release)
    world.wait(2 * LIFETIME)
    world.restart()
    world.check()
    assert world.detail() is Detail.TRYING
    world.client.handle(events.HealthPassed(1, "alice"))
    world.client.run()
    assert world.code() is Code.UPDATED


def test_release_in_the_archive_is_not_withdrawn(world: World) -> None:
    approved(world, Phase.RESTART)
    [release] = world.repository.rollouts
    world.repository.move_to_archive(release)
    world.check()
    assert world.repository.requests[-1] == "find lamp/stable/2.0.bundle"
    world.agree()
    assert world.slot_b() is SlotState.TRYING


def test_watching_a_plan_that_is_fresh_may_fail(world: World) -> None:
    approved(world, Phase.RESTART)
    world.repository.problem = SourceError("no answer")
    world.check()
    assert (world.client.state.attempts, world.client.state.retry_in) == (0, 0)
    world.wait(LIFETIME)
    world.check()
    assert (world.client.state.attempts, world.code()) == (1, Code.SOURCE_FAILED)


def test_source_that_is_not_configured_any_more_stops_the_plan(world: World) -> None:
    approved(world, Phase.DOWNLOAD)
    world.changes["sources"] = []
    client = Client(world.device.system, STATE, {"main": world.device.domain(sources=[])})
    client.start()
    world.client = client
    world.agree()
    assert world.code() is Code.SOURCE_FAILED
    assert world.device.slot("app", "B") == b""


# What the device remembers.


def test_expired_repository_is_rejected_and_named(world: World) -> None:
    world.repository.add(bundle(2))
    world.wait(LIFETIME)
    world.check()
    assert world.code() is Code.REPOSITORY_EXPIRED
    assert world.client.state.attempts == 1
    assert world.client.state.result is not None
    assert world.client.state.result.text.startswith("the repository: timestamp has expired at ")


def test_lost_cache_does_not_lower_the_floors(world: World) -> None:
    old = world.repository.versions
    world.repository.publish()
    world.check()
    world.restart()
    world.repository.versions = replace(old, fresh_until=old.fresh_until)
    world.check()
    assert world.code() is Code.REPOSITORY_ROLLED_BACK
    assert world.client.state.domain("main").repository.timestamp == old.timestamp + 1


def test_image_with_another_repository_starts_anew(world: World) -> None:
    """The maker has lost the root keys of the old one, and the image names a new one."""
    for _ in range(3):
        world.repository.publish()
    world.check()
    other = SimulatedRepository("lamp", world.device.clock.now())
    other.add(bundle(2))
    world.repository = other
    world.start()
    world.check()
    assert world.code() is Code.REPOSITORY_ROLLED_BACK
    domain = world.device.domain(sources=[replace(other.source, root="another root")])
    world.client = Client(world.device.system, STATE, {"main": domain})
    world.client.start()
    world.check()
    assert world.detail() is Detail.AWAITING_CONSENT


@pytest.mark.parametrize("problem", list(Problem))
def test_problem_of_a_repository_is_the_code(world: World, problem: Problem) -> None:
    world.repository.problem = RepositoryRejected(problem, "a text")
    world.check()
    assert world.code() is Code(problem.value)
    assert world.client.state.retry_in > 0


def test_fault_in_a_repository_is_a_source_that_failed(world: World) -> None:
    world.repository.problem = ValueError("a bug")
    world.check()
    assert world.code() is Code.SOURCE_FAILED
    assert world.client.state.result is not None
    assert world.client.state.result.text == "the repository: ValueError: a bug"


def test_device_that_was_off_for_two_months_updates(world: World) -> None:
    world.check()
    world.wait(61 * DAY)
    world.start()
    world.repository.now = world.device.clock.now()
    world.repository.add(bundle(2))
    world.check()
    world.agree()
    world.agree()
    world.restart()
    assert world.code() is Code.UPDATED


def test_plan_of_a_device_that_was_off_for_two_months_goes_on(world: World) -> None:
    approved(world, Phase.RESTART)
    world.wait(61 * DAY)
    world.start()
    world.repository.now = world.device.clock.now()
    world.repository.publish()
    world.agree()
    world.restart()
    assert world.code() is Code.UPDATED


def test_clock_at_1970_counts_as_the_time_seen_last(world: World) -> None:
    world.repository.add(bundle(2))
    world.check()
    seen = world.client.state.seen
    assert seen == world.device.clock.now()
    world.device.clock.set(0)
    client = world.start()
    assert client.at() == seen
    world.wait(60)
    assert client.at() == seen + 60
    world.agree()
    world.agree()
    world.restart()
    assert world.code() is Code.UPDATED


def test_clock_at_1970_does_not_hide_a_freeze() -> None:
    """The device knows no time but that of its image, and how long it has been on."""
    device = FakeDevice()
    real = device.clock.now()
    device.clock.set(0)
    world = World(device, built=real - DAY)
    world.repository.now = real
    world.repository.publish()
    world.check()
    assert world.code() is Code.UP_TO_DATE
    world.wait(2 * DAY)
    world.check()
    assert world.code() is Code.REPOSITORY_EXPIRED


def test_clock_in_the_future_is_not_remembered(world: World) -> None:
    right = world.device.clock.now()
    world.device.clock.set(right + 3650 * DAY)
    world.check()
    assert world.code() is Code.REPOSITORY_EXPIRED
    world.device.clock.set(right)
    world.repository.add(bundle(2))
    world.check()
    assert world.detail() is Detail.AWAITING_CONSENT
