"""Tests of the client with a part of the device whose slots are folders, and no boot loader."""

from collections.abc import Sequence

import pytest

from software_update.client import events
from software_update.client.boot.directory import DirectoryBoot
from software_update.client.boot_control import SlotState
from software_update.client.config import Approvers
from software_update.client.domain import Domain, HealthCheck, Place
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.client.state import Answer, Code, Detail, Reply
from software_update.client.system import ProgramResult
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice

SLOTS = {"A": "/srv/A", "B": "/srv/B"}
LINK = "/srv/current"
RESTART = "restart-app"


class Application:
    """A device whose application starts from the link. `healthy` is the answer of its health check."""

    def __init__(self, restarts: str = "application") -> None:
        self.device = FakeDevice()
        self.device.offer(e.bundle({"app.py": b"new"}, version=7))
        self.device.storage.put("/srv/A/app.py", b"old")
        self.device.storage.make_link("A", LINK)
        self.device.storage.sync_all()
        self.healthy = True
        self.restart_exit = 0
        self.restarted_by_a_person = False
        self.starts: list[str] = []
        self.device.programs.programs = {RESTART: self.restart, "health": self.health}
        self.boot = DirectoryBoot(self.device.storage, LINK, SLOTS, tries=2, restarts=restarts)

    def restart(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        self.starts.append(str(self.device.storage.read_link(LINK)))
        return ProgramResult(self.restart_exit, b"", b"")

    def health(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        return ProgramResult(0 if self.healthy else 1, b"", b"")

    def domain(self, commits_itself: bool) -> Domain:
        return self.device.domain(
            boot=self.boot,
            places=[Place(("app.py",), DirectoryInstaller(self.device.storage, SLOTS))],
            restart=() if self.restarted_by_a_person else (RESTART,),
            health=[HealthCheck(("health",), 5.0)],
            commits_itself=commits_itself,
        )

    def client(self, boot_id: str = "boot-1", *, commits_itself: bool = True) -> Client:
        """Starts the client, on a machine that has started if `boot_id` is a new one."""
        self.device.clock.boot = boot_id
        client = Client(self.device.system, STATE, {"main": self.domain(commits_itself)})
        client.start()
        client.run()
        return client


def agree(client: Client) -> None:
    question = client.question()
    assert question is not None
    answer = Answer(question.release, question.root, question.phase, Reply.YES, "alice", 9, None)
    assert client.handle(events.Answered(9, answer))
    client.run()


def restart_for_update(application: Application, *, commits_itself: bool = True) -> Client:
    """Looks, installs and restarts; then the client asks which slot runs, as the service does."""
    client = application.client(commits_itself=commits_itself)
    client.check("main")
    client.run()
    agree(client)
    assert application.starts == []
    agree(client)
    client.handle(events.Started(client.now(), client.boot_status()))
    client.run()
    return client


def code(client: Client) -> Code | None:
    return client.state.result.code if client.state.result else None


def test_application_is_updated_and_committed() -> None:
    application = Application()
    client = restart_for_update(application)
    assert application.starts == ["B"]
    assert code(client) == Code.UPDATED
    assert application.boot.status().booted == "B"
    assert application.boot.status().slots["B"] == SlotState.GOOD
    assert application.device.storage.content("/srv/current/app.py") == b"new"


def test_application_that_is_not_healthy_runs_from_the_slot_before() -> None:
    application = Application()
    application.healthy = False
    client = restart_for_update(application)
    client.handle(events.Started(client.now(), client.boot_status()))
    client.run()
    assert application.starts == ["B", "A"]
    assert application.boot.status().booted == "A"
    assert application.boot.status().slots["B"] == SlotState.UNBOOTABLE
    assert code(client) == Code.HEALTH_FAILED


def test_restart_that_fails_is_rolled_back() -> None:
    application = Application()
    application.restart_exit = 1
    client = restart_for_update(application)
    assert code(client) == Code.HEALTH_FAILED
    assert application.starts[:2] == ["B", "A"]
    assert application.boot.status().slots["B"] == SlotState.UNBOOTABLE


def test_restart_of_the_machine_is_counted_after_it() -> None:
    application = Application(restarts="machine")
    client = restart_for_update(application)
    assert client.state.detail == Detail.AWAITING_RESTART
    assert application.boot.status().booted == "A"
    client = application.client("boot-2")
    assert code(client) == Code.UPDATED


def test_new_start_of_the_client_is_not_a_start_of_the_application() -> None:
    application = Application()
    restart_for_update(application, commits_itself=False)
    for _ in range(5):
        client = application.client("boot-1", commits_itself=False)
        assert client.state.detail == Detail.TRYING


def test_machine_that_starts_too_often_without_a_commit_falls_back() -> None:
    application = Application()
    restart_for_update(application, commits_itself=False)
    assert application.client("boot-2", commits_itself=False).state.detail == Detail.TRYING
    client = application.client("boot-3", commits_itself=False)
    assert application.starts == ["B", "A"]
    assert application.boot.status().booted == "A"
    assert client.state.detail != Detail.TRYING
    assert application.boot.status().slots["B"] != SlotState.TRYING


def test_restart_program_that_is_missing_is_a_problem_of_the_client() -> None:
    application = Application()
    restart_for_update(application, commits_itself=False)
    application.client("boot-2", commits_itself=False)
    del application.device.programs.programs[RESTART]
    client = application.client("boot-3", commits_itself=False)
    assert client.problem.startswith("domain 'main' does not restart: ")


def test_restart_by_a_person_is_counted() -> None:
    application = Application()
    application.restarted_by_a_person = True
    client = restart_for_update(application)
    assert (client.state.detail, application.starts) == (Detail.AWAITING_RESTART, [])
    control = Control(client, Approvers(frozenset({"alice"}), frozenset()))
    control.restart_done(Caller("alice", frozenset()))
    client.run()
    assert code(client) == Code.UPDATED


@pytest.mark.parametrize("boot_id", ["boot-1", "boot-2"])
def test_power_cut_before_the_restart(boot_id: str) -> None:
    """The link leads to B already, and the application runs from it only if the machine has started."""
    application = Application()
    client = application.client()
    client.check("main")
    client.run()
    agree(client)
    application.boot.try_slot("B")
    client = application.client(boot_id)
    assert application.boot.status().booted == ("A" if boot_id == "boot-1" else "B")
