"""Signatures that anyone can make for any key: as strict as real ones, and a hundred times as fast.

fake_crypto.h has the same definition. A mutant of metadata gets fake signatures that fit, so that both
verifiers judge the metadata and not the signature.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from software_update.keys.ecdsa_p256 import EcdsaP256
from software_update.keys.scheme import Message

_PREFIX = b"a fake signature: "


def sign(keyval: bytes, content: bytes) -> bytes:
    """Returns the 64 bytes that are the signature of `content` by a key."""
    return _of_digest(keyval, hashlib.sha256(content).digest())


def _of_digest(keyval: bytes, digest: bytes) -> bytes:
    half = hashlib.sha256(_PREFIX + keyval + digest).digest()
    return half + bytes(255 - byte for byte in half)


def _verifies(_: EcdsaP256, keyval: bytes, signature: bytes, message: Message) -> bool:
    return signature == _of_digest(keyval, message.sha256)


@contextmanager
def accepted() -> Iterator[None]:
    """Makes the Python verifier accept fake signatures and no others, as long as the context lasts."""
    with mock.patch.object(EcdsaP256, "verifies", _verifies):
        yield
