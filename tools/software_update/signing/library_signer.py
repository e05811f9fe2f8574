"""Signs with securesystemslib: with a key on a PKCS#11 token, or in a cloud's key management service.

securesystemslib and its dependencies are imported only when such a signer is opened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from software_update.base.errors import (
    Advice,
    InputError,
    SignerUnusable,
    SoftwareUpdateError,
    UsageError,
    WrongSecret,
)
from software_update.keys.public_key import PublicKey
from software_update.signing import pkcs11_uri
from software_update.signing.signing_request import ToSign

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True)
class _Library:
    """The needs of a scheme. `show`: a command that shows the key. `uri`: None if pkcs11_uri reads it."""

    extra: str
    packages: str
    show: str
    uri: re.Pattern[str] | None = None
    form: str = ""


_TOKEN = _Library(
    "hsm",
    "python-pkcs11",
    "pkcs11-tool --module FILE --list-token-slots --token-label TOKEN --list-objects",
)
_LIBRARIES = {
    "hsm": _TOKEN,
    "pkcs11": _TOKEN,
    "awskms": _Library(
        "aws",
        "boto3",
        "aws kms get-public-key --key-id KEY",
        re.compile(r"awskms:(?!/)[\w:/-]+", re.ASCII),
        "awskms:KEY: its id, its ARN, or alias/NAME",
    ),
    "gcpkms": _Library(
        "gcp",
        "google-cloud-kms",
        "gcloud kms keys versions get-public-key V --key K --keyring R --location L",
        re.compile(
            r"gcpkms:projects/[\w.:-]+/locations/[\w-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+"
            r"/cryptoKeyVersions/[0-9]+",
            re.ASCII,
        ),
        "gcpkms:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V",
    ),
    "azurekms": _Library(
        "azure",
        "azure-identity and azure-keyvault-keys",
        "az keyvault key show --id https://VAULT.vault.azure.net/keys/NAME/VERSION",
        re.compile(r"azurekms://[\w.-]+/keys/[\w-]+(/\w+)?", re.ASCII),
        "azurekms://VAULT.vault.azure.net/keys/NAME/VERSION",
    ),
}
URI_SCHEMES = tuple(_LIBRARIES)
TOKEN_URI_SCHEMES = tuple(scheme for scheme, library in _LIBRARIES.items() if library is _TOKEN)

# Older releases use another PKCS#11 library, whose errors would not say that a PIN is wrong.
_OLDEST = (1, 6)
_MODULE_VARIABLE = "PYKCS11LIB"
_MAX_CHARACTERS = 300
# Classes of pkcs11.exceptions. Whichever it is, the same PIN must not be tried again.
_PIN_PROBLEMS = {
    "PinIncorrect": "wrong PIN; be sure of it before you try again: after a few, a token locks itself",
    "PinInvalid": "wrong PIN: it has a character that this token's PINs cannot have",
    "PinLenRange": "wrong PIN: too short or too long for this token",
    "PinExpired": "the PIN has expired; set a new one",
    "PinLocked": "the PIN is locked, after too many wrong ones; unlock it with the token's SO PIN or PUK",
    "UserPinNotInitialized": "the token has no user PIN; set one with: pkcs11-tool --init-pin",
}
# Classes of pkcs11.exceptions as well.
_TOKEN_GONE = ("DeviceRemoved", "NoSuchToken", "SlotIDInvalid", "TokenNotPresent")
_OTHER_PROBLEMS = {
    "UserNotLoggedIn": "the key wants the PIN again for each signature (CKA_ALWAYS_AUTHENTICATE), which "
    "securesystemslib does not give; use another key, or a program of yours, with exec:",
}


def check_uri(uri: str) -> None:
    """Raises UsageError if securesystemslib cannot open `uri`, which begins with one of URI_SCHEMES."""
    scheme = _scheme(uri)
    library = _LIBRARIES[scheme]
    if library.uri is None:
        pkcs11_uri.parse(uri)
    elif not library.uri.fullmatch(uri):
        raise UsageError(f"{scheme}: write {library.form}")


def open_library(
    name: str, public: PublicKey, module: str | None, pin: Callable[[], bytes]
) -> LibrarySigner:
    """Opens the signer that the URI `name` identifies.

    For tokens, `module` is the PKCS#11 module (None: the one that the environment names), and `pin`
    returns the PIN in UTF-8; it is called last, and once. Raises InputError if a library is missing or
    rejects the URI, and WrongSecret if the PIN is wrong.
    """
    is_token = _scheme(name) in TOKEN_URI_SCHEMES
    uri = pkcs11_uri.parse(name).hsm_uri if is_token else name
    secret = functools.cache(lambda: _pin_text(name, pin()))
    signer = _call(name, lambda: _from_uri(uri, public, secret))
    if is_token:
        _set_module(name, module)
        secret()
    return LibrarySigner(name, public, signer)


@dataclasses.dataclass
class LibrarySigner:
    """A key that securesystemslib signs with: `_signer` is its Signer."""

    name: str
    public: PublicKey
    _signer: Any = dataclasses.field(repr=False)
    # The sessions of a process share one login on a token: one request at a time.
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock, repr=False)
    _wrong: WrongSecret | None = None

    def sign(self, request: ToSign) -> bytes:
        """Returns a signature. After a wrong PIN, raises the same error again instead of trying another."""
        with self._lock:
            if self._wrong:
                raise self._wrong
            try:
                return _call(
                    self.name,
                    lambda: bytes.fromhex(self._signer.sign(request.serialized).signature),
                )
            except WrongSecret as error:
                self._wrong = error
                raise


def _scheme(uri: str) -> str:
    return uri.partition(":")[0]


def _from_uri(uri: str, public: PublicKey, secret: Callable[[], str]) -> Any:
    import securesystemslib
    from securesystemslib.signer import Signer, SSlibKey

    if tuple(map(int, securesystemslib.__version__.split(".")[:2])) < _OLDEST:
        raise ImportError
    key = SSlibKey.from_crypto(public.scheme.load(public.keyval))
    return Signer.from_priv_key_uri(uri, key, lambda _: secret())


def _set_module(name: str, module: str | None) -> None:
    """Tells securesystemslib which PKCS#11 module to load."""
    if module is not None:
        os.stat(module)
        os.environ[_MODULE_VARIABLE] = os.path.abspath(module)
    if not os.environ.get(_MODULE_VARIABLE):
        raise UsageError(
            f"{name}: needs the token's PKCS#11 module, a shared library of its maker or of OpenSC",
            Advice.NAME_PKCS11_MODULE,
        )


def _pin_text(name: str, pin: bytes) -> str:
    try:
        return pin.decode()
    except UnicodeDecodeError:
        raise WrongSecret(f"{name}: the PIN is not UTF-8, which tokens require") from None


def _call(name: str, function: Callable[[], _T]) -> _T:
    """Returns the result of `function`; turns everything that libraries raise in it into one error."""
    with _quiet():
        try:
            return function()
        except SoftwareUpdateError:
            raise
        # Their own classes, those of five other projects, and plain ValueErrors.
        except Exception as error:
            problem = _problem(name, error)
        # Objects of the error are freed here, where their complaints are hidden, so raise without them.
    raise problem


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hides the log messages and warnings of libraries, and their failures while they are freed."""
    import logging

    logged, hook = logging.root.manager.disable, sys.unraisablehook
    logging.disable()
    sys.unraisablehook = lambda _: None
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        sys.unraisablehook = hook
        logging.disable(logged)


def _problem(name: str, error: Exception) -> InputError:
    library = _LIBRARIES[_scheme(name)]
    kind = type(error).__name__
    if isinstance(error, ImportError) or kind == "UnsupportedLibraryError":
        oldest = ".".join(map(str, _OLDEST))
        return InputError(
            f"{name}: needs securesystemslib, {oldest} or newer, and {library.packages}; "
            f"install the command with them: pip install '.[{library.extra}]'"
        )
    if kind in _PIN_PROBLEMS:
        return WrongSecret(f"{name}: {_PIN_PROBLEMS[kind]}")
    if kind in _OTHER_PROBLEMS:
        return InputError(f"{name}: {_OTHER_PROBLEMS[kind]}")
    text = (str(error).strip().splitlines() or [""])[0][:_MAX_CHARACTERS].rstrip(". ")
    if kind != "ValueError":
        text = f"{kind}: {text}" if text else kind
    # securesystemslib turns some of these classes into a ValueError.
    is_gone = bool({kind, type(error.__context__).__name__}.intersection(_TOKEN_GONE))
    problem = SignerUnusable if is_gone else InputError
    return problem(f"{name}: {text}; check that this shows the key: {library.show}")
