"""Tests of the presets for four consumers: the client reads each, and decides as the page says."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from software_update.attachments.audits import audit_name
from software_update.attachments.sign import sign_statement
from software_update.attachments.statement import TEST_RESULT, Statement, build_statement
from software_update.client.claimed import check_claims
from software_update.client.config import Config, parse_config
from software_update.client.decision import Choice, Situation
from software_update.client.disclosure import disclose
from software_update.client.domain import Domain
from software_update.client.policy.chain import Link, evaluate
from software_update.client.policy.preset import Preset, StandingAnswer
from software_update.client.question import Phase
from software_update.client.shell.build import build_domain
from software_update.format.claims import Power
from software_update.format.refusals import NotDisclosed
from software_update.signing.signers import FileSigner
from software_update.testing import encode as e
from software_update.testing.fake_machine import machine
from software_update.testing.judge import release_of
from software_update.testing.memory_log import COSIGNED, MemoryLog, MemoryWitness, policy_text
from software_update.testing.questions import question, situation
from software_update.testing.signers import TARGETS_KEY, public_pem, signer
from software_update.transparency.record import record_of

FOLDER = Path("docs/guides/presets")
PAGE = Path("docs/guides/choose_for_your_consumer.md").read_text(encoding="utf-8")
NAMES = ("developer", "public_figure", "aircraft", "smart_speaker")
DAY = 24 * 60 * 60
NIGHT, NOON = 3 * 60, 12 * 60

WITNESS = MemoryWitness()
AUDITORS = (301, 302, 303)
RELEASE = release_of(
    e.bundle(
        {
            "user_manifest": json.dumps(
                {
                    "schema": "software_update.release.v1",
                    "product": "lamp",
                    "version": "1.0",
                    "release_counter": 7,
                }
            ).encode()
        },
        signers=(TARGETS_KEY,),
    )
)
LOG = MemoryLog([b"first", record_of(RELEASE).content()])


class Case(NamedTuple):
    """A row of the page: what is offered, and in which situation."""

    phases: Sequence[Phase] = (Phase.DOWNLOAD, Phase.INSTALL)
    kind: str = "security"
    minute: int = NIGHT
    gained: Sequence[Power] = ()
    reach: Sequence[str] = ("network",)
    proof: bool = True
    age: int = DAY
    statements: int = len(AUDITORS)
    busy: bool = False
    powered: bool = True


RESTART = (Phase.RESTART,)
CASES = {
    "a security release is offered": Case(minute=NOON),
    "it wants to restart at night": Case(RESTART),
    "it wants to restart at noon": Case(RESTART, minute=NOON),
    "a feature release is offered": Case(kind="feature"),
    "a security release claims a power that the installed one does not have": Case(
        gained=(Power("lamp", "network"),)
    ),
    "the device is in use when it wants to restart": Case(RESTART, busy=True),
    "the battery is low, or ground power is missing": Case(powered=False),
    "a release claims the power `actuators`": Case(reach=("actuators",)),
    "the proof of the public log is missing": Case(proof=False),
    "the cosignatures of the witnesses are a year old": Case(age=365 * DAY),
    "only one auditor has rebuilt the release": Case(statements=1),
}
IN_USE = ("/run/debugger", "/run/aircraft/not_in_maintenance", "/run/speaker/playing/alarm")
WORDS = {
    (Choice.ALLOW, Choice.ALLOW): "no question",
    (Choice.ASK, Choice.ALLOW): "a person is asked",
    (Choice.ASK, Choice.DEFER): "a person is asked, then it waits",
    (Choice.DEFER, Choice.DEFER): "waits",
    (Choice.DENY, Choice.DENY): "is denied",
}


def read(name: str) -> Config:
    path = FOLDER / f"{name}.toml"
    return parse_config(path.read_text(encoding="utf-8"), str(path))


def files_of(config: Config, case: Case) -> dict[str, str | bytes]:
    """Returns the files of a device in the situation of a case."""
    [domain] = config.domains
    supplies = "/sys/class/power_supply"
    files: dict[str, str | bytes] = {
        domain.root: e.signed(e.root(), e.ROOT_KEY),
        "/usr/share/software_update/repository_root.json": "{}",
        "/run/metered": "no",
        f"{supplies}/BAT0/type": "Battery",
        f"{supplies}/BAT0/capacity": "90" if case.powered else "10",
        f"{supplies}/AC/type": "Mains",
        f"{supplies}/AC/online": "1" if case.powered else "0",
    }
    if domain.disclosure.log_policy:
        files[domain.disclosure.log_policy] = policy_text(LOG, WITNESS)
    keys = zip(domain.disclosure.auditors, AUDITORS, strict=False)
    files |= {path: public_pem(key) for path, key in keys}
    if case.busy:
        files |= dict.fromkeys(IN_USE, "")
    return files


def statement(number: int) -> bytes:
    predicate = {"result": "PASSED", "passedTests": ["rebuild"]}
    digest = hashlib.sha256(RELEASE.targets.serialized).digest()
    made = build_statement(Statement(digest, TEST_RESULT, predicate))
    return sign_statement(made, [FileSigner(f"file:{number}", signer(number))])


STATEMENTS = [(audit_name(signer(each).public), statement(each)) for each in AUDITORS]


def next_to_the_bundle(case: Case) -> Mapping[str, bytes]:
    files = dict(STATEMENTS[: case.statements])
    return files | ({"tlog-proof": LOG.proof(1, WITNESS)} if case.proof else {})


def built(config: Config, case: Case) -> Domain:
    """Returns the trust domain of a device in the situation of a case.

    The names of key holders are left out, because the client reads them from this machine's files.
    """
    [domain] = config.domains
    return build_domain(config, replace(domain, holders=None), machine(files_of(config, case)))


def outcome(config: Config, case: Case) -> str:
    """Returns what the device does: it checks claims, log and audits, and then asks its policies."""
    domain = built(config, case)
    claims = {"app": {"component": "lamp", "area": "application", "reach": list(case.reach)}}
    manifest = {"schema": "software_update.release.v1", "targets": claims}
    found = next_to_the_bundle(case)
    try:
        check_claims(json.dumps(manifest).encode(), domain.name, domain.grant)
        at = COSIGNED + case.age
        disclose(RELEASE, domain.rules, lambda name, _: found.get(name), at, {})
    except NotDisclosed as refused:
        return f"is refused: `{refused.refusal.name}`"
    at_night = situation(local_minute=case.minute)
    [words] = {decided(config, domain, phase, case, at_night) for phase in case.phases}
    return words


def decided(config: Config, domain: Domain, phase: Phase, case: Case, at: Situation) -> str:
    preset = Link("preset", StandingAnswer(Preset(config.domains[0].policy.preset)))
    asked = question(phase=phase, kind=case.kind, powers_gained=tuple(case.gained))
    result = evaluate([preset, *domain.policies], asked, at, domain.policy_retry)
    return WORDS[result.combined.choice, result.after_yes.choice]


def table() -> dict[str, list[str]]:
    """Returns the cells of the table of decisions, by the situation."""
    section = PAGE.split("## What each device does\n", 1)[1]
    lines = section[section.index("|---") :].split("\n\n", 1)[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {situation: rest for situation, *rest in cells}


@pytest.mark.parametrize("name", NAMES)
def test_client_reads_each_preset(name: str) -> None:
    config = read(name)
    assert len(config.domains) == 1
    assert built(config, Case()).vendor == config.vendor


def test_folder_has_no_other_presets() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(NAMES)


def test_table_has_each_situation() -> None:
    assert [*table()] == [*CASES]


@pytest.mark.parametrize("situation", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_device_decides_as_the_page_says(name: str, situation: str) -> None:
    said = table()[situation][NAMES.index(name)]
    assert outcome(read(name), CASES[situation]) == said


def test_no_two_consumers_get_the_same_decisions() -> None:
    columns = [tuple(row[index] for row in table().values()) for index in range(len(NAMES))]
    assert len({*columns}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_page_gives_a_reason_for_each_choice_that_it_names(name: str) -> None:
    [section] = [
        each for each in PAGE.split("\n## ") if f"\n[{name}.toml](presets/{name}.toml)\n" in each
    ]
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)[2:]
    assert len(rows) >= 3
    for choice, _ in rows:
        for option in re.findall(r"`(\w+ = [^`]+)`", choice):
            assert option in text, option


def test_public_figure_and_technician_give_no_identity_away() -> None:
    for name in ("public_figure", "aircraft"):
        text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        assert "token_file" not in text
    assert read("public_figure").report is None
    assert [each.type for each in read("aircraft").domains[0].sources] == ["folder"]
