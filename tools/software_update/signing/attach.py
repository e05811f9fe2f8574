"""Puts detached signatures beside what they sign. Pure: what does not fit is refused."""

from collections.abc import Mapping, Sequence

from software_update.errors import SignatureError
from software_update.keys import PublicKey
from software_update.limits import MAX_SIGNATURES
from software_update.metadata import Signature, Signed
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signing_request import Request, Signers, request_name
from software_update.verify import verifier


def attach(
    request: Request,
    signers: Sequence[Signers],
    signatures: Sequence[tuple[str, DetachedSignature]],
) -> Signed:
    """The metadata with all `signatures`, each by another key and good, and as many as `signers` need.

    Each signature comes with its file's name, for errors.
    """
    if len(signatures) > MAX_SIGNATURES:
        raise SignatureError(
            f"{request}: {len(signatures)} signatures; a device takes at most {MAX_SIGNATURES}"
        )
    for path, signature in signatures:
        problem = _problem(request, signers, signature) or _twice(path, signature, signatures)
        if problem:
            raise SignatureError(f"{path}: {problem}; {_state(request, signers, signatures)}")
    signed = _signed(request, signatures)
    if not all(_quorum(signed, each).met for each in signers):
        raise SignatureError(f"too few signatures: {_state(request, signers, signatures)}")
    return signed


def merge(
    signed: Signed,
    request: Request,
    signers: Sequence[Signers],
    signatures: Sequence[tuple[str, DetachedSignature]],
) -> Signed:
    """`signed` with `signatures` beside its own. Too few are no failure: others may still sign.

    Of several by one key one stays, the same whatever the order: a good one, and of good ones that
    which sorts first. Each signature comes with its file's name, for errors.
    """
    for path, signature in signatures:
        problem = _problem(request, signers, signature)
        if problem:
            raise SignatureError(f"{path}: {problem}")
    keys = _keys(signers)

    def rank(signature: Signature) -> tuple[bool, bytes]:
        key = keys.get(signature.key_id)
        good = key is not None and key.verifies(signature.value, signed.serialized)
        return not good, signature.value

    found = (*signed.signatures, *_signed(request, signatures).signatures)
    # Of one key's, the last stays.
    kept = {each.key_id: each for each in sorted(found, key=rank, reverse=True)}
    if len(kept) > MAX_SIGNATURES:
        raise SignatureError(
            f"{request}: {len(kept)} signatures; a device takes at most {MAX_SIGNATURES}"
        )
    return Signed(signed.serialized, tuple(kept.values()))


def _problem(
    request: Request, signers: Sequence[Signers], signature: DetachedSignature
) -> str | None:
    """Why a signature alone cannot count."""
    if signature.sha256 != request.sha256:
        return _what_changed(request, signature)
    if (signature.role, signature.version) != (request.role, request.version):
        return (
            f"says {signature.role} version {signature.version}, which these bytes are not; "
            "copy the file again"
        )
    name = signature.key_id.hex()[:16]
    key = _keys(signers).get(signature.key_id)
    if key is None:
        return f"signed by key {name}, which may not sign this; leave it out"
    if not key.verifies(signature.value, request.serialized):
        return f"bad signature by key {name}; copy the file again, or sign again"
    return None


def _what_changed(request: Request, signature: DetachedSignature) -> str:
    other = request_name(signature.sha256, signature.role, signature.version)
    if signature.role != request.role:
        return f"signs {other}, which has another role; leave it out"
    if signature.version == request.version:
        return f"signs {other}, of the same version, but the content is another now; sign again"
    age = "an older" if signature.version < request.version else "a newer"
    return (
        f"signs {other}, {age} one: version {signature.version}, now {request.version}; sign again"
    )


def _twice(
    path: str, signature: DetachedSignature, signatures: Sequence[tuple[str, DetachedSignature]]
) -> str | None:
    same = [other for other, each in signatures if each.key_id == signature.key_id]
    if len(same) == 1:
        return None
    other = next((each for each in same if each != path), path)
    return f"key {signature.key_id.hex()[:16]} has signed twice, in {other} too; leave one out"


def _state(
    request: Request,
    signers: Sequence[Signers],
    signatures: Sequence[tuple[str, DetachedSignature]],
) -> str:
    """Who has signed the request, and who has not."""
    good = [each for each in signatures if _problem(request, signers, each[1]) is None]
    signed = _signed(request, good)
    files = {each.key_id: path for path, each in good}
    counts = (_count(_quorum(signed, each), each.whose, files) for each in signers)
    return f"{request}: {'; '.join(counts)}"


def _count(quorum: verifier.Quorum, whose: str, files: Mapping[bytes, str]) -> str:
    """`files`: from the key id of a good signature to its file."""
    text = f"{len(quorum.signers)} of {quorum.threshold} signatures by {whose} keys"
    if quorum.signers:
        signed = (f"{each.hex()[:16]} ({files[each]})" for each in quorum.signers)
        text += f", signed: {' '.join(signed)}"
    if quorum.missing:
        text += f", not signed: {' '.join(each.hex()[:16] for each in quorum.missing)}"
    return text


def _signed(request: Request, signatures: Sequence[tuple[str, DetachedSignature]]) -> Signed:
    return Signed(
        request.serialized, tuple(Signature(each.key_id, each.value) for _, each in signatures)
    )


def _quorum(signed: Signed, signers: Signers) -> verifier.Quorum:
    return verifier.quorum(signed, signers.root, signers.role, signers.whose)


def _keys(signers: Sequence[Signers]) -> dict[bytes, PublicKey]:
    return {
        key.key_id: PublicKey(key.keyval)
        for each in signers
        for key in each.root.keys
        if key.key_id in each.role.key_ids
    }
