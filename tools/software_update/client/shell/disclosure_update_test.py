"""Tests of the client with a log and auditors: what it asks, and what it refuses before it asks."""

import dataclasses
import json
from typing import Any

import pytest

from software_update.attachments.audits import AuditPolicy
from software_update.client.disclosure import NO_RULES, LogRules, Rules
from software_update.client.question import LogFacts
from software_update.client.shell.client import Client
from software_update.client.sources.file import FileSource
from software_update.client.state import Code, Detail
from software_update.testing import encode as e
from software_update.testing.fake_device import BUNDLE, STATE, FakeDevice
from software_update.testing.judge import release_of
from software_update.testing.memory_log import (
    COSIGNED,
    ORIGIN,
    MemoryLog,
    MemoryWitness,
    policy_text,
)
from software_update.testing.signers import signer
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.record import record_of

WITNESS = MemoryWitness()
LOG = MemoryLog([b"first"])
POLICY = parse_log_policy(policy_text(LOG, WITNESS), "policy")
REQUIRE, WARN = Rules(LogRules(POLICY, True)), Rules(LogRules(POLICY, False))
PROOF = f"{BUNDLE}.tlog-proof"
# FakeDevice's clock.
NOW = FakeDevice().clock.now()


def bundle(counter: int = 7, expires: int | None = None) -> bytes:
    fields = {
        "schema": "software_update.release.v1",
        "product": "lamp",
        "version": f"1.{counter}",
        "release_counter": counter,
    }
    contents = {"user_manifest": json.dumps(fields).encode(), "app": b"app", "boot": b"boot"}
    return e.bundle(contents, version=counter, expires=expires)


def proof(content: bytes, time: int = COSIGNED, log: MemoryLog = LOG) -> bytes:
    log.records.append(record_of(release_of(content)).content())
    return log.proof(len(log.records) - 1, WITNESS, time=time)


@pytest.fixture(name="device")
def device_fixture() -> FakeDevice:
    device = FakeDevice()
    device.offer(bundle())
    return device


def started(device: FakeDevice, rules: Rules = REQUIRE) -> Client:
    sources = [FileSource(device.storage, BUNDLE)]
    domain = dataclasses.replace(device.domain(), sources=sources, rules=rules)
    client = Client(device.system, STATE, {"main": domain})
    client.start()
    client.run()
    return client


def checked(client: Client) -> tuple[Code | None, str]:
    client.check("main")
    client.run()
    result = client.state.result
    return (result.code, result.text) if result else (None, "")


def history(device: FakeDevice) -> list[dict[str, Any]]:
    content = device.storage.content(f"{STATE}/history.jsonl")
    return [json.loads(each) for each in content.splitlines()]


def test_release_in_the_log_is_offered_and_the_question_says_so(device: FakeDevice) -> None:
    device.storage.put(PROOF, proof(bundle()))
    client = started(device)
    checked(client)
    assert client.state.detail == Detail.AWAITING_CONSENT
    question = client.question()
    assert question is not None
    assert question.log == LogFacts(ORIGIN, ("w0",))
    [offered] = (each for each in history(device) if each["event"] == "Offered")
    assert (offered["log"], offered["witnesses"]) == (ORIGIN, ["w0"])
    # It is known after a restart, too.
    assert started(device).question() == question


def test_release_that_is_not_in_the_log_is_refused_before_the_question(device: FakeDevice) -> None:
    client = started(device)
    code, text = checked(client)
    assert code == Code.REFUSED
    assert text.startswith("MISSING_PROOF: ")
    assert (client.state.detail, client.question()) == (Detail.IDLE, None)
    device.storage.put(PROOF, proof(bundle(8)))
    assert checked(client)[1].startswith("PROOF_OF_ANOTHER_RELEASE: ")
    lines = history(device)
    assert [each["result"] for each in lines if "result" in each] == ["REFUSED", "REFUSED"]
    assert lines[-1]["text"].startswith("PROOF_OF_ANOTHER_RELEASE: ")


def test_release_that_is_not_in_the_log_is_offered_with_a_warning(device: FakeDevice) -> None:
    client = started(device, WARN)
    checked(client)
    question = client.question()
    assert question is not None
    assert question.log is not None
    assert question.log.origin is None
    assert str(question.log.problem).startswith("MISSING_PROOF: ")


def test_device_without_rules_reads_no_proof(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    exists = device.storage.exists

    def noted(path: str) -> bool:
        opened.append(path)
        return exists(path)

    monkeypatch.setattr(device.storage, "exists", noted)
    client = started(device, NO_RULES)
    checked(client)
    question = client.question()
    assert question is not None
    assert (question.log, question.auditors) == (None, ())
    assert not [path for path in opened if "proof" in path or "attachments" in path]
    assert not exists(f"{STATE}/disclosure")


def test_log_that_shows_another_tree_of_the_same_size_has_forked(device: FakeDevice) -> None:
    records = list(LOG.records)
    device.storage.put(PROOF, proof(bundle(), log=MemoryLog(records)))
    checked(started(device))
    device.offer(bundle(8))
    device.storage.put(PROOF, proof(bundle(8), log=MemoryLog(records)))
    client = started(device)
    assert checked(client)[1].startswith("LOG_FORKED: ")


def test_witnesses_set_a_clock_that_is_behind(device: FakeDevice) -> None:
    later = NOW + 1000
    device.storage.put(PROOF, proof(bundle(), later))
    client = started(device)
    assert client.at() < later
    checked(client)
    assert client.state.detail == Detail.AWAITING_CONSENT
    assert client.at() >= later
    assert started(device).at() >= later


def test_release_that_has_expired_by_the_time_of_the_witnesses_is_refused(
    device: FakeDevice,
) -> None:
    content = bundle(expires=NOW + 1000)
    device.offer(content)
    device.storage.put(PROOF, proof(content, NOW + 999))
    client = started(device)
    checked(client)
    assert client.state.detail == Detail.AWAITING_CONSENT
    device.storage.put(PROOF, proof(content, NOW + 1001))
    code, text = checked(client)
    assert code == Code.REFUSED
    assert "EXPIRED" in text


def test_rules_hold_for_a_question_that_waits_already(device: FakeDevice) -> None:
    client = started(device, NO_RULES)
    checked(client)
    assert client.state.detail == Detail.AWAITING_CONSENT
    client = started(device)
    assert (client.state.detail, client.question()) == (Detail.FINISHED, None)
    assert client.state.result is not None
    assert client.state.result.text.startswith("MISSING_PROOF: ")
    device.storage.put(PROOF, proof(bundle()))
    checked(client)
    assert client.state.detail == Detail.AWAITING_CONSENT


def test_auditors_are_required(device: FakeDevice) -> None:
    client = started(device, Rules(audits=AuditPolicy((signer(201).public,), 1)))
    code, text = checked(client)
    assert code == Code.REFUSED
    assert text.startswith("AUDITS_MISSING: ")


def test_lost_file_means_that_the_release_is_checked_again(device: FakeDevice) -> None:
    device.storage.put(PROOF, proof(bundle()))
    checked(started(device))
    device.storage.remove(f"{STATE}/disclosure")
    client = started(device)
    checked(client)
    question = client.question()
    assert question is not None
    assert question.log == LogFacts(ORIGIN, ("w0",))
