"""Tests of the policies that a configuration describes."""

import json
from collections.abc import Sequence

import pytest

from software_update.client.config import PolicyConfig, parse_config
from software_update.client.config_options import POLICIES
from software_update.client.decision import Choice
from software_update.client.policies import links_of, postponement_of
from software_update.client.policy.chain import Evaluation, evaluate
from software_update.client.policy.exec_program import PROTOCOL
from software_update.client.policy.postponement import Postponement
from software_update.client.question import Phase
from software_update.client.system import System
from software_update.format.claims import Power
from software_update.testing.configurations import with_lines
from software_update.testing.fake_machine import machine
from software_update.testing.questions import NOW, question, situation

ALL = """
[policy]
quiet_hours = {windows = ["02:00-04:00"]}
metered = {file = "/run/metered", choice = "defer"}
power = {file = "/run/charge", minimum_percent = 30}
busy_file = {files = ["/run/busy"], phases = ["restart"]}
minimum_interval = {interval = "7d"}
postponement = {times = 2, days = 5}
powers_gained = {}
exec_program = {program = ["/bin/decide"], timeout = "5s"}
"""
FILES = {"/run/metered": "no", "/run/charge": "90"}
NAMES = [*POLICIES]


def policy_of(text: str) -> PolicyConfig:
    return parse_config(with_lines(text), "client.toml").domains[0].policy


def approve(argv: Sequence[str], stdin: bytes) -> bytes:
    return json.dumps({"protocol": PROTOCOL, "choice": "allow", "reason": "fine"}).encode()


def decide(system: System, phase: Phase = Phase.RESTART, hour: int = 3) -> Evaluation:
    chain = links_of(policy_of(ALL), system)
    at = situation(local_minute=hour * 60, last_install=NOW - 8 * 86400)
    return evaluate(chain, question(phase=phase), at, 60)


@pytest.mark.parametrize("phase", [Phase.DOWNLOAD, Phase.RESTART])
def test_configured_policies_decide_in_order(phase: Phase) -> None:
    decided = decide(machine(FILES, approve), phase)
    other = "busy_file" if phase is Phase.DOWNLOAD else "metered"
    assert [*dict(decided.decisions)] == [each for each in NAMES if each != other]
    assert {each.choice for _, each in decided.decisions} == {Choice.ALLOW}


@pytest.mark.parametrize(
    "name, system, phase, hour",
    [
        ("quiet_hours", machine(FILES, approve), Phase.RESTART, 5),
        ("metered", machine({**FILES, "/run/metered": "yes"}, approve), Phase.DOWNLOAD, 3),
        ("power", machine({**FILES, "/run/charge": "29"}, approve), Phase.RESTART, 3),
        ("busy_file", machine({**FILES, "/run/busy": ""}, approve), Phase.RESTART, 3),
        ("exec_program", machine(FILES), Phase.RESTART, 3),
    ],
)
def test_configured_policy_defers(name: str, system: System, phase: Phase, hour: int) -> None:
    decided = dict(decide(system, phase, hour).decisions)
    assert decided.pop(name).choice is Choice.DEFER
    assert {each.choice for each in decided.values()} == {Choice.ALLOW}


def test_options_reach_the_interval_and_the_cap() -> None:
    assert postponement_of(policy_of(ALL)) == Postponement(times=2, days=5)
    assert postponement_of(policy_of("")) is None
    chain = links_of(policy_of(ALL), machine(FILES, approve))
    at = situation(local_minute=180, last_install=NOW - 6 * 86400)
    decided = dict(evaluate(chain, question(), at, 60).decisions)
    assert decided["minimum_interval"].until == NOW + 86400


@pytest.mark.parametrize("choice", [Choice.ASK, Choice.DENY])
def test_choice_about_more_powers(choice: Choice) -> None:
    policy = policy_of(f"[policy.powers_gained]\nchoice = '{choice.name.lower()}'")
    gained = question(powers_gained=(Power("radio", "network"),))
    assert evaluate(links_of(policy, machine()), gained, situation(), 60).combined.choice is choice


def test_configuration_without_policies_has_none() -> None:
    assert links_of(policy_of(""), machine()) == ()


def test_metered_program_is_run() -> None:
    policy = policy_of("[policy]\nmetered = {program = ['/bin/metered'], most_bytes = '1kB'}")
    chain = links_of(policy, machine(program=lambda *_: b"yes\n"))
    assert evaluate(chain, question(), situation(), 60).combined.choice is Choice.ASK
