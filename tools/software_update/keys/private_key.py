"""Private keys, which sign and do not reveal themselves."""

from typing import Any

from software_update.keys.public_key import PublicKey


class PrivateKey:
    """A private key of any scheme. This class never shows, compares or writes it."""

    def __init__(self, public: PublicKey, key: Any) -> None:
        """`key` is an object of `cryptography`, whose public part is `public`."""
        self.public = public
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """Returns the signature of `data`, as on the wire. Only some schemes return the same one again."""
        return self.public.scheme.sign(self._key, data)
