"""Decides whether a proof shows that a release is in a log that the policy trusts. Pure.

The signature of the log comes first, then the record, then the witnesses.
"""

from typing import NamedTuple

from software_update.base.dates import format_date
from software_update.base.errors import shown, shown_list
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.transparency.checkpoint import Checkpoint, time_of_cosignature
from software_update.transparency.log_policy import LogPolicy
from software_update.transparency.merkle import leaf_hash, root_of_inclusion
from software_update.transparency.note import Note
from software_update.transparency.proof import parse_proof
from software_update.transparency.sigsum import entry_of


class WitnessTime(NamedTuple):
    """The time at which a witness cosigned, in seconds since 1970, and its name in the policy."""

    witness: str
    time: int


class Checked(NamedTuple):
    """A proof that holds: the record's index in the log of the checkpoint, and the witnesses' times.

    `not_before` is a lower bound of the current time, in seconds since 1970: a quorum of witnesses
    cosigned at that time or later. It is None if the policy needs no witness.
    """

    checkpoint: Checkpoint
    record_index: int
    witnesses: tuple[WitnessTime, ...]
    not_before: int | None


def check_proof(
    proof: bytes,
    policy: LogPolicy,
    record: bytes,
    *,
    not_before: int | None = None,
    seen: Checkpoint | None = None,
) -> Checked:
    """Checks that `record` is in a log of the policy, with enough cosignatures. It may be a Sigsum log.

    Cosignatures from before `not_before`, in seconds since 1970, do not count. `seen` is a checkpoint
    that the caller already accepted. Raises NotDisclosed.
    """
    parsed = parse_proof(proof)
    checkpoint = parsed.checkpoint
    check_log(parsed.note, checkpoint, policy)
    check_fork(checkpoint, seen)
    leaf = leaf_hash(entry_of(record, parsed.extra))
    root = root_of_inclusion(leaf, parsed.record_index, checkpoint.size, parsed.hashes)
    if root != checkpoint.root:
        raise NotDisclosed(
            Refusal.PROOF_OF_ANOTHER_RELEASE,
            f"proves another record: record {parsed.record_index} of the log is not this release's",
        )
    witnesses = check_witnesses(parsed.note, policy, not_before)
    return Checked(checkpoint, parsed.record_index, witnesses, quorum_time(policy, witnesses))


def check_log(note: Note, checkpoint: Checkpoint, policy: LogPolicy) -> None:
    """Raises NotDisclosed if no log of the policy signed the checkpoint in the note."""
    origin = checkpoint.origin
    keys = [each for each in policy.logs if each.name == origin]
    if not keys:
        raise NotDisclosed(Refusal.UNKNOWN_LOG, f"the policy does not list the log {shown(origin)}")
    signed = False
    for key in keys:
        for line in filter(key.signs, note.signatures):
            if not key.verifies(line.signature, note.text):
                raise NotDisclosed(
                    Refusal.LOG_NOT_SIGNED, f"the signature of the log {shown(origin)} is wrong"
                )
            signed = True
    if not signed:
        raise NotDisclosed(
            Refusal.LOG_NOT_SIGNED,
            f"no key that the policy lists for the log {shown(origin)} signed the checkpoint",
        )


def check_fork(checkpoint: Checkpoint, seen: Checkpoint | None) -> None:
    """Raises NotDisclosed if a log has shown two trees of the same size."""
    if seen is None or (seen.origin, seen.size) != (checkpoint.origin, checkpoint.size):
        return
    if seen.root != checkpoint.root:
        raise NotDisclosed(
            Refusal.LOG_FORKED,
            f"the log {shown(seen.origin)} has shown two trees of {seen.size} records; report it",
        )


def check_witnesses(
    note: Note, policy: LogPolicy, not_before: int | None = None
) -> tuple[WitnessTime, ...]:
    """Returns the witnesses of the policy that cosigned. Raises NotDisclosed if they are too few."""
    times = []
    for witness in policy.witnesses:
        for line in filter(witness.key.signs, note.signatures):
            time = time_of_cosignature(witness.key, line.signature, note.text)
            if time is None:
                raise NotDisclosed(
                    Refusal.WITNESSES_MISSING,
                    f"the cosignature of the witness {shown(witness.name)} is wrong",
                )
            times.append(WitnessTime(witness.name, time))
    names = [each.witness for each in times]
    if not policy.quorum_of(names):
        found = shown_list(names) or "no witness of the policy"
        raise NotDisclosed(
            Refusal.WITNESSES_MISSING,
            f"the quorum {shown(policy.quorum or '')} is not met: cosigned by {found}",
        )
    if not_before is not None and not policy.quorum_of(
        [each.witness for each in times if each.time >= not_before]
    ):
        newest = quorum_time(policy, tuple(times))
        raise NotDisclosed(
            Refusal.WITNESS_STALE,
            f"the witnesses cosigned {format_date(newest or 0)}, before {format_date(not_before)}; "
            "get a newer proof",
        )
    return tuple(times)


def quorum_time(policy: LogPolicy, witnesses: tuple[WitnessTime, ...]) -> int | None:
    """Returns the latest time at or after which a quorum cosigned; None if no quorum needs to."""
    if policy.quorum is None:
        return None
    newest: list[str] = []
    for each in sorted(witnesses, key=lambda witness: witness.time, reverse=True):
        newest.append(each.witness)
        if policy.quorum_of(newest):
            return each.time
    return None
