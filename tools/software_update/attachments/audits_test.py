"""N of M auditors say that a release is GOOD."""

from typing import Any

import pytest

from software_update.attachments import audits as module
from software_update.attachments.audits import AuditPolicy, Audits, audit_name, check_audits
from software_update.attachments.sign import sign_statement
from software_update.attachments.statement import TEST_RESULT, Statement, build_statement
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.signing.signers import FileSigner
from software_update.testing.examples import run_example
from software_update.testing.judge import TRUSTED_ROOT
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, mirrored, signer
from software_update.verify.roots import trust_root

DIGEST = bytes(range(32))
ROOTS = [trust_root(TRUSTED_ROOT)]
ALICE, BOB, CAROL = (signer(each).public for each in (201, 202, 203))
PASSED: dict[str, Any] = {"result": "PASSED", "passedTests": ["rebuild"]}
FAILED: dict[str, Any] = {"result": "FAILED", "failedTests": ["rebuild"]}


def audit(
    *numbers: int,
    predicate: dict[str, Any] = PASSED,
    digest: bytes = DIGEST,
    kind: str = TEST_RESULT,
) -> tuple[str, bytes]:
    statement = build_statement(Statement(digest, kind, predicate))
    signers = [FileSigner(f"file:{each}", signer(each)) for each in numbers]
    return f"{numbers}.json", sign_statement(statement, signers)


def check(*envelopes: tuple[str, bytes], threshold: int = 2) -> Audits:
    return check_audits(envelopes, AuditPolicy((ALICE, BOB, CAROL), threshold), DIGEST, ROOTS)


def refusal(*envelopes: tuple[str, bytes]) -> tuple[Refusal, str]:
    with pytest.raises(NotDisclosed) as caught:
        check(*envelopes)
    return caught.value.refusal, str(caught.value)


def test_the_example_in_the_docstring_works() -> None:
    policy = AuditPolicy((ALICE,), 1)
    run_example(module, content=audit(201)[1], policy=policy, release_digest=DIGEST, roots=ROOTS)


def test_two_of_three_auditors_in_separate_files() -> None:
    assert check(audit(201), audit(203)) == Audits((ALICE, CAROL), ())


def test_two_auditors_in_one_file() -> None:
    assert check(audit(201, 202)).good == (ALICE, BOB)


def test_an_auditor_who_signs_twice_counts_once() -> None:
    name, text = refusal(audit(201), audit(201))
    assert name == Refusal.AUDITS_MISSING
    assert "1 of 3 auditors say that the release is GOOD; 2 must say GOOD" in text


def test_an_auditor_who_says_both_counts_as_bad() -> None:
    name, text = refusal(audit(201), audit(202), audit(202, predicate=FAILED))
    assert name == Refusal.AUDITS_MISSING
    assert "1 of 3 auditors say that the release is GOOD, and 1 say that it is BAD" in text


def test_bad_is_reported_when_enough_say_good() -> None:
    assert check(audit(201), audit(202), audit(203, predicate=FAILED)).bad == (CAROL,)


def test_name_of_a_statement_has_the_key_id_of_the_auditor() -> None:
    assert audit_name(ALICE) == f"audit.{ALICE.key_id.hex()[:16]}.dsse.json"


def test_no_audits_at_all() -> None:
    assert refusal()[0] == Refusal.AUDITS_MISSING


def test_files_of_others_do_no_harm() -> None:
    junk = ("junk", b"not JSON")
    stranger = audit(300)
    assert check(junk, stranger, audit(201), audit(202)).good == (ALICE, BOB)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (audit(201, digest=bytes(32)), Refusal.ATTACHMENT_OF_ANOTHER_RELEASE),
        (audit(300), Refusal.ATTACHMENT_NOT_SIGNED),
        (("junk", b"not JSON"), Refusal.MALFORMED_ATTACHMENT),
    ],
)
def test_the_first_problem_is_named_if_audits_are_missing(
    first: tuple[str, bytes], expected: Refusal
) -> None:
    assert refusal(first, audit(202))[0] == expected


@pytest.mark.parametrize(
    "predicate",
    [
        {"result": "PASSED", "passedTests": ["unit tests"]},
        {"result": "PASSED"},
        {"result": "PASSED", "passedTests": "rebuild"},
        {"result": "WARNED", "passedTests": ["rebuild"]},
        {"result": "FAILED", "passedTests": ["rebuild"]},
    ],
)
def test_other_test_results_do_not_count(predicate: dict[str, Any]) -> None:
    assert refusal(audit(201), audit(202, predicate=predicate))[0] == Refusal.AUDITS_MISSING


def test_other_statements_do_not_count() -> None:
    other = audit(202, kind="https://example.test/claim")
    assert refusal(audit(201), other)[0] == Refusal.AUDITS_MISSING


@pytest.mark.parametrize(
    "key",
    [signer(ROOT_KEY).public, signer(TARGETS_KEY).public, mirrored(signer(TARGETS_KEY).public)],
)
def test_an_auditor_with_a_key_of_the_vendor_is_refused(key: Any) -> None:
    policy = AuditPolicy((ALICE, key), 1)
    with pytest.raises(NotDisclosed) as caught:
        check_audits([audit(201)], policy, DIGEST, ROOTS)
    assert caught.value.refusal == Refusal.AUDITOR_IS_VENDOR
