"""Tests of the guide about consent: its question, its profiles, and the questions that they ask."""

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from software_update.client.claimed import Grant
from software_update.client.config import Config, parse_config
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.policies import links_of
from software_update.client.policy.chain import Evaluation, Link, evaluate
from software_update.client.policy.exec_program import ExecProgram
from software_update.client.policy.preset import Preset, StandingAnswer, may_look
from software_update.client.question import Advisory, Component, LogFacts, Phase
from software_update.client.question_text import question_text
from software_update.client.system import System
from software_update.format.claims import Power, TargetClaim
from software_update.testing.configurations import MINIMAL
from software_update.testing.fake_machine import machine
from software_update.testing.questions import NOW, question, situation

PAGE = Path("docs/guides/consent.md").read_text(encoding="utf-8")
# The phases of a release that is streamed into its slot.
PHASES = (Phase.DOWNLOAD, Phase.RESTART)
KINDS = ("security", "feature", "both", None)
BATTERY = "/sys/class/power_supply/BAT0"
READY = {
    "/run/metered": "no",
    f"{BATTERY}/type": "Battery",
    f"{BATTERY}/capacity": "80",
}
NIGHT = situation(local_minute=3 * 60)


def profiles() -> dict[str, Config]:
    """Returns the configuration of each profile on the page, by its heading."""
    found = re.findall(r"^### (A [^\n]+)\n[^`]*```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return {name: parse_config(MINIMAL + "\n" + text, name) for name, text in found}


PROFILES = profiles()
DEVELOPER, CAREFUL, TECHNICIAN = PROFILES


def decide(
    config: Config,
    phase: Phase,
    kind: str | None,
    system: System,
    at: Situation = NIGHT,
    preset: Preset | None = None,
) -> Evaluation:
    [domain] = config.domains
    standing = StandingAnswer(preset or Preset(domain.policy.preset))
    chain = [Link("preset", standing), *links_of(domain.policy, system)]
    return evaluate(chain, question(phase=phase, kind=kind), at, domain.policy.retry)


def test_page_has_three_profiles() -> None:
    assert len(PROFILES) == 3


def texts() -> list[str]:
    """Returns the parts of the page that a terminal shows."""
    return re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_log_and_auditors_on_the_page_are_what_a_terminal_shows() -> None:
    _, shown = texts()
    asked = question(
        log=LogFacts("log.example.com/firmware", ("north", "south")), auditors=("7cdf3a1b5d8e9f02",)
    )
    lines = question_text(asked)
    start = lines.index(shown.splitlines()[0])
    assert lines[start : start + 4] == shown.splitlines()


def test_options_of_disclosure_on_the_page_are_valid() -> None:
    section = PAGE.split("## Ask only about public", 1)[1].split("\n## ")[0]
    first, second = re.findall(r"^```toml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    config = parse_config(f"{MINIMAL}{first.split(']', 1)[1]}{second}", "client.toml")
    [domain] = config.domains
    assert (domain.disclosure.log, domain.disclosure.require_audits) == ("require", 1)
    assert len(domain.disclosure.auditors) == 2


def test_question_on_the_page_is_what_a_terminal_shows() -> None:
    shown = texts()[0]
    radio = TargetClaim("radio.bin", "radio firmware", "application", ("network", "radio"), "mpu")
    asked = question(
        kind="security",
        severity="high",
        duration=180,
        unavailable_functions=("light", "remote control"),
        reversible=False,
        signers=("release manager (7cdf3a1b5d8e9f02)",),
        notes="Lamps answer again after a storm.",
        advisories=(Advisory("CVE-2031-0001", "high", "The radio took any key."),),
        download_installs=True,
        slot="B",
        powers=("network", "radio", "storage"),
        claims=(radio, TargetClaim("colours", "colour tables", "application", ("storage",))),
        components=(Component("radio firmware", "application"),),
        powers_gained=(Power("radio firmware", "network"),),
    )
    assert shown.splitlines() == question_text(asked)


@pytest.mark.parametrize(
    "phase, hour, choice",
    [
        (Phase.RESTART, 8, Choice.DEFER),
        (Phase.RESTART, 20, Choice.ALLOW),
        (Phase.DOWNLOAD, 12, Choice.ALLOW),
    ],
)
def test_program_on_the_page_decides(phase: Phase, hour: int, choice: Choice) -> None:
    [program] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    def run(_: Sequence[str], stdin: bytes) -> bytes:
        argv = [sys.executable, "-c", program]
        return subprocess.run(argv, input=stdin, capture_output=True, check=True).stdout

    policy = ExecProgram(machine(program=run), ["/usr/bin/shop"])
    at = situation(local_minute=hour * 60)
    assert policy.decide(question(phase=phase), at).choice is choice


def test_limits_and_policy_on_the_page_are_valid() -> None:
    section = PAGE.split("## Limit the powers of a release", 1)[1].split("## Choose a preset")[0]
    limits, policy = re.findall(r"^```toml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    [domain] = parse_config(MINIMAL.replace("[domains.main]\n", limits), "page").domains
    assert domain.grant == Grant(("network", "radio", "storage"), ("application", "configuration"))
    config = parse_config(f"{MINIMAL}\n{policy}", "page")
    [domain] = config.domains
    for gained, choice in ((), Choice.ALLOW), ((Power("lamp", "keys"),), Choice.ASK):
        asked = question(powers_gained=gained)
        chain = [Link("preset", StandingAnswer(Preset.AUTO_ALL))]
        chain += links_of(domain.policy, machine())
        assert evaluate(chain, asked, NIGHT, 60).combined.choice is choice


def rows(heading: str) -> Iterator[list[str]]:
    """Yields the cells of the table below a heading of the page."""
    section = PAGE.split(f"{heading}\n", 1)[1]
    table = section[section.index("|---") :].split("\n\n", 1)[0]
    for line in table.splitlines()[1:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def asked_phases(config: Config, kind: str | None) -> str:
    found = [
        phase.value
        for phase in PHASES
        if decide(config, phase, kind, machine(READY)).combined.choice is Choice.ASK
    ]
    return ", ".join(found) or "no question"


def test_table_of_questions_is_true() -> None:
    table = {profile: questions for profile, *questions in rows("### Their questions")}
    assert [*table] == [name[0].lower() + name[1:] for name in PROFILES]
    for (profile, (security, other)), config in zip(table.items(), PROFILES.values(), strict=True):
        assert asked_phases(config, "security") == security, profile
        for kind in ("feature", "both", None):
            assert asked_phases(config, kind) == other, profile


WORDS = {
    "a person is asked": Choice.ASK,
    "no question": Choice.ALLOW,
    "are denied": Choice.DENY,
}


def test_table_of_presets_is_true() -> None:
    table = {Preset(row[0].strip("`")): row[1:] for row in rows("## Choose a preset")}
    assert [*table] == [*Preset]
    plain = parse_config(MINIMAL, "minimal")
    for preset, (security, other, traffic) in table.items():
        assert may_look(preset) == (traffic == "checks")
        for kind, phase in itertools.product(KINDS, Phase):
            decided = decide(plain, phase, kind, machine(), preset=preset).combined
            assert decided.choice is WORDS[security if kind == "security" else other]


def machines() -> Iterator[System]:
    """Yields machines in all states that the profiles look at, and one without any of their files."""
    yield machine()
    for metered, charge, busy in itertools.product(("yes", "no", "?"), ("3", "80"), (True, False)):
        files = {**READY, "/run/metered": metered, f"{BATTERY}/capacity": charge}
        if busy:
            files |= {"/run/debugger": "", "/run/machine/jobs/1": ""}
        yield machine(files)


def situations() -> Iterator[Situation]:
    for hour, postponements, days in itertools.product((3, 12, 23), (0, 3, 99), (0, 100)):
        yield situation(
            local_minute=hour * 60,
            postponements=postponements,
            now=NOW + days * 86400,
            last_install=NOW,
        )


def test_developer_gets_no_question_in_any_situation() -> None:
    decided = {
        decide(PROFILES[DEVELOPER], phase, kind, system, at).combined.choice
        for phase, kind, system, at in itertools.product(Phase, KINDS, machines(), situations())
    }
    assert decided == {Choice.ALLOW, Choice.DEFER}


@pytest.mark.parametrize("profile", PROFILES)
def test_preset_never_causes_no_traffic_and_no_question(profile: str) -> None:
    assert not may_look(Preset.NEVER)
    for phase, kind, system, at in itertools.product(Phase, KINDS, machines(), situations()):
        decided = decide(PROFILES[profile], phase, kind, system, at, Preset.NEVER)
        assert decided.combined.choice is Choice.DENY
        assert decided.after_yes.choice is Choice.DENY


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phase", Phase)
def test_careful_person_is_asked_in_every_situation(phase: Phase, kind: str | None) -> None:
    for system, at in itertools.product(machines(), situations()):
        decided = decide(PROFILES[CAREFUL], phase, kind, system, at).combined
        assert decided.choice is Choice.ASK


@pytest.mark.parametrize(
    "phase, change, hour, waits_for",
    [
        (Phase.RESTART, {}, 12, "quiet_hours"),
        (Phase.RESTART, {f"{BATTERY}/capacity": "20"}, 3, "power"),
        (Phase.DOWNLOAD, {f"{BATTERY}/capacity": "20"}, 12, "power"),
        (Phase.DOWNLOAD, {}, 12, None),
        (Phase.RESTART, {}, 3, None),
    ],
)
def test_yes_of_the_careful_person_waits_for_the_night_and_the_battery(
    phase: Phase, change: dict[str, str], hour: int, waits_for: str | None
) -> None:
    at = situation(local_minute=hour * 60)
    decided = decide(PROFILES[CAREFUL], phase, "security", machine({**READY, **change}), at)
    deferring = [name for name, each in decided.decisions if each.choice is Choice.DEFER]
    assert deferring == ([waits_for] if waits_for else [])
    assert decided.after_yes.choice is (Choice.DEFER if waits_for else Choice.ALLOW)


def test_careful_person_reads_that_the_network_is_metered() -> None:
    system = machine({**READY, "/run/metered": "yes"})
    decided = dict(decide(PROFILES[CAREFUL], Phase.DOWNLOAD, "security", system).decisions)
    assert decided["metered"].choice is Choice.ASK


@pytest.mark.parametrize(
    "files, hour, choice",
    [
        ({}, 23, Choice.ALLOW),
        ({}, 12, Choice.DEFER),
        ({"/run/machine/jobs/7": ""}, 23, Choice.DEFER),
    ],
)
def test_security_releases_of_the_fleet_wait_for_the_night_and_idle_machines(
    files: dict[str, str], hour: int, choice: Choice
) -> None:
    for phase in Phase:
        at = situation(local_minute=hour * 60)
        decided = decide(PROFILES[TECHNICIAN], phase, "security", machine(files), at)
        assert decided.combined.choice is choice


def test_restart_that_a_technician_put_off_three_times_needs_an_answer() -> None:
    at = situation(local_minute=23 * 60, postponements=3)
    decided = decide(PROFILES[TECHNICIAN], Phase.RESTART, "security", machine(), at).combined
    reason = "it has been put off 3 times, and may not be put off again; answer yes or no"
    assert decided == Decision(Choice.ASK, reason)


def test_approvers_of_each_profile() -> None:
    groups = [config.approvers.groups for config in PROFILES.values()]
    assert groups == [set(), {"household"}, {"technicians"}]
