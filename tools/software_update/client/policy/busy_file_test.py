"""Tests of busy files."""

import pytest

from software_update.client.decision import Choice, Decision
from software_update.client.policy.busy_file import BusyFile
from software_update.testing.fake_machine import machine
from software_update.testing.questions import QUESTION, SITUATION


@pytest.mark.parametrize(
    "file, decision",
    [
        ("/run/busy", Decision(Choice.DEFER, "the device is busy: /run/busy exists")),
        ("/run/jobs/print", Decision(Choice.DEFER, "the device is busy: /run/jobs has entries")),
        ("/run/other", Decision(Choice.ALLOW, "the device is not busy")),
    ],
)
def test_busy_files_and_folders(file: str, decision: Decision) -> None:
    policy = BusyFile(machine({file: ""}), files=["/run/busy"], folders=["/run/jobs"])
    assert policy.decide(QUESTION, SITUATION) == decision
