"""A securesystemslib that is not: it takes the real one's place, and signs as a test says."""

import dataclasses
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from software_update.testing.signers import TARGETS_KEY, signer

Handler = Callable[[str], str]


def good(payload: bytes, handler: Handler) -> str:
    """A good signature, as HSMSigner gives one: it wants the PIN each time."""
    handler("pin")
    return signer(TARGETS_KEY).sign(payload).hex()


@dataclasses.dataclass
class Library:
    """The requests that the library got, and its instructions."""

    sign: Callable[[bytes, Handler], str] = good
    opened: list[str] = dataclasses.field(default_factory=list)
    signed: list[bytes] = dataclasses.field(default_factory=list)
    opening: Exception | None = None

    def open(self, uri: str, public: object, handler: Handler) -> Any:
        """Signer.from_priv_key_uri."""
        assert public == "the public key"
        self.opened.append(uri)
        if self.opening:
            raise self.opening

        def sign(payload: bytes) -> object:
            self.signed.append(payload)
            return types.SimpleNamespace(signature=self.sign(payload, handler))

        return types.SimpleNamespace(sign=sign)


def install(monkeypatch: pytest.MonkeyPatch, version: str = "1.6.0") -> Library:
    """Puts it where `import securesystemslib` finds it, for one test."""
    library = Library()
    top = types.ModuleType("securesystemslib")
    below = types.ModuleType("securesystemslib.signer")
    vars(top)["__version__"] = version
    vars(below)["Signer"] = types.SimpleNamespace(from_priv_key_uri=library.open)
    vars(below)["SSlibKey"] = types.SimpleNamespace(from_crypto=lambda _key: "the public key")
    monkeypatch.setitem(sys.modules, "securesystemslib", top)
    monkeypatch.setitem(sys.modules, "securesystemslib.signer", below)
    return library


def uninstall(monkeypatch: pytest.MonkeyPatch) -> None:
    """No `import securesystemslib` succeeds, for one test."""
    monkeypatch.setitem(sys.modules, "securesystemslib", None)
