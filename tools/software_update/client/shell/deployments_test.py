"""Whole updates that hawkBit assigns: consent, confirmation, cancellation and feedback."""

import json
from collections.abc import Iterator

import pytest

from software_update.client import events
from software_update.client.boot_control import SlotState
from software_update.client.history_entry import history_entry
from software_update.client.question import Phase
from software_update.client.shell.client import Client
from software_update.client.shell.deployments import interval_of
from software_update.client.shell.mailers import SourceReceiver, mailers_of
from software_update.client.shell.network import UrllibNetwork
from software_update.client.sources.ddi import DdiSettings, DdiSource
from software_update.client.sources.ddi_messages import Message
from software_update.client.state import Answer, Code, Detail, Reply, Staging, offered_by
from software_update.client.status import Facts, status_document
from software_update.client.system import System
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.fake_hawkbit import DEVICE, TOKEN, FakeHawkbit, hawkbit

APP = b"application\n" * 10_000
MANIFEST = b'{"schema": "software_update.release_manifest.v1"}'
CONTENTS = {"user_manifest": MANIFEST, "app": APP, "boot": b"bootloader\n"}


@pytest.fixture(name="server")
def server_fixture() -> Iterator[FakeHawkbit]:
    with hawkbit(e.bundle(CONTENTS, version=7)) as server:
        yield server


class Fixture:
    """A device, and its messages, which `deliver` sends."""

    def __init__(self, server: FakeHawkbit, staging: Staging = Staging.STREAM) -> None:
        self.device = FakeDevice()
        self.device.storage.put("/etc/id", DEVICE.encode())
        self.device.storage.put("/etc/token", TOKEN.encode())
        self.server = server
        self.staging = staging
        self.messages: list[Message] = []
        self.start()

    def start(self) -> None:
        """Starts the client, or the device, again. Messages that were not delivered are lost."""
        device = self.device
        system = System(device.storage, device.programs, device.clock, UrllibNetwork())
        settings = DdiSettings(self.server.url, "/etc/id", token_file="/etc/token")
        self.source = DdiSource(system, device.clock.advance, settings)
        self.messages.clear()
        self.source.outbox = self.messages.append
        domain = device.domain(sources=[self.source], staging=self.staging)
        self.client = Client(system, STATE, {"main": domain})
        self.client.start()
        self.client.run()

    def check(self) -> None:
        self.client.check("main")
        self.client.run()

    def answer(self, reply: Reply = Reply.YES) -> None:
        question = self.client.question()
        assert question is not None
        answer = Answer(question.release, question.root, question.phase, reply, "alice", 9, None)
        assert self.client.handle(events.Answered(9, answer))
        self.client.run()

    def deliver(self) -> None:
        for message in self.messages:
            self.source.deliver(message)
        self.messages.clear()

    def restart(self) -> None:
        self.device.boot.start()
        self.start()

    @property
    def detail(self) -> Detail:
        return self.client.state.detail

    @property
    def code(self) -> Code | None:
        result = self.client.state.result
        return result.code if result else None


def test_forced_deployment_waits_for_consent(server: FakeHawkbit) -> None:
    server.assign(10)
    device = Fixture(server)
    device.check()
    assert device.detail == Detail.AWAITING_CONSENT
    device.deliver()
    assert server.received == []
    assert device.device.slot("app", "B") == b""


def test_update_is_told_until_its_end(server: FakeHawkbit) -> None:
    server.assign(10)
    device = Fixture(server)
    device.check()
    device.answer()
    device.answer()
    device.deliver()
    device.restart()
    assert device.code == Code.UPDATED
    device.deliver()
    resource = "deploymentBase/10/feedback"
    assert server.feedback() == [
        (resource, "proceeding", "none"),
        (resource, "proceeding", "none"),
        (resource, "proceeding", "none"),
        (resource, "proceeding", "none"),
        (resource, "closed", "success"),
    ]
    details = [body["status"]["details"][0] for _, body in server.received]
    assert details[-1] == "UPDATED: main 7 is installed"
    assert server.state == "finished"
    device.check()
    assert (device.code, device.messages) == (Code.UP_TO_DATE, [])


def test_consent_is_the_confirmation(server: FakeHawkbit) -> None:
    server.assign(10, confirm=True)
    device = Fixture(server)
    device.check()
    device.deliver()
    assert (server.state, server.received) == ("wait_for_confirmation", [])
    device.answer()
    device.deliver()
    assert server.state == "running"
    assert server.received[0][1]["confirmation"] == "confirmed"
    device.answer()
    device.restart()
    device.deliver()
    assert server.state == "finished"


def test_feedback_goes_to_the_newest_action_with_the_same_release(server: FakeHawkbit) -> None:
    server.assign(10, confirm=True)
    device = Fixture(server)
    device.check()
    server.assign(11)
    device.check()
    device.answer()
    device.deliver()
    assert {resource for resource, _ in server.received} == {"deploymentBase/11/feedback"}


def test_refusal_denies_the_confirmation_and_may_be_taken_back(server: FakeHawkbit) -> None:
    server.assign(10, confirm=True)
    device = Fixture(server)
    device.check()
    device.answer(Reply.NO)
    device.deliver()
    assert server.state == "wait_for_confirmation"
    assert server.received[0][1]["confirmation"] == "denied"
    number = len(server.received)
    device.check()
    device.deliver()
    assert (device.code, len(server.received)) == (Code.DECLINED, number)
    plan = device.client.state.plan
    assert plan is not None
    yes = Answer(plan.release, plan.root, Phase.DOWNLOAD, Reply.YES, "alice", 9, None)
    assert device.client.handle(events.Answered(9, yes))
    device.client.run()
    device.deliver()
    assert server.state == "running"


def test_bundle_that_is_refused_is_a_failure(server: FakeHawkbit) -> None:
    server.server.content = e.bundle(CONTENTS, version=7)[:-1] + b"x"
    server.assign(10)
    device = Fixture(server)
    device.check()
    device.answer()
    device.deliver()
    assert device.detail == Detail.FINISHED
    assert server.feedback()[-1] == ("deploymentBase/10/feedback", "closed", "failure")
    assert server.received[-1][1]["status"]["details"][0].startswith("REFUSED: ")


def test_bundle_that_is_rejected_at_once_is_a_failure(server: FakeHawkbit) -> None:
    server.server.content = b"not a bundle"
    server.assign(10)
    device = Fixture(server)
    device.check()
    device.check()
    device.deliver()
    assert server.feedback() == [("deploymentBase/10/feedback", "closed", "failure")]


def test_result_that_was_lost_is_told_after_the_next_poll(server: FakeHawkbit) -> None:
    server.assign(10, confirm=True)
    device = Fixture(server)
    device.check()
    device.answer()
    device.answer()
    device.restart()
    device.start()
    assert server.state == "wait_for_confirmation"
    device.check()
    device.deliver()
    assert server.state == "finished"


def test_server_that_fails_changes_no_outcome(server: FakeHawkbit) -> None:
    server.assign(10)
    device = Fixture(server)
    device.check()
    device.answer()
    server.fails_with = 500
    device.check()
    device.answer()
    device.restart()
    assert device.code == Code.UPDATED


@pytest.mark.parametrize("staging", list(Staging))
def test_cancelled_action_ends_the_plan(server: FakeHawkbit, staging: Staging) -> None:
    server.assign(10)
    device = Fixture(server, staging)
    device.check()
    device.answer()
    assert device.detail == Detail.AWAITING_CONSENT
    server.cancel()
    device.check()
    assert device.code == Code.WITHDRAWN
    assert device.device.boot.slots["B"] == SlotState.UNBOOTABLE
    device.deliver()
    assert server.state == "canceled"
    assert server.feedback()[-1] == ("cancelAction/10/feedback", "closed", "success")


def test_question_about_a_cancelled_action_ends(server: FakeHawkbit) -> None:
    server.assign(10)
    device = Fixture(server)
    device.check()
    server.cancel()
    device.check()
    assert (device.detail, device.client.state.plan) == (Detail.IDLE, None)
    device.deliver()
    assert server.state == "canceled"


def test_action_that_is_cancelled_before_the_download(server: FakeHawkbit) -> None:
    server.assign(10)
    device = Fixture(server)
    device.check()
    server.cancel()
    device.answer()
    assert device.code == Code.WITHDRAWN
    device.deliver()
    assert server.state == "canceled"


def test_release_that_is_tried_is_not_cancelled(server: FakeHawkbit) -> None:
    server.assign(10)
    device = Fixture(server)
    device.check()
    device.answer()
    device.answer()
    device.device.boot.start()
    device.client.domains["main"] = device.device.domain(
        sources=[device.source], commits_itself=False
    )
    assert device.client.handle(device.client.started())
    device.client.run()
    assert device.detail == Detail.TRYING
    server.cancel()
    device.check()
    assert device.detail == Detail.TRYING
    device.deliver()
    assert server.feedback()[-1] == ("cancelAction/10/feedback", "rejected", "none")


def test_history_and_status_say_that_hawkbit_offered_it(server: FakeHawkbit) -> None:
    server.assign(10)
    device = Fixture(server)
    device.check()
    state = device.client.state
    plan = state.plan
    assert plan is not None
    assert offered_by(plan) == "hawkBit, action 10"
    entry = history_entry(
        device.client.state, events.Offered(9, plan), state.with_domain("x", state.domain("x"))
    )
    assert entry is not None
    assert entry["offered_by"] == "hawkBit, action 10"
    document = status_document(state, Facts(("main",)))
    assert document["plan"]["offered_by"] == "hawkBit, action 10"


def test_interval_is_that_of_the_server(server: FakeHawkbit) -> None:
    device = Fixture(server)
    domains = device.client.domains
    assert interval_of(domains, 21600) == 21600
    device.check()
    assert interval_of(domains, 21600) == 300


def test_messages_are_sent_by_a_thread(server: FakeHawkbit) -> None:
    device = Fixture(server)
    [mailer] = mailers_of(device.client.domains, device.device.system, STATE)
    assert device.source.outbox == mailer.add
    receiver = SourceReceiver(device.source)
    server.assign(10)
    receiver.send(
        json.dumps(
            {"method": "PUT", "resource": "configData", "body": {"data": {"a": "b"}}}
        ).encode()
    )
    assert server.received == [("configData", {"data": {"a": "b"}})]
