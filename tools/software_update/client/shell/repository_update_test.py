"""Whole updates from a repository that the real publisher wrote, over HTTP on loopback, into real folders."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from software_update.client.question import Phase
from software_update.client.rollout_secret import NAME
from software_update.client.shell.build import build_client, read_config
from software_update.client.shell.callers import this_process
from software_update.client.shell.client import Client
from software_update.client.shell.control import ActionRefused, Control
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.network import UrllibNetwork
from software_update.client.shell.programs import MachinePrograms
from software_update.client.simulator.machine import SimulatedClock
from software_update.client.state import Code, Detail, Reply
from software_update.client.system import System
from software_update.format.rollout import place
from software_update.testing.bundle_server import Answer, BundleServer, Request, serve
from software_update.testing.repositories import DAY, NOW, Release, RepositoryFolder

APP = b"measures\n" * 10_000
LIFETIME = DAY


def release(number: int, minimum: int | None = None) -> Release:
    app = APP + b"%d" % number
    return Release(f"1.{number}", number, contents={"app": app}, minimum=minimum)


def from_folder(folder: Path) -> Callable[[Request, Answer], Answer]:
    """Returns the answers of a server with the files of a folder."""

    def answer(request: Request, _: Answer) -> Answer:
        path = folder / request.path.lstrip("/")
        if not path.is_file():
            return Answer(404, {})
        content = path.read_bytes()
        return BundleServer(content, etag=f'"{len(content)}"').answer(request)

    return answer


@dataclass
class World:
    """A publisher, a server, and a device that runs version 1.1, with one clock."""

    repository: RepositoryFolder
    server: BundleServer
    folder: Path
    clock: SimulatedClock

    def __post_init__(self) -> None:
        for slot in "AB":
            (self.folder / slot).mkdir(parents=True)
        (self.folder / "A/app").write_bytes(release(1).contents["app"])
        (self.folder / "current").symlink_to("A")
        slots = f'slots = {{A = "{self.folder}/A", B = "{self.folder}/B"}}'
        self.config = self.folder / "client.toml"
        self.config.write_text(f"""
vendor = "Example Meters Ltd"
state = "{self.folder}/state"

[domains.main]
root = "{self.repository.product_root}"
slots = ["A", "B"]
restart = ["/bin/true"]
boot = {{type = "directory", link = "{self.folder}/current", {slots}}}
installers = [{{type = "directory", targets = ["*"], {slots}}}]
[[domains.main.sources]]
type = "repository"
url = "http://127.0.0.1:{self.server.port}"
root = "{self.repository.root}"
product = "meter"
channel = "stable"
""")
        self.start()
        first = str(self.repository.bundle_file(release(1)))
        self.control.provision(this_process(), self.control.manifest_of(first), None)

    def start(self) -> None:
        """Starts the client, as after a start of the device."""
        self.storage = MachineStorage()
        system = System(self.storage, MachinePrograms(), self.clock, UrllibNetwork())
        config = read_config(system, str(self.config), check_owners=False)
        self.client: Client = build_client(config, system)
        self.control = Control(self.client, config.approvers)
        self.client.start()
        self.client.run()

    def stop(self) -> None:
        self.storage.unlock()

    def wait(self, seconds: int) -> None:
        """Lets time pass for the device and the publisher."""
        self.clock.advance(seconds)
        self.repository.now += seconds

    def check(self) -> None:
        """Checks as the service does."""
        self.client.check("main")
        self.client.run()

    def check_by_person(self) -> None:
        self.control.check(this_process())
        self.client.run()

    def agree(self) -> None:
        self.control.answer(this_process(), Reply.YES)
        self.client.run()

    def install(self) -> None:
        """Agrees to all questions. The program restart starts the application in the other slot."""
        while self.client.state.detail is Detail.AWAITING_CONSENT:
            self.agree()

    def code(self) -> Code | None:
        return self.client.state.result.code if self.client.state.result else None

    def detail(self) -> Detail:
        return self.client.state.detail

    def runs(self) -> bytes:
        return (self.folder / "current/app").read_bytes().removeprefix(APP)

    def percent(self, version: Release) -> int:
        """Returns the least percentage that reaches this device."""
        secret = (self.folder / "state" / NAME).read_bytes()
        return place(secret, version.digest) * 100 // 2**32 + 1


@pytest.fixture(name="world")
def world_fixture(tmp_path: Path) -> Iterator[World]:
    repository = RepositoryFolder(tmp_path / "publisher")
    repository.add(release(1))
    with serve(b"") as server:
        server.change = from_folder(repository.path)
        world = World(repository, server, tmp_path / "device", SimulatedClock(NOW))
        yield world
        world.stop()


def test_update_and_a_second_release_in_bands_and_a_halt(world: World) -> None:
    world.check()
    assert world.code() is Code.UP_TO_DATE
    second = release(2)
    world.repository.add(second)
    world.check()
    assert world.code() is Code.NOT_ROLLED_OUT
    world.repository.rollout("1.2", (100, NOW))
    world.check()
    plan = world.client.state.plan
    assert plan is not None
    assert (plan.release, plan.by_person) == (second.digest, False)
    world.install()
    assert (world.code(), world.runs()) == (Code.UPDATED, b"2")

    third = release(3)
    world.repository.add(third)
    percent = world.percent(third)
    bands = [(each, at) for each, at in ((percent - 1, NOW), (percent, NOW + 3600)) if each]
    world.repository.rollout("1.3", *bands)
    world.check()
    assert world.code() is Code.WAITING_FOR_ROLLOUT
    world.wait(3600)
    world.check()
    world.agree()
    assert world.client.state.plan is not None
    assert world.client.state.plan.phase is Phase.RESTART
    world.repository.halt("1.3", "it counts backwards")
    world.check()
    assert (world.detail(), world.code(), world.runs()) == (Detail.IDLE, Code.HALTED, b"2")
    assert world.client.state.result is not None
    assert world.client.state.result.text.endswith("by its publisher: it counts backwards")
    world.check_by_person()
    assert world.code() is Code.HALTED


def test_person_need_not_wait_and_goes_over_a_stepping_stone(world: World) -> None:
    world.repository.add(release(2), release(3, minimum=2))
    world.check_by_person()
    question = world.client.question()
    assert question is not None
    assert (question.to_version, question.later_versions) == ("1.2", ("1.3",))
    world.install()
    world.check_by_person()
    world.install()
    assert world.runs() == b"3"
    lines = world.control.history()["lines"]
    offers = [line["rollout"] for line in lines if line["event"] == "Offered"]
    assert offers == ["a person need not wait for it"] * 2


def test_halt_reaches_a_plan_with_the_end_of_the_timestamp(world: World) -> None:
    world.repository.add(release(2))
    world.repository.rollout("1.2", (100, NOW))
    world.check()
    world.agree()
    world.wait(LIFETIME - 60)
    world.repository.halt("1.2")
    world.wait(60)
    world.agree()
    assert (world.detail(), world.code(), world.runs()) == (Detail.IDLE, Code.HALTED, b"1")


def test_withdrawn_release_is_not_downloaded(world: World) -> None:
    world.repository.add(release(2))
    world.check_by_person()
    world.repository.withdraw("1.2")
    world.stop()
    world.start()
    world.agree()
    assert (world.detail(), world.code()) == (Detail.IDLE, Code.WITHDRAWN)
    assert not (world.folder / "B/app").exists()


def test_freeze_is_rejected_and_the_device_updates_after_two_months(world: World) -> None:
    world.repository.add(release(2))
    world.repository.rollout("1.2", (100, NOW))
    world.check()
    world.stop()
    world.wait(61 * DAY)
    world.start()
    world.agree()
    assert (world.code(), world.detail()) == (Code.REPOSITORY_EXPIRED, Detail.DOWNLOADING)
    assert world.client.state.retry_in > 0
    with pytest.raises(ActionRefused):
        world.check_by_person()
    world.repository.refresh()
    world.control.cancel(this_process())
    world.check_by_person()
    world.agree()
    world.install()
    assert (world.code(), world.runs()) == (Code.UPDATED, b"2")


@pytest.mark.parametrize("lost", ["all", "each file torn"])
def test_lost_cache_costs_requests_and_no_floor(world: World, lost: str) -> None:
    timestamp = world.repository.path / "metadata/timestamp.json"
    world.check()
    old = timestamp.read_bytes()
    world.repository.add(release(2))
    world.check()
    cache = world.folder / "state/repository_main"
    for each in cache.rglob("*"):
        if each.is_file() and not each.is_symlink():
            each.unlink() if lost == "all" else each.write_bytes(each.read_bytes()[:20])
    new = timestamp.read_bytes()
    timestamp.write_bytes(old)
    world.stop()
    world.start()
    world.check_by_person()
    assert world.code() is Code.REPOSITORY_ROLLED_BACK
    timestamp.write_bytes(new)
    world.check_by_person()
    assert world.detail() is Detail.AWAITING_CONSENT
