"""Signed statements: DSSE envelopes (https://github.com/secure-systems-lab/dsse), read by securesystemslib.

    envelope = parse_envelope(content, "audit.dsse.json")
    signers = signed_by(envelope, keys)
    statement = statement_of(envelope, "audit.dsse.json")

The signature covers "DSSEv1", the media type and the statement, so it cannot be one of a product's metadata
or of a repository's. securesystemslib is imported when an envelope is read or written.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from software_update.attachments.statement import (
    STATEMENT_MEDIA_TYPE,
    Statement,
    malformed,
    parse_statement,
)
from software_update.base import strict_json
from software_update.base.errors import InputError
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ECDSA_P256, ED25519, Schemes

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope

# An SBOM is a listed file and may be larger.
MAX_ENVELOPE_BYTES = 4 * 1024 * 1024
SCHEMES = Schemes((ECDSA_P256, ED25519))

_MAX_SIGNATURES = 64


def parse_envelope(content: bytes, name: str) -> Envelope:
    """Returns the envelope in `content`, of which no signature is verified. `name` names it in errors.

    Raises NotDisclosed with MALFORMED_ATTACHMENT if it is not an envelope.
    """
    envelope_class = dsse_library(name).Envelope
    if len(content) > MAX_ENVELOPE_BYTES:
        raise malformed(
            name, f"has {len(content)} bytes; an envelope has at most {MAX_ENVELOPE_BYTES}"
        )
    try:
        document = strict_json.parse_object(content)
        _check_fields(document)
        envelope: Envelope = envelope_class.from_dict(document)
        return envelope
    except strict_json.RejectedJson as error:
        raise malformed(name, str(error)) from None
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise malformed(name, "is not a DSSE envelope") from None


def _check_fields(document: dict[str, Any]) -> None:
    """Raises ValueError if a field has another type than securesystemslib expects."""
    texts = [document.get("payload"), document.get("payloadType")]
    signatures = document.get("signatures")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= _MAX_SIGNATURES:
        raise ValueError
    for each in signatures:
        if not isinstance(each, dict):
            raise ValueError
        # Optional in DSSE, and only a hint.
        each.setdefault("keyid", "")
        texts += [each.get("sig"), each["keyid"]]
    if not all(isinstance(each, str) for each in texts):
        raise ValueError


def statement_of(envelope: Envelope, name: str) -> Statement:
    """Returns the statement in an envelope.

    Raises NotDisclosed with MALFORMED_ATTACHMENT if it contains something else.
    """
    if envelope.payload_type != STATEMENT_MEDIA_TYPE:
        raise malformed(
            name, f"contains no in-toto statement: needs payloadType {STATEMENT_MEDIA_TYPE}"
        )
    return parse_statement(envelope.payload, name)


def signed_by(envelope: Envelope, keys: Iterable[PublicKey]) -> list[PublicKey]:
    """Returns those of `keys` that have signed the envelope, in their order.

    Key ids in the envelope are hints that anyone may write, so each key is tried with each signature.
    """
    content = envelope.pae()
    values = [bytes.fromhex(each.signature) for each in envelope.signatures.values()]
    return [
        key for key in keys if any(key.raw_form(value, content) is not None for value in values)
    ]


def dsse_library(name: str) -> Any:
    """Returns the module of securesystemslib. Raises InputError, which begins with `name`, without it."""
    try:
        from securesystemslib import dsse
    except ImportError:
        raise InputError(
            f"{name}: needs securesystemslib; install the command with it: pip install '.[attachments]'"
        ) from None
    return dsse
