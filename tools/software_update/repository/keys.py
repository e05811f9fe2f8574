"""The keys of a repository: this project's public keys and signers, as TUF's JSON has them.

The keys of a repository sign only its JSON. The keys of the product never do.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from securesystemslib.signer import Signature, SSlibKey
from tuf.api.metadata import Metadata

from software_update.base.errors import InputError, SignatureError
from software_update.keys.ecdsa_p256 import der_form
from software_update.keys.pem import parse_public_key
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ALL_SCHEMES, ECDSA_P256, ED25519, Schemes
from software_update.repository.names import Kind, kind_of
from software_update.signing.signers import Signer, raw_signature

Signers = Mapping[Kind, Sequence[Signer]]

_SCHEMES = Schemes((ECDSA_P256, ED25519))
_SHORT = 16


@dataclass(frozen=True, slots=True)
class JsonToSign:
    """A role's canonical JSON, for a signer. `role` begins with `repository.`, unlike that of a product."""

    role: str
    version: int
    serialized: bytes
    document: None = None

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.serialized).digest()


def tuf_key(name: str, public: PublicKey) -> Any:
    """Returns a public key as TUF's JSON has it. `name` names it in errors."""
    if public.scheme not in _SCHEMES.accepted:
        raise InputError(
            f"{name}: is {public.scheme.kind}, which clients of a repository do not know; use "
            f"{_SCHEMES.kinds}"
        )
    return SSlibKey.from_crypto(public.scheme.load(public.keyval))


def public_key(key: Any) -> PublicKey:
    """Returns a key of TUF's JSON. Raises InputError if no signer of this project has such keys."""
    name, value = f"key {short_key_id(key.keyid)}", str(key.keyval.get("public", ""))
    if key.keytype == "ed25519":
        try:
            return PublicKey(ED25519, bytes.fromhex(value))
        except ValueError:
            raise InputError(f"{name}: is not a valid Ed25519 key") from None
    return parse_public_key(name, value.encode(), ALL_SCHEMES)


def short_key_id(key_id: str) -> str:
    """Returns the start of a key id of TUF, which identifies the key in a line."""
    return key_id[:_SHORT]


def sign(metadata: Any, role: str, signers: Sequence[Signer]) -> None:
    """Adds a verified signature by each signer to the metadata of a role."""
    content = JsonToSign(f"repository.{role}", metadata.signed.version, metadata.signed_bytes)
    for signer in signers:
        key = tuf_key(signer.name, signer.public)
        value = _tuf_form(signer.public, raw_signature(signer, content))
        metadata.signatures[key.keyid] = Signature(key.keyid, value.hex())


def _tuf_form(public: PublicKey, raw: bytes) -> bytes:
    return der_form(raw) if public.scheme is ECDSA_P256 else raw


def check_signers(
    delegator: Any, role: str, signers: Signers, former: Collection[str] = ()
) -> None:
    """Raises SignatureError if the signers at hand cannot sign a role as its delegator demands.

    Nothing is signed, so the check comes before the first write. `former` are the ids of keys that may sign,
    too, for clients that do not know the newest root yet.
    """
    kind = kind_of(role)
    listed = delegator.get_delegated_role(role)
    good = set()
    for signer in signers.get(kind, ()):
        key_id = tuf_key(signer.name, signer.public).keyid
        if key_id in former and key_id not in listed.keyids:
            continue
        if key_id not in listed.keyids:
            names = ", ".join(map(short_key_id, listed.keyids))
            raise SignatureError(
                f"{signer.name}: its key {short_key_id(key_id)} is not one that signs {role}; name one of "
                f"these with --{kind}-key: {names}"
            )
        good.add(key_id)
    if len(good) < listed.threshold:
        raise SignatureError(
            f"{role}: needs signatures by {listed.threshold} of its {len(listed.keyids)} keys, and "
            f"{len(good)} are given; name {'more keys' if good else 'the key'} with --{kind}-key"
        )


def new_metadata(signed: Any) -> Any:
    """Returns metadata without signatures."""
    return Metadata(signed)
