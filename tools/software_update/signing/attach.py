"""Puts detached signatures next to the metadata that they sign. Pure.

Signatures of other metadata, such as other bundles or earlier versions in one folder, do no harm: they
are left out if the signatures of this metadata suffice.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from software_update.base.errors import SignatureError
from software_update.format.limits import MAX_SIGNATURES
from software_update.format.messages import Signature
from software_update.format.metadata import Signed
from software_update.keys.public_key import PublicKey
from software_update.signing.holders import NO_HOLDERS, Holders, named
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signing_request import Authority, Request, request_name
from software_update.verify.quorum import Quorum, public_keys, quorum

# A signature and the name of its file.
_File = tuple[str, DetachedSignature]


class TooFewSignatures(SignatureError):
    """All signatures of the metadata are good, but others are missing."""


class Attached(NamedTuple):
    """Signed metadata, and the files that were left out because they sign other metadata."""

    signed: Signed
    left_out: tuple[str, ...]


def attach(
    request: Request,
    authorities: Sequence[Authority],
    signatures: Sequence[_File],
    holders: Holders = NO_HOLDERS,
) -> Attached:
    """Returns the metadata with its `signatures`, which must be as many as `authorities` need.

    Each must be good and by another key. Each comes with its file's name, for errors, which name the keys by
    `holders`. Raises SignatureError, and its subclass TooFewSignatures.
    """
    fitting, others = _split(request, signatures)
    if len(fitting) > MAX_SIGNATURES:
        raise SignatureError(
            f"{request}: {len(fitting)} signatures; a device accepts at most {MAX_SIGNATURES}"
        )
    for path, signature in fitting:
        problem = _problem(request, authorities, signature, holders) or _twice(
            path, signature, fitting, holders
        )
        if problem:
            raise SignatureError(
                f"{path}: {problem}; {_state(request, authorities, fitting, holders)}"
            )
    signed = _signed(request, fitting)
    if not _suffice(signed, authorities):
        what = f"{_first_other(request, others)};" if others else "too few signatures:"
        raise TooFewSignatures(f"{what} {_state(request, authorities, fitting, holders)}")
    return Attached(signed, tuple(path for path, _ in others))


def merge(
    signed: Signed, request: Request, authorities: Sequence[Authority], signatures: Sequence[_File]
) -> Attached:
    """Returns `signed` with `signatures` next to its own. Accepts too few: others may still sign.

    Of several by one key one stays, the same whatever the order: a good one, and of good ones the
    one that sorts first. Each signature comes with its file's name, for errors.
    """
    fitting, others = _split(request, signatures)
    for path, signature in fitting:
        problem = _problem(request, authorities, signature)
        if problem:
            raise SignatureError(f"{path}: {problem}")
    keys = _keys(authorities)

    def rank(signature: Signature) -> tuple[bool, bytes]:
        key = keys.get(signature.key_id)
        good = key is not None and key.verifies(signature.value, signed.serialized)
        return not good, signature.value

    found = (*signed.signatures, *_signed(request, fitting).signatures)
    # Of one key's, the last stays.
    kept = {each.key_id: each for each in sorted(found, key=rank, reverse=True)}
    if len(kept) > MAX_SIGNATURES:
        raise SignatureError(
            f"{request}: {len(kept)} signatures; a device accepts at most {MAX_SIGNATURES}"
        )
    merged = Signed(signed.serialized, tuple(kept.values()))
    if others and not _suffice(merged, authorities):
        raise SignatureError(_first_other(request, others))
    return Attached(merged, tuple(path for path, _ in others))


def _split(request: Request, signatures: Sequence[_File]) -> tuple[list[_File], list[_File]]:
    """Returns the signatures of the request's bytes, and those of other bytes."""
    fitting = [each for each in signatures if each[1].sha256 == request.sha256]
    return fitting, [each for each in signatures if each[1].sha256 != request.sha256]


def _suffice(signed: Signed, authorities: Sequence[Authority]) -> bool:
    return all(_quorum(signed, each).met for each in authorities)


def _problem(
    request: Request,
    authorities: Sequence[Authority],
    signature: DetachedSignature,
    holders: Holders = NO_HOLDERS,
) -> str | None:
    return signature_problem(request, _keys(authorities), signature, holders)


def signature_problem(
    request: Request,
    keys: Mapping[bytes, PublicKey],
    signature: DetachedSignature,
    holders: Holders = NO_HOLDERS,
) -> str | None:
    """Returns why a signature of the request's bytes cannot count; None if it can.

    `keys` are those that may sign it, by raw key id, and `holders` their names.
    """
    if (signature.role, signature.version) != (request.role, request.version):
        return (
            f"says {signature.role} version {signature.version}, which these bytes are not; "
            "copy the file again"
        )
    name = named(signature.key_id, holders)
    key = keys.get(signature.key_id)
    if key is None:
        return f"signed by key {name}, which may not sign this; remove it"
    if not key.verifies(signature.value, request.serialized):
        return f"bad signature by key {name}; copy the file again, or sign again"
    return None


def _first_other(request: Request, others: Sequence[_File]) -> str:
    path, signature = others[0]
    return f"{path}: {_what_changed(request, signature)}"


def _what_changed(request: Request, signature: DetachedSignature) -> str:
    other = request_name(signature.sha256, signature.role, signature.version)
    if signature.role != request.role:
        return f"signs {other}, which has another role; remove it"
    if signature.version == request.version:
        return (
            f"signs {other}, of the same version, but the content is another now; sign again; if "
            f"version {request.version} is already published, raise the version first, because "
            "devices reject the same version with other content"
        )
    age = "an older" if signature.version < request.version else "a newer"
    return (
        f"signs {other}, {age} one: version {signature.version}, now {request.version}; sign again"
    )


def _twice(
    path: str, signature: DetachedSignature, signatures: Sequence[_File], holders: Holders
) -> str | None:
    same = [other for other, each in signatures if each.key_id == signature.key_id]
    if len(same) == 1:
        return None
    other = next((each for each in same if each != path), path)
    return f"key {named(signature.key_id, holders)} has signed twice, also in {other}; remove one"


def _state(
    request: Request,
    authorities: Sequence[Authority],
    signatures: Sequence[_File],
    holders: Holders,
) -> str:
    """The keys that signed the request, and the keys that did not."""
    good = [each for each in signatures if _problem(request, authorities, each[1]) is None]
    signed = _signed(request, good)
    files = {each.key_id: path for path, each in good}
    counts = (_count(_quorum(signed, each), each.whose, files, holders) for each in authorities)
    return f"{request}: {'; '.join(counts)}"


def _count(quorum: Quorum, whose: str, files: Mapping[bytes, str], holders: Holders) -> str:
    """`files`: from the key id of a good signature to its file."""
    text = f"{len(quorum.signers)} of {quorum.threshold} signatures by {whose} keys"
    if quorum.signers:
        signed = (f"{named(each, holders)} ({files[each]})" for each in quorum.signers)
        text += f", signed: {' '.join(signed)}"
    if quorum.missing:
        text += f", not signed: {' '.join(named(each, holders) for each in quorum.missing)}"
    return text


def _signed(request: Request, signatures: Sequence[_File]) -> Signed:
    return Signed(
        request.serialized, tuple(Signature(each.key_id, each.value) for _, each in signatures)
    )


def _quorum(signed: Signed, authority: Authority) -> Quorum:
    return quorum(signed, authority.root, authority.role, authority.whose)


def _keys(authorities: Sequence[Authority]) -> dict[bytes, PublicKey]:
    return {
        key_id: key
        for each in authorities
        for key_id, key in public_keys(each.root).items()
        if key_id in each.role.key_ids
    }
