"""Proofs of Sigsum logs (sigsum.org), as proofs of c2sp.org/tlog-proof@v1.

A Sigsum log contains a leaf for each record: a checksum of the record, a signature of the submitter over it,
and the hash of the submitter's key. The extra data of the proof has the last two. So a device computes the
leaf from its own record, and the submitter need not be known: the leaf cannot be that of another record.
"""

import hashlib
import re
from typing import NamedTuple

from software_update.base.errors import InputError, shown
from software_update.transparency.checkpoint import Checkpoint, cosignature
from software_update.transparency.log_policy import LogPolicy
from software_update.transparency.merkle import HASH_BYTES, MAX_HASHES
from software_update.transparency.note import ED25519_SIGNATURE, Note, SignatureLine
from software_update.transparency.proof import build_proof

MAX_SIGSUM_PROOF_BYTES = 64 * 1024

_MARK = b"sigsum.org/v1/leaf\n"
_SIGNATURE_BYTES = 64
_EXTRA_BYTES = len(_MARK) + _SIGNATURE_BYTES + HASH_BYTES
_ORIGIN = "sigsum.org/v1/tree/"
_HASH, _SIGNATURE, _NUMBER = "([0-9a-f]{64})", "([0-9a-f]{128})", "(0|[1-9][0-9]{0,17})"
# The lines of a proof, version 2, in their order, and the least and the most of each.
_LINES = (
    ("version", "2", 1, 1),
    ("log", _HASH, 1, 1),
    ("leaf", f"{_HASH} {_SIGNATURE}", 1, 1),
    ("size", _NUMBER, 1, 1),
    ("root_hash", _HASH, 1, 1),
    ("signature", _SIGNATURE, 1, 1),
    ("cosignature", f"{_HASH} {_NUMBER} {_SIGNATURE}", 0, 64),
    ("leaf_index", _NUMBER, 0, 1),
    ("node_hash", _HASH, 0, MAX_HASHES),
)


def entry_of(record: bytes, extra: bytes) -> bytes:
    """Returns the entry of a log about a record: the record itself, or its leaf in a Sigsum log."""
    if len(extra) != _EXTRA_BYTES or not extra.startswith(_MARK):
        return record
    checksum = hashlib.sha256(hashlib.sha256(record).digest()).digest()
    return checksum + extra.removeprefix(_MARK)


class _Found(NamedTuple):
    """The values of the lines with one name."""

    values: tuple[tuple[str, ...], ...]

    @property
    def only(self) -> str:
        return self.values[0][0]


def convert(content: bytes, policy: LogPolicy, path: str) -> bytes:
    """Returns a proof that `sigsum-submit` wrote, version 2, in the form that devices read.

    The policy names the keys of the log and the witnesses. Cosignatures of others are left out. Nothing is
    verified. Raises InputError if it is not such a proof, or the policy does not list its log.
    """
    found = _parse(content, path)
    log = found["log"].only
    keys = [each for each in policy.logs if hashlib.sha256(each.keyval).hexdigest() == log]
    if not keys or keys[0].name != _ORIGIN + log:
        raise InputError(
            f"{path}: the policy does not list the log with the key hash {log}; add a line for it"
        )
    checkpoint = Checkpoint(
        keys[0].name, int(found["size"].only), bytes.fromhex(found["root_hash"].only)
    )
    assert keys[0].kind == ED25519_SIGNATURE
    signature = bytes.fromhex(found["signature"].only)
    lines = [SignatureLine(keys[0].name, keys[0].key_id, signature)]
    by_hash = {hashlib.sha256(each.key.keyval).hexdigest(): each.key for each in policy.witnesses}
    for witness, time, signed in found["cosignature"].values:
        if key := by_hash.get(witness):
            value = cosignature(int(time), bytes.fromhex(signed))
            lines.append(SignatureLine(key.name, key.key_id, value))
    submitter, submitted = found["leaf"].values[0]
    return build_proof(
        int(found["leaf_index"].only) if found["leaf_index"].values else 0,
        [bytes.fromhex(each) for (each,) in found["node_hash"].values],
        Note(checkpoint.text(), tuple(lines)).content(),
        _MARK + bytes.fromhex(submitted) + bytes.fromhex(submitter),
    )


def _parse(content: bytes, path: str) -> dict[str, _Found]:
    if len(content) > MAX_SIGSUM_PROOF_BYTES:
        raise InputError(f"{path}: is larger than {MAX_SIGSUM_PROOF_BYTES} bytes")
    lines = [each for each in content.decode(errors="replace").split("\n") if each]
    found, place = {}, 0
    for name, pattern, least, most in _LINES:
        values: list[tuple[str, ...]] = []
        while len(values) < most and place < len(lines):
            match = re.fullmatch(f"{name}={pattern}", lines[place])
            if match is None:
                break
            values.append(match.groups())
            place += 1
        if len(values) < least:
            break
        found[name] = _Found(tuple(values))
    if len(found) < len(_LINES) or place < len(lines):
        line = lines[place] if place < len(lines) else ""
        raise InputError(
            f"{path}: is not a Sigsum proof of version 2 at '{shown(line)}'; name the file that "
            "sigsum-submit wrote"
        )
    return found
