"""Tests of disclosure.py."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from software_update.attachments.audits import AuditPolicy, audit_name
from software_update.attachments.sign import sign_statement
from software_update.attachments.statement import TEST_RESULT, Statement, build_statement
from software_update.base.errors import short_id
from software_update.client.disclosure import (
    MAX_STATEMENT_BYTES,
    NO_RULES,
    Disclosed,
    Found,
    LogRules,
    Rules,
    check_again,
    disclose,
    history_members,
    with_disclosed,
)
from software_update.client.question import LogFacts
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.signing.signers import FileSigner
from software_update.testing import encode as e
from software_update.testing.judge import release_of
from software_update.testing.memory_log import (
    COSIGNED,
    ORIGIN,
    MemoryLog,
    MemoryWitness,
    policy_text,
)
from software_update.testing.questions import QUESTION
from software_update.testing.signers import TARGETS_KEY, signer
from software_update.transparency.checkpoint import Checkpoint, parse_checkpoint
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.proof import MAX_PROOF_BYTES
from software_update.transparency.record import record_of
from software_update.verify.targets import VerifiedRelease


def release(version: str) -> VerifiedRelease:
    fields = {
        "schema": "software_update.release.v1",
        "product": "lamp",
        "version": version,
        "release_counter": 7,
    }
    contents = {"user_manifest": json.dumps(fields).encode()}
    return release_of(e.bundle(contents, signers=(TARGETS_KEY,)))


RELEASE, OTHER = release("1.0"), release("2.0")
WITNESS = MemoryWitness()
LOG = MemoryLog([b"first", record_of(RELEASE).content(), record_of(OTHER).content()])
PROOF = LOG.proof(1, WITNESS)
TREE = parse_checkpoint(LOG.text())
POLICY = parse_log_policy(policy_text(LOG, WITNESS), "policy")
REQUIRE, WARN = LogRules(POLICY, True), LogRules(POLICY, False)
ALICE, BOB = signer(201).public, signer(202).public
AUDITS = Rules(audits=AuditPolicy((ALICE, BOB), 1))


def audit(number: int, of: VerifiedRelease = RELEASE) -> bytes:
    predicate = {"result": "PASSED", "passedTests": ["rebuild"]}
    digest = hashlib.sha256(of.targets.serialized).digest()
    statement = build_statement(Statement(digest, TEST_RESULT, predicate))
    return sign_statement(statement, [FileSigner(f"file:{number}", signer(number))])


class Files(dict[str, bytes]):
    """The files next to a bundle. `asked` are the names and limits that were asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.asked: list[tuple[str, int]] = []

    def fetch(self, name: str, limit: int) -> bytes | None:
        self.asked.append((name, limit))
        return self.get(name)


def found(
    rules: Rules,
    files: Mapping[str, bytes],
    *,
    at: int = 0,
    seen: Mapping[str, Checkpoint] | None = None,
) -> Found:
    return disclose(RELEASE, rules, Files(files).fetch, at, seen or {})


def refusal(rules: Rules, files: Mapping[str, bytes], **known: Any) -> Refusal:
    with pytest.raises(NotDisclosed) as caught:
        found(rules, files, **known)
    return caught.value.refusal


def test_nothing_is_fetched_without_rules() -> None:
    files = Files({"tlog-proof": PROOF})
    assert disclose(RELEASE, NO_RULES, files.fetch, 0, {}) == Found(Disclosed())
    assert files.asked == []


@pytest.mark.parametrize("log", [REQUIRE, WARN])
def test_release_in_the_log(log: LogRules) -> None:
    files = Files({"tlog-proof": PROOF})
    result = disclose(RELEASE, Rules(log), files.fetch, 0, {ORIGIN: TREE})
    assert result == Found(Disclosed(ORIGIN, ("w0",)), TREE, COSIGNED)
    assert files.asked == [("tlog-proof", MAX_PROOF_BYTES)]


def test_log_without_witnesses_states_no_time() -> None:
    policy = parse_log_policy(policy_text(LOG), "policy")
    result = found(Rules(LogRules(policy, True)), {"tlog-proof": LOG.proof(1)})
    assert (result.disclosed, result.not_before) == (Disclosed(ORIGIN), 0)


FORKED = TREE._replace(root=bytes(32))
CASES = [
    ({}, {}, Refusal.MISSING_PROOF),
    ({"tlog-proof": b"text"}, {}, Refusal.MALFORMED_PROOF),
    ({"tlog-proof": PROOF[:-200]}, {}, Refusal.MALFORMED_PROOF),
    ({"tlog-proof": LOG.proof(2, WITNESS)}, {}, Refusal.PROOF_OF_ANOTHER_RELEASE),
    ({"tlog-proof": LOG.proof(1)}, {}, Refusal.WITNESSES_MISSING),
    ({"tlog-proof": PROOF}, {"seen": {ORIGIN: FORKED}}, Refusal.LOG_FORKED),
    ({"tlog-proof": PROOF}, {"at": COSIGNED + 101}, Refusal.WITNESS_STALE),
]


@pytest.mark.parametrize(("files", "known", "expected"), CASES)
def test_release_that_is_not_proven_is_refused_by_name_or_the_question_says_so(
    files: dict[str, bytes], known: dict[str, Any], expected: Refusal
) -> None:
    require = dataclasses.replace(REQUIRE, max_age=100)
    assert refusal(Rules(require), files, **known) == expected
    warned = found(Rules(dataclasses.replace(require, required=False)), files, **known)
    assert warned.disclosed.problem.startswith(f"{expected}: ")
    assert (warned.disclosed.log, warned.checkpoint, warned.not_before) == ("", None, 0)


def test_cosignatures_count_up_to_their_age() -> None:
    found(
        Rules(dataclasses.replace(REQUIRE, max_age=100)), {"tlog-proof": PROOF}, at=COSIGNED + 100
    )


def test_enough_auditors() -> None:
    files = Files({audit_name(BOB): audit(202)})
    result = disclose(RELEASE, AUDITS, files.fetch, 0, {})
    assert result.disclosed == Disclosed(auditors=(short_id(BOB.key_id),))
    assert files.asked == [
        (audit_name(ALICE), MAX_STATEMENT_BYTES),
        (audit_name(BOB), MAX_STATEMENT_BYTES),
    ]


def test_log_and_auditors() -> None:
    rules = dataclasses.replace(AUDITS, log=REQUIRE)
    result = found(rules, {"tlog-proof": PROOF, audit_name(ALICE): audit(201)})
    assert result.disclosed == Disclosed(ORIGIN, ("w0",), "", (short_id(ALICE.key_id),))
    assert (result.checkpoint, result.not_before) == (TREE, COSIGNED)


def test_auditors_that_do_not_vouch_for_the_release() -> None:
    assert refusal(AUDITS, {}) == Refusal.AUDITS_MISSING
    other = {audit_name(ALICE): audit(201, OTHER)}
    assert refusal(AUDITS, other) == Refusal.ATTACHMENT_OF_ANOTHER_RELEASE
    vendor = Rules(audits=AuditPolicy((ALICE, signer(TARGETS_KEY).public), 1))
    assert refusal(vendor, {audit_name(ALICE): audit(201)}) == Refusal.AUDITOR_IS_VENDOR


def test_rules_that_have_changed_since() -> None:
    rules = dataclasses.replace(AUDITS, log=REQUIRE)
    good = Disclosed(ORIGIN, (), "", ("one",))
    check_again(good, rules)
    check_again(Disclosed(), NO_RULES)
    check_again(Disclosed(), Rules(WARN))
    for bad, expected in (
        (dataclasses.replace(good, log=""), Refusal.MISSING_PROOF),
        (dataclasses.replace(good, auditors=()), Refusal.AUDITS_MISSING),
    ):
        with pytest.raises(NotDisclosed) as caught:
            check_again(bad, rules)
        assert caught.value.refusal == expected


def test_history_says_what_was_found_out() -> None:
    good = Disclosed("l" * 100, ("w" * 100,) * 9, "", ("a", "b"))
    assert history_members(good) == {
        "log": "l" * 64,
        "witnesses": ["w" * 64] * 8,
        "auditors": ["a", "b"],
    }
    assert history_members(Disclosed(problem="LOG_FORKED: two")) == {"log_problem": "LOG_FORKED"}
    assert history_members(Disclosed()) == {}


def test_question_says_what_was_found_out() -> None:
    holders = {ALICE.key_id: "audit house"}
    disclosed = Disclosed(ORIGIN, ("w0",), "", (short_id(ALICE.key_id), "b" * 16))
    question = with_disclosed(QUESTION, dataclasses.replace(AUDITS, log=WARN), disclosed, holders)
    assert question.log == LogFacts(ORIGIN, ("w0",))
    assert question.auditors == (f"audit house ({short_id(ALICE.key_id)})", "b" * 16)
    assert with_disclosed(QUESTION, NO_RULES, disclosed, holders) == QUESTION
    unproven = with_disclosed(QUESTION, Rules(WARN), Disclosed(problem="LOG_FORKED: two"), {})
    assert unproven.log == LogFacts(None, (), "LOG_FORKED: two")
    lost = with_disclosed(QUESTION, Rules(WARN), Disclosed(), {})
    assert lost.log == LogFacts(None, (), "it has not been checked")
