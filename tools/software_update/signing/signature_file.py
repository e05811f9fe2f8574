"""A detached signature: a small JSON file that says who has signed what."""

import dataclasses
import re

from software_update.base.errors import InputError
from software_update.base.strict_json import parse_file, to_text
from software_update.format.limits import MAX_VERSION
from software_update.format.metadata import ROOT, TARGETS
from software_update.keys.keys import SIGNATURE_BYTES

SCHEMA = "software_update.signature.v1"

_HEX = re.compile(r"[0-9a-f]*", re.ASCII)
_DIGEST_BYTES = 32


@dataclasses.dataclass(frozen=True)
class DetachedSignature:
    """Who (raw key id) has signed what (SHA-256 of the bytes), and the signature (r || s)."""

    sha256: bytes
    role: str
    version: int
    key_id: bytes
    value: bytes

    @property
    def file_name(self) -> str:
        """The name of its file where nobody gives one."""
        return file_name(self.sha256, self.key_id)


def file_name(sha256: bytes, key_id: bytes) -> str:
    """The name of the file with a key's signature of the bytes with that SHA-256."""
    return f"{sha256.hex()[:16]}.{key_id.hex()[:8]}.json"


def build(signature: DetachedSignature) -> bytes:
    """The file's content."""
    document = {
        "schema": SCHEMA,
        "sha256": signature.sha256.hex(),
        "role": signature.role,
        "version": signature.version,
        "key_id": signature.key_id.hex(),
        "signature": signature.value.hex(),
    }
    return to_text(document).encode()


def parse(path: str, content: bytes) -> DetachedSignature:
    """The signature in a file's content. Only its form is checked. `path` names it in errors."""
    try:
        fields = parse_file(path, content)
        if fields["schema"] != SCHEMA or fields["role"] not in (ROOT, TARGETS):
            raise ValueError
        return DetachedSignature(
            _bytes(fields["sha256"], _DIGEST_BYTES),
            fields["role"],
            _version(fields["version"]),
            _bytes(fields["key_id"], _DIGEST_BYTES),
            _bytes(fields["signature"], SIGNATURE_BYTES),
        )
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: not a signature file ({SCHEMA}); make it with: software-update sign"
        ) from None


def _bytes(text: object, length: int) -> bytes:
    if not isinstance(text, str) or len(text) != 2 * length or not _HEX.fullmatch(text):
        raise ValueError
    return bytes.fromhex(text)


def _version(value: object) -> int:
    if type(value) is not int or not 1 <= value <= MAX_VERSION:
        raise ValueError
    return value
