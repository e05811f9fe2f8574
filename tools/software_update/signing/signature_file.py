"""A detached signature: a small JSON file that says which key has signed which bytes."""

import dataclasses
import re
from collections.abc import Container

from software_update.base import files
from software_update.base.errors import Advice, InputError
from software_update.base.strict_json import parse_file, to_text
from software_update.format.limits import MAX_VERSION
from software_update.format.metadata import ROOT, TARGETS
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing.signing_request import Request

SCHEMA = "software_update.signature.v1"

_HEX = re.compile(r"[0-9a-f]*", re.ASCII)
_DIGEST_BYTES = 32
# Everything in a file except the digits of the signature, with room for other white space.
_MAX_OTHER_BYTES = 3968


@dataclasses.dataclass(frozen=True)
class DetachedSignature:
    """A signature, the raw key id of its key, and the metadata that it signs (SHA-256, role, version)."""

    sha256: bytes
    role: str
    version: int
    key_id: bytes
    value: bytes

    @property
    def file_name(self) -> str:
        """The default name of its file."""
        return file_name(self.sha256, self.key_id)


def file_name(sha256: bytes, key_id: bytes) -> str:
    """Returns the name of the file with a key's signature of the bytes with that SHA-256."""
    return f"{sha256.hex()[:16]}.{key_id.hex()[:8]}.json"


def max_bytes(schemes: Schemes) -> int:
    """Returns the largest size of a file with a signature of one of `schemes`."""
    return _MAX_OTHER_BYTES + 2 * max(schemes.signature_bytes)


def read(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> DetachedSignature:
    """Reads and parses a file. Raises InputError as `parse` does, and OSError."""
    return parse(path, files.read_input(path, max_bytes(schemes)), schemes)


def build(signature: DetachedSignature) -> bytes:
    """Returns the content of the file."""
    document = {
        "schema": SCHEMA,
        "sha256": signature.sha256.hex(),
        "role": signature.role,
        "version": signature.version,
        "key_id": signature.key_id.hex(),
        "signature": signature.value.hex(),
    }
    return to_text(document).encode()


def parse(path: str, content: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> DetachedSignature:
    """Returns the signature in the content of a file, of which only the form is checked.

    Raises InputError if the form is wrong, or if no scheme of `schemes` has signatures of that length.
    `path` names the file in the error.
    """
    try:
        fields = parse_file(path, content)
        if fields["schema"] != SCHEMA or fields["role"] not in (ROOT, TARGETS):
            raise ValueError
        return DetachedSignature(
            _bytes(fields["sha256"], {_DIGEST_BYTES}),
            fields["role"],
            _version(fields["version"]),
            _bytes(fields["key_id"], {_DIGEST_BYTES}),
            _bytes(fields["signature"], schemes.signature_bytes),
        )
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not a signature file ({SCHEMA})", Advice.SIGN_REQUEST) from None


def _bytes(text: object, lengths: Container[int]) -> bytes:
    if not isinstance(text, str) or not _HEX.fullmatch(text) or len(text) // 2 not in lengths:
        raise ValueError
    return bytes.fromhex(text)


def _version(value: object) -> int:
    if type(value) is not int or not 1 <= value <= MAX_VERSION:
        raise ValueError
    return value


def is_good(signature: DetachedSignature, request: Request, public: PublicKey) -> bool:
    """Says whether `signature` is the key's good signature of the request."""
    said = (signature.sha256, signature.role, signature.version, signature.key_id)
    return said == (request.sha256, request.role, request.version, public.key_id) and (
        public.verifies(signature.value, request.serialized)
    )
