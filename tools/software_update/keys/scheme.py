"""Signature schemes as values: a `Scheme` knows its numbers and lengths, and loads, verifies and signs.

    scheme = schemes.ALL_SCHEMES.find(3, 3)  # the type and the scheme of a key in root metadata
    assert scheme.title == "ECDSA on NIST P-256 with SHA-256"
    assert scheme.verifies(keyval, signature, Message(data))

`schemes.py` lists them; nothing else needs to know which ones exist. The methods that compute import
`cryptography` when they are called, because most commands never need it. They raise `SchemeMissing` if
it lacks the scheme.
"""

from __future__ import annotations

import abc
import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from software_update.base.errors import InputError


class SchemeMissing(InputError):
    """The installed `cryptography`, or the OpenSSL that it uses, does not implement a scheme."""


class Message:
    """Bytes that keys sign. Schemes that sign a digest compute it once, however many keys sign."""

    def __init__(self, data: bytes | memoryview, sha256: bytes | None = None) -> None:
        self.data = data
        self._sha256 = sha256

    @property
    def sha256(self) -> bytes:
        """The SHA-256 of `data`, or the 32 bytes that stand for it."""
        if self._sha256 is None:
            import hashlib

            self._sha256 = hashlib.sha256(self.data).digest()
        return self._sha256


class Scheme(abc.ABC):
    """A kind of key and the way it signs. Each scheme has one instance, so schemes compare by identity.

    `name` is its name on the command line, `title` its name in sentences. `kind` names a key of it, such
    as "an Ed25519 key", and `faulty_key` says what is wrong with bytes that are not one.
    `key_type` and `number` identify it in root metadata (KeyType and KeyScheme in tuf.proto).
    `keyval_bytes` and `signature_bytes` are the exact lengths on the wire.
    `instruction` tells the author of a signer what to sign, `form` what to answer.
    """

    name: str
    title: str
    kind: str
    faulty_key: str
    key_type: int
    number: int
    keyval_bytes: int
    signature_bytes: int
    instruction: str
    form: str

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def has_key_length(self, keyval: bytes) -> bool:
        """Says whether a key of this scheme may have this length; a key of another length is another kind."""
        return len(keyval) == self.keyval_bytes

    @abc.abstractmethod
    def is_key(self, keyval: bytes) -> bool:
        """Says whether `keyval` can verify signatures, and no one can forge them."""

    @property
    def identity_bytes(self) -> int:
        """The length of an identity."""
        return self.keyval_bytes

    def identity(self, keyval: bytes) -> bytes:
        """Returns bytes that are equal for keys with which the same person can sign."""
        return keyval

    @abc.abstractmethod
    def load(self, keyval: bytes) -> Any:
        """Returns the public key as an object of `cryptography`. Raises ValueError if it is not one."""

    def loads(self, keyval: bytes) -> bool:
        """Says whether `load` accepts `keyval`."""
        try:
            self.load(keyval)
        except ValueError:
            return False
        return True

    @abc.abstractmethod
    def keyval_of(self, public: object) -> bytes | None:
        """Returns the bytes of a public key that `cryptography` loaded; None if it is of another scheme."""

    @abc.abstractmethod
    def verifies(self, keyval: bytes, signature: bytes, message: Message) -> bool:
        """Says whether `signature`, as on the wire, is this key's signature of `message`."""

    @abc.abstractmethod
    def sign(self, private: Any, data: bytes) -> bytes:
        """Signs `data` with a private key of `cryptography`. Returns the signature as on the wire."""

    @abc.abstractmethod
    def generate(self) -> Any:
        """Returns a new private key of `cryptography`."""

    # Answers of signers

    def forms_of(self, answer: bytes) -> Iterator[bytes]:
        """Yields the signatures, as on the wire, that a signer may have meant by `answer`."""
        yield answer

    def form_of(self, answer: bytes) -> str:
        """Names the form of a good answer."""
        return f"{len(answer)} bytes"

    def misread(self, answer: bytes) -> Iterator[tuple[str, bytes]]:
        """Yields signatures that `answer` could be if the signer got its form wrong.

        Each comes with what is wrong, "" for nothing.
        """
        if len(answer) == self.signature_bytes:
            yield "", answer

    def mistaken(self, data: bytes) -> Iterator[tuple[str, Message]]:
        """Yields what a signer may have signed instead of `data` by preparing it in another way."""
        import hashlib

        digest = hashlib.sha256(data).digest()
        yield "its SHA-256", Message(digest)
        yield "its SHA-512", Message(hashlib.sha512(data).digest())


class RawScheme(Scheme):
    """A scheme that signs the message itself, and whose keys and signatures are plain bytes.

    `module` of `cryptography.hazmat.primitives.asymmetric` has the classes `{prefix}PublicKey` and
    `{prefix}PrivateKey`. `is_strong` rejects keys for which anyone can forge signatures.
    """

    faulty_key = "is not a valid key"
    instruction = "sign the request's bytes as they are, without hashing them first"

    def __init__(
        self,
        name: str,
        title: str,
        numbers: tuple[int, int],
        lengths: tuple[int, int],
        classes: tuple[str, str],
        is_strong: Callable[[bytes], bool] = lambda _: True,
    ) -> None:
        self.name, self.title, self.kind = name, title, f"an {title} key"
        self.key_type, self.number = numbers
        self.keyval_bytes, self.signature_bytes = lengths
        self.form = f"the {self.signature_bytes} bytes of the signature"
        self._module, self._prefix = classes
        self._is_strong = is_strong

    def is_key(self, keyval: bytes) -> bool:
        whole = len(keyval) == self.keyval_bytes
        return whole and self._is_strong(keyval) and self.loads(keyval)

    def load(self, keyval: bytes) -> Any:
        with self._missing():
            return self._class("PublicKey").from_public_bytes(keyval)

    def keyval_of(self, public: object) -> bytes | None:
        kind = self._class("PublicKey")
        return public.public_bytes_raw() if isinstance(public, kind) else None

    def verifies(self, keyval: bytes, signature: bytes, message: Message) -> bool:
        from cryptography.exceptions import InvalidSignature

        if len(signature) != self.signature_bytes:
            return False
        try:
            with self._missing():
                self.load(keyval).verify(signature, message.data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def sign(self, private: Any, data: bytes) -> bytes:
        signature: bytes = private.sign(data)
        return signature

    def generate(self) -> Any:
        with self._missing():
            return self._class("PrivateKey").generate()

    def _class(self, kind: str) -> Any:
        with self._missing():
            module = importlib.import_module(
                f"cryptography.hazmat.primitives.asymmetric.{self._module}"
            )
            return getattr(module, self._prefix + kind)

    @contextlib.contextmanager
    def _missing(self) -> Iterator[None]:
        """Turns the errors of a `cryptography` without this scheme into SchemeMissing."""
        from cryptography import __version__
        from cryptography.exceptions import UnsupportedAlgorithm

        try:
            yield
        except (ImportError, AttributeError, UnsupportedAlgorithm):
            raise SchemeMissing(
                f"{self.title}: cryptography {__version__} for {sys.executable} does not implement it; "
                "install cryptography>=50"
            ) from None
