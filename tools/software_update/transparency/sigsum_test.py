"""Tests of sigsum.py, with a proof that Debian's sigsum-submit 0.14 wrote."""

import hashlib

import pytest

from software_update.base.errors import InputError
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.transparency.check import check_proof
from software_update.transparency.log_policy import LogPolicy, parse_log_policy
from software_update.transparency.note import ED25519_COSIGNATURE, ED25519_SIGNATURE, NoteKey
from software_update.transparency.sigsum import MAX_SIGSUM_PROOF_BYTES, convert, entry_of

RECORD = b"hello\n"
# The public keys of the log and of the witness.
LOG_KEY = "22a82e3ecc6d175278a3a0c67dd8db221e6ca0c2ab147ee7114623906fc6dcb0"
WITNESS_KEY = "c91c4b91abfec0171c722568c8bd3cd0638dd5ce27c7e1d38041ec1ec289ae20"
PROOF = """\
version=2
log=7edd3d5a2189788ccee2ee7cd911b349b80e4cc3e91797f847c34973251a72b5
leaf=67c0087f9ef42ddc27d680dcbf5ed0f56e585125c67af88530040d1b38bbdcd0 \
cd54b5b4b1920a6efd0741675fa02d723c3ffc0fbad3937aecba6d9894d4544a\
23b01511ebabf8b1c9c532599029c93882f3fd5180dc017dbb0686dee8824a03

size=1
root_hash=043e79af139652b8fbc6dcc4d0faf409a42716c0c6bfb0d8961aff58fc742872
signature=be03d068ac3a5a746af0f11b715624e7d7f53cc43570fbb58f697b8380fbae67\
e237d0475c1692250a5f4c9b466c81e73554d433cc35d233821a7cc15862df0b
cosignature=c709cf5d305453712d2e992d7ef566f35e4e38b21da8ce879fa2204a09aae978 1795953902 \
74a9f2c89dc0a9c5b4cfad1f67931739da4fdd1a981be3ee110bc36d8934b4ab\
a7b1f5927a9d03cfda9c296226433cf7ed7ca50d6c4a4c1e8b2facfc51cb560f
"""
# A larger log has these lines as well.
MORE = f"\nleaf_index=1\nnode_hash={'ab' * 32}\nnode_hash={'cd' * 32}\n"


def policy(witness: str = WITNESS_KEY) -> LogPolicy:
    name = f"sigsum.org/v1/tree/{hashlib.sha256(bytes.fromhex(LOG_KEY)).hexdigest()}"
    log = NoteKey(name, ED25519_SIGNATURE, bytes.fromhex(LOG_KEY)).vkey
    cosigner = NoteKey("witness.example", ED25519_COSIGNATURE, bytes.fromhex(witness)).vkey
    return parse_log_policy(f"log {log}\nwitness w {cosigner}\nquorum w\n".encode(), "policy")


def test_a_device_accepts_a_proof_of_a_sigsum_log() -> None:
    checked = check_proof(convert(PROOF.encode(), policy(), "proof"), policy(), RECORD)
    assert (checked.record_index, checked.checkpoint.size) == (0, 1)
    assert checked.not_before == 1795953902


def test_the_record_must_be_the_one_in_the_log() -> None:
    proof = convert(PROOF.encode(), policy(), "proof")
    with pytest.raises(NotDisclosed) as error:
        check_proof(proof, policy(), b"other\n")
    assert error.value.refusal == Refusal.PROOF_OF_ANOTHER_RELEASE
    for place in range(proof.index(b"extra "), proof.index(b"\nindex")):
        changed = bytearray(proof)
        changed[place] ^= 1
        with pytest.raises(NotDisclosed):
            check_proof(bytes(changed), policy(), RECORD)


def test_only_the_extra_data_of_sigsum_makes_a_leaf() -> None:
    mark = b"sigsum.org/v1/leaf\n"
    leaf = entry_of(RECORD, mark + bytes(96))
    assert len(leaf) == 128
    assert leaf.endswith(bytes(96))
    for extra in (b"", bytes(96), mark, mark + bytes(95), mark + bytes(97)):
        assert entry_of(RECORD, extra) == RECORD


def test_a_proof_of_a_larger_log() -> None:
    proof = convert((PROOF + MORE).replace("size=1", "size=4").encode(), policy(), "proof")
    _, extra, index, *hashes = proof.partition(b"\n\n")[0].split(b"\n")
    assert extra.startswith(b"extra ")
    assert (index, len(hashes)) == (b"index 1", 2)


def test_cosignatures_of_others_are_left_out() -> None:
    proof = convert(PROOF.encode(), policy(LOG_KEY), "proof")
    assert proof.count("—".encode()) == 1


@pytest.mark.parametrize(
    "old, new, place",
    [
        (PROOF, "", ""),
        ("version=2", "version=1", "version=1"),
        ("version=2\n", "", "log="),
        ("size=1", "size=01", "size=01"),
        ("size=1\n", "size=1\nsize=1\n", "size=1"),
        ("root_hash=0", "root_hash=", "root_hash="),
        ("signature=be", "signature=BE", "signature=BE"),
        ("cosignature=c7", "cosignature=C7", "cosignature=C7"),
        ("c51cb560f\n", "c51cb560fx\n", "cosignature="),
    ],
)
def test_other_files_are_refused(old: str, new: str, place: str) -> None:
    with pytest.raises(InputError, match=f"^proof: is not a Sigsum proof .* at '{place}"):
        convert(PROOF.replace(old, new, 1).encode(), policy(), "proof")


@pytest.mark.parametrize(
    "name", ["version", "log", "leaf", "size", "root_hash", "signature", "leaf_index"]
)
def test_a_line_that_appears_twice(name: str) -> None:
    lines = (PROOF + MORE).splitlines(keepends=True)
    text = "".join(each * 2 if each.startswith(f"{name}=") else each for each in lines)
    with pytest.raises(InputError, match=f"is not a Sigsum proof .* at '{name}="):
        convert(text.encode(), policy(), "proof")


def test_a_file_that_is_too_large() -> None:
    with pytest.raises(InputError, match="larger than"):
        convert(bytes(MAX_SIGSUM_PROOF_BYTES + 1), policy(), "proof")


def test_a_log_that_the_policy_does_not_list() -> None:
    other = parse_log_policy(b"quorum none\n", "policy")
    with pytest.raises(InputError, match="does not list the log with the key hash 7edd3d5a"):
        convert(PROOF.encode(), other, "proof")
