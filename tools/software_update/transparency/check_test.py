"""Tests of check.py: proofs that hold, and the refusal of each other one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.format.refusals import NotDisclosed, Refusal
from software_update.testing.memory_log import COSIGNED, MemoryLog, MemoryWitness, policy_text
from software_update.transparency.check import Checked, WitnessTime, check_proof
from software_update.transparency.checkpoint import Checkpoint, parse_checkpoint
from software_update.transparency.log_policy import LogPolicy, parse_log_policy

RECORD = b"record 5"
LOG = MemoryLog([b"record %d" % index for index in range(11)])
ONE, TWO = MemoryWitness(), MemoryWitness("second.example", 51)
POLICY = parse_log_policy(policy_text(LOG, ONE), "policy")
WITHOUT_WITNESSES = parse_log_policy(policy_text(LOG), "policy")
PROOF = LOG.proof(5, ONE)
TREE = parse_checkpoint(LOG.text())


def refusal(
    proof: bytes,
    policy: LogPolicy = POLICY,
    record: bytes = RECORD,
    *,
    not_before: int | None = None,
    seen: Checkpoint | None = None,
) -> Refusal:
    with pytest.raises(NotDisclosed) as error:
        check_proof(proof, policy, record, not_before=not_before, seen=seen)
    assert "\n" not in str(error.value)
    return error.value.refusal


def test_each_record_of_the_log_is_proved() -> None:
    for index, record in enumerate(LOG.records):
        checked = check_proof(LOG.proof(index, ONE), POLICY, record)
        assert checked == Checked(TREE, index, (WitnessTime("w0", COSIGNED),), COSIGNED)


def test_proof_of_another_release() -> None:
    assert refusal(LOG.proof(4, ONE)) == Refusal.PROOF_OF_ANOTHER_RELEASE
    assert refusal(PROOF, record=b"record 12") == Refusal.PROOF_OF_ANOTHER_RELEASE


def test_cut_checkpoint() -> None:
    for length in range(len(PROOF)):
        reasons = (Refusal.MALFORMED_PROOF, Refusal.WITNESSES_MISSING)
        assert refusal(PROOF[:length]) in reasons
    assert refusal(PROOF[: PROOF.rindex("—".encode())]) == Refusal.WITNESSES_MISSING


def test_unknown_log() -> None:
    other = MemoryLog(LOG.records, origin="other.example")
    assert refusal(other.proof(5, ONE)) == Refusal.UNKNOWN_LOG
    assert refusal(PROOF, parse_log_policy(b"quorum none", "policy")) == Refusal.UNKNOWN_LOG


def test_unsigned() -> None:
    strangers = MemoryLog(LOG.records, number=99)
    assert refusal(strangers.proof(5, ONE)) == Refusal.LOG_NOT_SIGNED
    text = LOG.text()
    unsigned = PROOF.replace(LOG.line(LOG.sign(text)), b"")
    assert refusal(unsigned) == Refusal.LOG_NOT_SIGNED
    forged = PROOF.replace(LOG.line(LOG.sign(text)), LOG.line(LOG.sign(text + b"x")))
    assert refusal(forged) == Refusal.LOG_NOT_SIGNED


def test_forked_log() -> None:
    forked = parse_checkpoint(MemoryLog([*LOG.records[:-1], b"other"]).text())
    assert refusal(PROOF, seen=forked) == Refusal.LOG_FORKED
    check_proof(PROOF, POLICY, RECORD, seen=TREE)
    check_proof(PROOF, POLICY, RECORD, seen=forked._replace(size=12))
    check_proof(PROOF, POLICY, RECORD, seen=forked._replace(origin="other.example"))


def test_witnesses_missing() -> None:
    both = parse_log_policy(policy_text(LOG, ONE, TWO), "policy")
    assert refusal(LOG.proof(5)) == Refusal.WITNESSES_MISSING
    assert refusal(PROOF, both) == Refusal.WITNESSES_MISSING
    check_proof(LOG.proof(5, ONE, TWO), both, RECORD)
    check_proof(LOG.proof(5), WITHOUT_WITNESSES, RECORD)


def test_refusals_say_what_is_missing() -> None:
    both = parse_log_policy(policy_text(LOG, ONE, TWO), "policy")
    for proof, not_before, detail in [
        (
            LOG.proof(5),
            None,
            "the quorum everyone is not met: cosigned by no witness of the policy",
        ),
        (PROOF, None, "the quorum everyone is not met: cosigned by w0"),
        (
            LOG.proof(5, ONE, TWO),
            COSIGNED + 1,
            "the witnesses cosigned 2027-01-15T08:00:00Z, before 2027-01-15T08:00:01Z; "
            "get a newer proof",
        ),
    ]:
        with pytest.raises(NotDisclosed) as error:
            check_proof(proof, both, RECORD, not_before=not_before)
        assert error.value.detail == detail


def test_a_wrong_cosignature_is_refused_even_if_the_quorum_is_met() -> None:
    text = policy_text(LOG, ONE, TWO).replace(b" all ", b" any ")
    wrong = LOG.proof(5, ONE) + TWO.cosign(LOG.text(3))
    assert refusal(wrong, parse_log_policy(text, "policy")) == Refusal.WITNESSES_MISSING


def test_cosignatures_of_strangers_are_ignored() -> None:
    checked = check_proof(LOG.proof(5, TWO), WITHOUT_WITNESSES, RECORD)
    assert (checked.witnesses, checked.not_before) == ((), None)


def test_stale_witness() -> None:
    assert refusal(PROOF, not_before=COSIGNED + 1) == Refusal.WITNESS_STALE
    check_proof(PROOF, POLICY, RECORD, not_before=COSIGNED)


def test_a_quorum_of_witnesses_gives_the_lower_bound_of_the_time() -> None:
    witnesses = [MemoryWitness(f"{index}.example", 60 + index) for index in range(3)]
    text = policy_text(LOG, *witnesses).replace(b"everyone all", b"everyone 2")
    policy = parse_log_policy(text, "policy")
    proof = LOG.proof(5) + b"".join(
        each.cosign(LOG.text(), time) for each, time in zip(witnesses, (300, 100, 200), strict=True)
    )
    # A single witness that claims a late time does not move the bound.
    assert check_proof(proof, policy, RECORD).not_before == 200
    check_proof(proof, policy, RECORD, not_before=200)
    assert refusal(proof, policy, not_before=201) == Refusal.WITNESS_STALE


def test_a_proof_without_witnesses_is_at_most_1_kib() -> None:
    # 4 hashes here, 17 in a log of 100,000 records, with a line of 45 bytes for each.
    assert len(LOG.inclusion(5, 11)) == 4
    assert len(LOG.proof(5)) + 13 * 45 + len("100000" + "99999") <= 1024


def test_each_changed_bit_is_refused() -> None:
    for place in range(len(PROOF)):
        for bit in range(8):
            changed = bytearray(PROOF)
            changed[place] ^= 1 << bit
            refusal(bytes(changed))


@given(st.binary(max_size=60), st.integers(0, len(PROOF)), st.integers(0, len(PROOF)))
def test_other_bytes_are_a_refusal_or_the_same_proof(new: bytes, start: int, end: int) -> None:
    changed = PROOF[:start] + new + PROOF[end:]
    try:
        checked = check_proof(changed, POLICY, RECORD)
    except NotDisclosed:
        return
    assert (checked.record_index, checked.checkpoint) == (5, TREE)


@given(st.binary())
def test_any_bytes_are_refused(content: bytes) -> None:
    refusal(content)
    refusal(b"c2sp.org/tlog-proof@v1\n" + content)
