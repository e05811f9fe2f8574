"""Statements of auditors, who rebuilt a release and compared it: N of M must say that it is GOOD.

    audits = check_audits([("audit.dsse.json", content)], policy, release_digest, roots)

An auditor's statement is an in-toto test result in an envelope. Envelopes of others do not count and do no
harm: anyone can put a file next to a bundle.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from software_update.attachments.envelope import parse_envelope, signed_by, statement_of
from software_update.attachments.statement import TEST_RESULT, Statement, check_release
from software_update.attachments.vendor import is_vendor
from software_update.base.errors import short_id
from software_update.format.metadata import Root
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.keys.public_key import PublicKey

# The name of the test in an auditor's statement: the rebuilt bundle is compared with the release.
REBUILD_TEST = "rebuild"
PASSED = "PASSED"
FAILED = "FAILED"


class AuditPolicy(NamedTuple):
    """The auditors, and how many of them must say that a release is GOOD."""

    keys: tuple[PublicKey, ...]
    threshold: int


class Audits(NamedTuple):
    """The auditors who say that a release is GOOD, and those who say that it is BAD."""

    good: tuple[PublicKey, ...]
    bad: tuple[PublicKey, ...]


def check_audits(
    envelopes: Iterable[tuple[str, bytes]],
    policy: AuditPolicy,
    release_digest: bytes,
    roots: Sequence[Root],
) -> Audits:
    """Returns what the auditors say if enough of them say that the release is GOOD.

    `envelopes` are names and contents of attachments. `roots` are the roots from the device's own to the one
    in force. An auditor who says both GOOD and BAD counts as BAD.

    Raises NotDisclosed: AUDITOR_IS_VENDOR if the policy names a key of one of the roots; the first problem of
    an envelope, such as ATTACHMENT_OF_ANOTHER_RELEASE, or AUDITS_MISSING if too few auditors say GOOD.
    """
    for key in policy.keys:
        if is_vendor(key, roots):
            raise NotDisclosed(
                Refusal.AUDITOR_IS_VENDOR,
                "signs root or targets metadata of the release, so it cannot audit it; name another auditor",
                subject=f"key {short_id(key.key_id)}",
            )
    good: dict[bytes, PublicKey] = {}
    bad: dict[bytes, PublicKey] = {}
    problems: list[NotDisclosed] = []
    for name, content in envelopes:
        try:
            signers, result = _read_audit(name, content, policy.keys, release_digest)
        except NotDisclosed as problem:
            problems.append(problem)
            continue
        says = good if result == PASSED else bad
        says.update((key.identity, key) for key in signers)
    audits = Audits(
        tuple(key for identity, key in good.items() if identity not in bad), tuple(bad.values())
    )
    if len(audits.good) < policy.threshold:
        raise problems[0] if problems else _missing(audits, policy)
    return audits


def audit_name(key: PublicKey) -> str:
    """Returns the name of the attachment with an auditor's statement, under which devices look for it."""
    return f"audit.{short_id(key.key_id)}.dsse.json"


def rebuild_result(statement: Statement) -> str | None:
    """Returns PASSED or FAILED if the statement is the result of a rebuild; None if it is another one."""
    predicate = statement.predicate
    if statement.predicate_type != TEST_RESULT:
        return None
    for result, field in ((PASSED, "passedTests"), (FAILED, "failedTests")):
        tests = predicate.get(field)
        if predicate.get("result") == result and isinstance(tests, list) and REBUILD_TEST in tests:
            return result
    return None


def _read_audit(
    name: str, content: bytes, keys: Sequence[PublicKey], release_digest: bytes
) -> tuple[Sequence[PublicKey], str | None]:
    """Returns the auditors who signed an envelope, and the result that they state; no one for other files."""
    envelope = parse_envelope(content, name)
    statement = statement_of(envelope, name)
    result = rebuild_result(statement)
    if result is None:
        return (), None
    signers = signed_by(envelope, keys)
    if not signers:
        raise NotDisclosed(
            Refusal.ATTACHMENT_NOT_SIGNED, "no auditor of the policy has signed it", subject=name
        )
    check_release(statement, release_digest, name)
    return signers, result


def _missing(audits: Audits, policy: AuditPolicy) -> NotDisclosed:
    bad = f", and {len(audits.bad)} say that it is BAD" if audits.bad else ""
    return NotDisclosed(
        Refusal.AUDITS_MISSING,
        f"{len(audits.good)} of {len(policy.keys)} auditors say that the release is GOOD{bad}; "
        f"{policy.threshold} must say GOOD",
    )
