"""Public keys: a scheme, the bytes of the key, and the key id that metadata names it by."""

import hashlib
from typing import NamedTuple

from software_update.base.errors import short_id
from software_update.keys.scheme import Message, Scheme


def key_id(key_type: int, scheme: int, keyval: bytes) -> bytes:
    """Returns the 32 raw bytes that name a key: SHA-256 over its type and scheme (a byte each) and keyval."""
    return hashlib.sha256(bytes((key_type, scheme)) + keyval).digest()


class PublicKey(NamedTuple):
    """A public key: its scheme, and its bytes as root metadata lists them."""

    scheme: Scheme
    keyval: bytes

    @property
    def key_id(self) -> bytes:
        return key_id(self.scheme.key_type, self.scheme.number, self.keyval)

    @property
    def identity(self) -> bytes:
        """Bytes that are equal for keys with which the same person can sign."""
        return self.scheme.identity(self.keyval)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Says whether `signature`, as on the wire, is this key's signature of `data`."""
        return self.verifies_message(signature, Message(data))

    def verifies_message(self, signature: bytes, message: Message) -> bool:
        """As `verifies`, of a message whose digest many keys share."""
        return self.scheme.verifies(self.keyval, signature, message)

    def raw_form(self, signature: bytes, data: bytes) -> bytes | None:
        """Returns a signer's answer for `data` in the form on the wire; None if it is not good."""
        for raw in self.scheme.forms_of(signature):
            if self.verifies(raw, data):
                return raw
        return None


def name_of(path: str, key: PublicKey) -> str:
    """Returns the name of a key in errors: its file, and the first digits of its key id."""
    return f"{path} ({short_id(key.key_id)})"
