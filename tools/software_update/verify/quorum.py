"""Counts which keys of a role have signed metadata (TUF specification 1.0.34, 5.3.4 and 5.6.3). Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from software_update.base.errors import short_id, shown_list
from software_update.format.messages import Role
from software_update.format.metadata import Root, Signed, UnparsedSigned
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ALL_SCHEMES


class Quorum(NamedTuple):
    """The keys of a role that have signed, and those that have not, by raw key id.

    `uncounted` are the key ids of other signatures, and why these do not count.
    """

    threshold: int
    signers: tuple[bytes, ...]
    missing: tuple[bytes, ...]
    uncounted: tuple[tuple[bytes, str], ...]

    @property
    def met(self) -> bool:
        """Returns whether enough of them signed."""
        return len(self.signers) >= self.threshold


def check_threshold(
    signed: Signed | UnparsedSigned, root: Root, role: Role, whose: str
) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Returns the signers, and why other signatures do not count. The same for every role.

    Raises Refused with THRESHOLD_NOT_MET if fewer than `role.threshold` distinct keys have signed.
    """
    found = quorum(signed, root, role, whose)
    reasons = tuple(f"{short_id(signer)} {problem}" for signer, problem in found.uncounted)
    if not found.met:
        details = f" ({shown_list(reasons)})" if reasons else ""
        raise Refused(
            Verdict.THRESHOLD_NOT_MET,
            f"{len(found.signers)} of {role.threshold} signatures that {whose} keys must give{details}",
        )
    return found.signers, reasons


def quorum(signed: Signed | UnparsedSigned, root: Root, role: Role, whose: str) -> Quorum:
    """Returns which keys of `role` in `root` have signed. `whose` names the role in errors."""
    keys = role_keys(root, role, whose)
    good: set[bytes] = set()
    uncounted: list[tuple[bytes, str]] = []
    for signer, problem in _signature_problems(signed, keys):
        if problem is None:
            good.add(signer)
        else:
            uncounted.append((signer, problem))
    missing = sorted(keys.keys() - good)
    return Quorum(role.threshold, tuple(sorted(good)), tuple(missing), tuple(uncounted))


def _signature_problems(
    signed: Signed | UnparsedSigned, keys: Mapping[bytes, PublicKey]
) -> Iterator[tuple[bytes, str | None]]:
    """Yields the key id of each signature, and why it does not count; None if it does."""
    counted: set[bytes] = set()
    # Many signatures of 32 MiB share one digest.
    message = signed.message
    for signature in signed.signatures:
        key = keys.get(signature.key_id)
        problem = None
        if key is None:
            problem = "unknown key"
        elif signature.key_id in counted:
            problem = "repeated"
        elif len(signature.value) != key.scheme.signature_bytes:
            problem = f"bad signature of {len(signature.value)} bytes"
        elif not key.verifies_message(signature.value, message):
            problem = "bad signature"
        else:
            counted.add(signature.key_id)
        yield signature.key_id, problem


def role_keys(root: Root, role: Role, whose: str) -> dict[bytes, PublicKey]:
    """Returns the role's keys by key id. No person can sign with two of them."""
    listed = public_keys(root)
    if len(set(role.key_ids)) != len(role.key_ids):
        raise Refused(Verdict.THRESHOLD_INVALID, f"{whose} role lists a key twice")
    if len(set(root.identities(role).values())) != len(role.key_ids):
        raise Refused(
            Verdict.THRESHOLD_INVALID,
            f"{whose} role lists a key and its mirrored key, which are one",
        )
    if not set(role.key_ids) <= set(listed):
        raise Refused(Verdict.THRESHOLD_INVALID, f"{whose} role names a key that is not there")
    if not 1 <= role.threshold <= len(role.key_ids):
        raise Refused(
            Verdict.THRESHOLD_INVALID,
            f"{whose} threshold is {role.threshold} of {len(role.key_ids)} keys",
        )
    return {each: listed[each] for each in role.key_ids}


def public_keys(root: Root) -> dict[bytes, PublicKey]:
    """Returns the keys of a root that `check_keys` accepted, by key id."""
    found = {}
    for key in root.keys:
        scheme = ALL_SCHEMES.find(key.key_type, key.scheme)
        if scheme is not None:
            found[key.key_id] = PublicKey(scheme, key.keyval)
    return found
