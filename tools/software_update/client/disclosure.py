"""Checks a release before the question: whether it is in a log, and what auditors say about it. Pure.

    found = disclose(release, rules, fetch, at, seen)       # raises NotDisclosed

`fetch` reads a file next to the bundle: the proof, and an auditor's statement under `audit_name`. Nothing is
taken from them but what the logs, witnesses and auditors of the device's own image have signed.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from software_update.base.errors import short_id
from software_update.client.question import LogFacts, Question
from software_update.format.names import PROOF
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.signing.holders import Holders, named
from software_update.transparency.check import Checked, check_proof
from software_update.transparency.checkpoint import Checkpoint
from software_update.transparency.log_policy import LogPolicy
from software_update.transparency.proof import MAX_PROOF_BYTES, parse_proof
from software_update.transparency.record import record_of
from software_update.verify.targets import VerifiedRelease

if TYPE_CHECKING:
    from software_update.attachments.audits import AuditPolicy

# A statement with its signatures has some kilobytes.
MAX_STATEMENT_BYTES = 256 * 1024
# Of a line of the history.
_MAX_NAME, _MAX_NAMES = 64, 8

Fetch = Callable[[str, int], bytes | None]


@dataclass(frozen=True, slots=True)
class LogRules:
    """The logs and witnesses that a trust domain trusts.

    `required` says that a release without a proof is refused; otherwise the question says so. Cosignatures
    that are older than `max_age` seconds do not count; None: all count.
    """

    policy: LogPolicy
    required: bool
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The demands of a trust domain on a release besides the vendor's signatures; None: nothing."""

    log: LogRules | None = None
    audits: "AuditPolicy | None" = None


NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The findings of the device about a release before the question.

    `log` is the log that contains it, and `witnesses` are those that have cosigned it, by their names in the
    policy. `problem` says why it is not proven to be in a log, with the name of the refusal; empty if it is,
    or if the device does not check it. `auditors` are the short ids of the auditors who say that it is GOOD.
    """

    log: str = ""
    witnesses: tuple[str, ...] = ()
    problem: str = ""
    auditors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a check.

    `checkpoint` is that of the log, for the next check. `not_before` is a lower bound of the current time, in
    seconds since 1970, that witnesses state; 0 if none do.
    """

    disclosed: Disclosed
    checkpoint: Checkpoint | None = None
    not_before: int = 0


def disclose(
    release: VerifiedRelease, rules: Rules, fetch: Fetch, at: int, seen: Mapping[str, Checkpoint]
) -> Found:
    """Fetches and checks what the rules demand.

    `at` is the time in seconds since 1970, and `seen` has the last checkpoint of each log, by its origin.
    Raises NotDisclosed if the release is refused, and SourceError if a file cannot be fetched.
    """
    found = Found(Disclosed())
    if rules.log is not None:
        found = _in_log(release, rules.log, fetch, at, seen)
    if rules.audits is None:
        return found
    auditors = _audited(release, rules.audits, fetch)
    return replace(found, disclosed=replace(found.disclosed, auditors=auditors))


def with_disclosed(
    question: Question, rules: Rules, disclosed: Disclosed, holders: Holders
) -> Question:
    """Returns a question that says what was found out. `holders` are the names of keys."""
    names = {short_id(each): named(each, holders) for each in holders}
    log = None
    if rules.log is not None and disclosed.log:
        log = LogFacts(disclosed.log, disclosed.witnesses)
    elif rules.log is not None:
        log = LogFacts(None, (), disclosed.problem or "it has not been checked")
    auditors = disclosed.auditors if rules.audits else ()
    return replace(question, log=log, auditors=tuple(names.get(each, each) for each in auditors))


def history_members(disclosed: Disclosed) -> dict[str, str | list[str]]:
    """Returns the members of a line of the history about an offer: what was found out, and no more."""
    members: dict[str, str | list[str]] = {}
    if disclosed.log:
        members["log"] = disclosed.log[:_MAX_NAME]
        members["witnesses"] = [each[:_MAX_NAME] for each in disclosed.witnesses[:_MAX_NAMES]]
    if disclosed.problem:
        members["log_problem"] = disclosed.problem.partition(":")[0]
    if disclosed.auditors:
        members["auditors"] = list(disclosed.auditors)
    return members


def check_again(disclosed: Disclosed, rules: Rules) -> None:
    """Checks what was found against rules that may have changed since. Raises NotDisclosed."""
    if rules.log is not None and rules.log.required and not disclosed.log:
        raise NotDisclosed(
            Refusal.MISSING_PROOF,
            "no proof that the release is in a log has been checked; check for updates again",
        )
    needed = rules.audits.threshold if rules.audits else 0
    if len(disclosed.auditors) < needed:
        raise NotDisclosed(
            Refusal.AUDITS_MISSING,
            f"statements of {len(disclosed.auditors)} auditors have been checked, and {needed} are needed; "
            "check for updates again",
        )


def _in_log(
    release: VerifiedRelease,
    rules: LogRules,
    fetch: Fetch,
    at: int,
    seen: Mapping[str, Checkpoint],
) -> Found:
    try:
        checked = _proven(release, rules, fetch, at, seen)
    except NotDisclosed as problem:
        if rules.required:
            raise
        return Found(Disclosed(problem=str(problem)))
    witnesses = tuple(each.witness for each in checked.witnesses)
    disclosed = Disclosed(checked.checkpoint.origin, witnesses)
    return Found(disclosed, checked.checkpoint, checked.not_before or 0)


def _proven(
    release: VerifiedRelease,
    rules: LogRules,
    fetch: Fetch,
    at: int,
    seen: Mapping[str, Checkpoint],
) -> Checked:
    record = record_of(release).content()
    proof = fetch(PROOF, MAX_PROOF_BYTES)
    if proof is None:
        raise NotDisclosed(
            Refusal.MISSING_PROOF,
            "there is no proof next to the bundle that the release is in a log",
        )
    origin = parse_proof(proof).checkpoint.origin
    not_before = None if rules.max_age is None else at - rules.max_age
    return check_proof(proof, rules.policy, record, not_before=not_before, seen=seen.get(origin))


def _audited(release: VerifiedRelease, policy: "AuditPolicy", fetch: Fetch) -> tuple[str, ...]:
    # Here, not above: most devices require no audits.
    from software_update.attachments.audits import audit_name, check_audits

    names = dict.fromkeys(audit_name(each) for each in policy.keys)
    files = [(name, fetch(name, MAX_STATEMENT_BYTES)) for name in names]
    envelopes = [(name, content) for name, content in files if content is not None]
    digest = hashlib.sha256(release.targets.serialized).digest()
    audits = check_audits(envelopes, policy, digest, release.trusted.roots)
    return tuple(short_id(each.key_id) for each in audits.good)
