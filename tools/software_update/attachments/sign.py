"""Signs statements: the other half of `envelope`, which reads them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from software_update.attachments.envelope import SCHEMES, dsse_library
from software_update.attachments.statement import STATEMENT_MEDIA_TYPE
from software_update.base import strict_json
from software_update.base.errors import InputError
from software_update.keys.ecdsa_p256 import der_form
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ECDSA_P256
from software_update.signing.signers import Signer, raw_signature


@dataclass(frozen=True, slots=True)
class EnvelopeToSign:
    """The bytes of an envelope that a signer signs. No role of a product or repository has this name."""

    serialized: bytes
    role: str = "attachment"
    version: int = 1
    document: None = None

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.serialized).digest()


def sign_statement(statement: bytes, signers: Iterable[Signer]) -> bytes:
    """Returns an envelope with the JSON of a statement, signed by each signer.

    Raises SignatureError if a signer answers with another signature. The caller checks that the keys may
    sign.
    """
    library = dsse_library("an envelope")
    from securesystemslib.signer import Signature

    envelope = library.Envelope(statement, STATEMENT_MEDIA_TYPE, {})
    for signer in signers:
        key_id = _library_key_id(signer)
        value = raw_signature(signer, EnvelopeToSign(envelope.pae()))
        envelope.signatures[key_id] = Signature(key_id, _library_form(signer.public, value).hex())
    return strict_json.to_text(envelope.to_dict()).encode()


def _library_key_id(signer: Signer) -> str:
    """Returns the key id by which programs with securesystemslib find the key."""
    from securesystemslib.signer import SSlibKey

    public = signer.public
    if public.scheme not in SCHEMES.accepted:
        raise InputError(
            f"{signer.name}: is {public.scheme.kind}, which no reader of envelopes knows; use {SCHEMES.kinds}"
        )
    key_id: str = SSlibKey.from_crypto(public.scheme.load(public.keyval)).keyid
    return key_id


def _library_form(public: PublicKey, raw: bytes) -> bytes:
    """Returns a signature as programs with securesystemslib read it."""
    return der_form(raw) if public.scheme is ECDSA_P256 else raw
