"""Tests of the actions by name: members that are missing, and those that are not valid."""

from typing import Any

import pytest

from software_update.base.errors import SoftwareUpdateError, UsageError
from software_update.client.config import Approvers
from software_update.client.shell.actions import ACTIONS
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice

ROOT = Caller("root", frozenset(), own=True)
CONTENTS = {"app": b"application\n", "boot": b"bootloader\n"}


@pytest.fixture
def control() -> Control:
    device = FakeDevice()
    device.offer(e.bundle(CONTENTS, version=7))
    client = Client(device.system, STATE, {"main": device.domain()})
    client.start()
    return Control(client, Approvers(frozenset(), frozenset()))


def act(control: Control, name: str, **fields: object) -> dict[str, Any]:
    return ACTIONS[name].act(control, ROOT, fields)


def test_check_then_an_answer_with_its_release(control: Control) -> None:
    release = act(control, "check", domain="main")["plan"]["release"]
    status = act(
        control, "answer", release=release[:16], reply="later", until="2031-01-01T00:00:00Z"
    )
    assert status["not_before"] == "2031-01-01T00:00:00Z"
    assert act(control, "answer", release=release, reply="never")["result"]["code"] == "DECLINED"


@pytest.mark.parametrize(
    ("name", "fields", "text"),
    [
        ("answer", {"reply": "yes"}, "release is missing"),
        ("answer", {"release": "0", "reply": "maybe"}, "reply: must be one of yes, no"),
        ("answer", {"release": "0"}, "reply: must be one of yes, no"),
        ("answer", {"release": "0", "reply": "yes", "phases": [7]}, "phases: must be one of"),
        ("install", {}, "path is missing"),
        ("policy", {}, "preset is missing"),
    ],
)
def test_member_that_is_missing_or_wrong_is_named(
    control: Control, name: str, fields: dict[str, object], text: str
) -> None:
    with pytest.raises(UsageError, match=text):
        act(control, name, **fields)


@pytest.mark.parametrize("name", ["commit", "rollback"])
def test_action_without_an_update_is_refused(control: Control, name: str) -> None:
    with pytest.raises(SoftwareUpdateError, match="in the state Idle"):
        act(control, name)


def test_other_actions_return_the_status(control: Control) -> None:
    assert act(control, "policy", preset="never")["domains"]["main"]["preset"] == "never"
    assert act(control, "clear")["detail"] == "Idle"
    assert act(control, "restart-done")["detail"] == "Idle"
