"""Signed notes, and the keys that sign them (c2sp.org/signed-note).

A note is text, an empty line, and a line for each signature. Reading one checks only its form; a signature
counts after `NoteKey.verifies`.

    note = parse_note(content)
    assert any(key.signs(line) and key.verifies(line.signature, note.text) for line in note.signatures)
"""

import base64
import binascii
import hashlib
import re
from typing import NamedTuple

from software_update.base.errors import InputError, shown
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ED25519

# Of a note. 16 signatures of 5 kB, the least that a verifier must read, fit well.
MAX_NOTE_BYTES = 256 * 1024
MAX_SIGNATURES = 64
# Signature types (clause "Signature types").
ED25519_SIGNATURE = 0x01
ED25519_COSIGNATURE = 0x04

_KEY_ID_BYTES = 4
_SIGNATURE_LINE = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^+]+)\+([0-9A-Fa-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class SignatureLine(NamedTuple):
    """A line of a note: the name of a key, its 4-byte key id, and the bytes of the signature."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note: the text that is signed, with its last line feed, and the signatures."""

    text: bytes
    signatures: tuple[SignatureLine, ...]

    def content(self) -> bytes:
        """Returns the note as it is written in a file."""
        lines = [
            f"— {each.name} {base64.b64encode(each.key_id + each.signature).decode()}\n"
            for each in self.signatures
        ]
        return self.text + b"\n" + "".join(lines).encode()


class NoteKey(NamedTuple):
    """An Ed25519 public key with a name. `kind` is the signature type, such as ED25519_SIGNATURE."""

    name: str
    kind: int
    keyval: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that a signature line has next to the name."""
        hashed = self.name.encode() + b"\n" + bytes([self.kind]) + self.keyval
        return hashlib.sha256(hashed).digest()[:_KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as one word of text (clause "Verifier keys")."""
        encoded = base64.b64encode(bytes([self.kind]) + self.keyval).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def signs(self, line: SignatureLine) -> bool:
        """Says whether a line claims to be a signature of this key."""
        return (line.name, line.key_id) == (self.name, self.key_id)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Says whether `signature` (64 bytes) is this key's Ed25519 signature of `data`."""
        return PublicKey(ED25519, self.keyval).verifies(signature, data)


def parse_note(content: bytes) -> Note:
    """Reads a note. Raises NotDisclosed with MALFORMED_PROOF if it is not one."""
    if len(content) > MAX_NOTE_BYTES:
        raise malformed(f"is a note of more than {MAX_NOTE_BYTES} bytes")
    if _CONTROL.search(content):
        raise malformed("is a note with a control character")
    try:
        content.decode()
    except UnicodeDecodeError:
        raise malformed("is a note that is not in UTF-8") from None
    text, found, lines = content.rpartition(b"\n\n")
    if not found or not lines.endswith(b"\n"):
        raise malformed("is a note that ends before its last signature")
    signatures = lines.decode().split("\n")[:-1]
    if len(signatures) > MAX_SIGNATURES:
        raise malformed(f"is a note with more than {MAX_SIGNATURES} signatures")
    return Note(text + b"\n", tuple(_signature_line(each) for each in signatures))


def _signature_line(line: str) -> SignatureLine:
    match = _SIGNATURE_LINE.fullmatch(line)
    signature = decode_base64(match[2]) if match else None
    if not match or signature is None or len(signature) <= _KEY_ID_BYTES:
        raise malformed(f"has the signature line '{shown(line)}', which is not valid")
    if not is_key_name(match[1]):
        raise malformed(f"has a signature of '{shown(match[1])}', which is not the name of a key")
    return SignatureLine(match[1], signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:])


def parse_vkey(text: str) -> NoteKey:
    """Reads a key in the form of `NoteKey.vkey`. Raises InputError if it is not an Ed25519 key."""
    match = _VKEY.fullmatch(text)
    if not match or not is_key_name(match[1]):
        raise InputError(f"'{shown(text)}' is not a key of a note, NAME+KEY_ID+BASE64")
    encoded = decode_base64(match[3])
    if not encoded:
        raise InputError(f"'{shown(text)}' is not a key of a note: its last part is not base64")
    key = NoteKey(match[1], encoded[0], encoded[1:])
    if key.kind not in (ED25519_SIGNATURE, ED25519_COSIGNATURE):
        raise InputError(
            f"the key of '{shown(key.name)}' has the signature type {key.kind}; "
            "this version reads Ed25519 keys, types 1 and 4"
        )
    if not ED25519.is_key(key.keyval):
        raise InputError(f"the key of '{shown(key.name)}' is not a valid Ed25519 key")
    if key.key_id.hex() != match[2].lower():
        raise InputError(f"the key of '{shown(key.name)}' has the key id {key.key_id.hex()}")
    return key


def is_key_name(name: str) -> bool:
    """Says whether a text may be the name of a key: not empty, in Unicode, without spaces and plus."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name) and not any(each.isspace() or each == "+" or each < " " for each in name)


def decode_base64(text: str) -> bytes | None:
    """Returns the bytes of base64 (RFC 4648, 4) in its one form with padding; None if it is not that."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


def malformed(detail: str) -> NotDisclosed:
    """Returns the refusal of a proof or a checkpoint that cannot be read."""
    return NotDisclosed(Refusal.MALFORMED_PROOF, detail)
