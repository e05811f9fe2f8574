"""Tests of proof.py."""

import pytest

from software_update.format.refusals import NotDisclosed, Refusal
from software_update.testing.memory_log import MemoryLog, MemoryWitness
from software_update.transparency.proof import MAX_PROOF_BYTES, build_proof, parse_proof

LOG = MemoryLog([b"record %d" % index for index in range(5)])
PROOF = LOG.proof(2, MemoryWitness())
HASH = b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"


def test_a_proof_is_read_and_written() -> None:
    proof = parse_proof(PROOF)
    assert (proof.record_index, proof.checkpoint.size) == (2, 5)
    assert proof.hashes == tuple(LOG.inclusion(2, 5))
    assert build_proof(2, proof.hashes, proof.note.content()) == PROOF


def test_the_proof_of_a_log_with_one_record_has_no_hash() -> None:
    assert parse_proof(MemoryLog([b"one"]).proof(0)).hashes == ()


def test_extra_data_is_kept_apart() -> None:
    extra = PROOF.replace(b"index", b"extra AAAA\nindex")
    assert parse_proof(extra) == parse_proof(PROOF)._replace(extra=bytes(3))
    proof = parse_proof(PROOF)
    assert build_proof(2, proof.hashes, proof.note.content(), bytes(3)) == extra


@pytest.mark.parametrize(
    "proof, detail",
    [
        (b"", "does not begin"),
        (PROOF.removeprefix(b"c2sp.org/tlog-proof@v1\n"), "does not begin"),
        (PROOF.replace(b"@v1", b"@v2"), "does not begin"),
        (PROOF[:20], "does not begin"),
        (PROOF.replace(b"\n\n", b"\n"), "ends before its checkpoint"),
        (PROOF[: PROOF.index(b"\n\n") + 2], "ends before its last signature"),
        (PROOF.replace(b"index", b"extra A\nindex"), "not base64"),
        (PROOF.replace(b"index 2\n", b""), "no index"),
        (PROOF.replace(b"index 2\n", b"extra AAAA\n"), "no index"),
        (PROOF.replace(b"index 2\n", b"extra AAAA\nextra AAAA\nindex 2\n"), "no index"),
        (PROOF.replace(b"index 2", b"index 02"), "'02'"),
        (PROOF.replace(b"index 2", b"index 5"), "index 5 in a log of 5"),
        (PROOF.replace(b"index 2", b"index 4"), "has 3 hashes; index 4 needs 1"),
        (PROOF.replace(b"index 2\n", b"index 2\n" + HASH), "has 4 hashes"),
        (PROOF.replace(b"index 2\n", b"index 2\n" + HASH * 61), "more than 63"),
        (PROOF.replace(b"index 2\n", b"index 2\nAAAA\n"), "not 32 bytes"),
        (PROOF.replace(b"index 2\n", b"index 2\n\xc3\xa4\n"), "not in ASCII"),
        (PROOF + b" " * MAX_PROOF_BYTES, "larger than"),
    ],
)
def test_other_files_are_refused(proof: bytes, detail: str) -> None:
    with pytest.raises(NotDisclosed, match=detail) as error:
        parse_proof(proof)
    assert error.value.refusal == Refusal.MALFORMED_PROOF
