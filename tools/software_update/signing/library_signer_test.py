"""Tests of library_signer.py, with a securesystemslib that is not; //tests/signers has the real one."""

import concurrent.futures
import logging
import os
import sys
import threading
import warnings
from pathlib import Path

import pytest

from software_update.base.errors import (
    Advice,
    InputError,
    SignatureError,
    SignerUnusable,
    UsageError,
    WrongSecret,
)
from software_update.signing.library_signer import LibrarySigner, check_uri, open_library
from software_update.signing.signers import signature_by
from software_update.signing.signing_request import Request, parse_request
from software_update.testing import encode as e
from software_update.testing import library as fake
from software_update.testing.library import Handler, Library
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2, signer

PIN = "735281"
PUBLIC = signer(TARGETS_KEY).public
GCP = "gcpkms:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
AZURE = "azurekms://v.vault.azure.net/keys/n"


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("PYKCS11LIB", "/a module")
    return fake.install(monkeypatch)


@pytest.fixture
def request_() -> Request:
    return parse_request(e.targets({"app": b"firmware"}, 7))


def pin() -> bytes:
    return PIN.encode()


def no_pin() -> bytes:
    raise AssertionError("asked for a PIN")


def open_token(name: str = "hsm:2") -> LibrarySigner:
    return open_library(name, PUBLIC, None, pin)


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("hsm:", "hsm:2"),
        ("hsm:3?label=My+T", "hsm:3?label=My+T"),
        ("pkcs11:token=My%20T;id=%01%00", "hsm:256?label=My+T"),
        ("awskms:alias/x", "awskms:alias/x"),
        (GCP, GCP),
        (AZURE, AZURE),
    ],
)
def test_a_good_signature(library: Library, request_: Request, name: str, uri: str) -> None:
    check_uri(name)
    opened = open_library(name, PUBLIC, None, pin)
    signature = signature_by(opened, request_)
    assert PUBLIC.verifies(signature.value, request_.serialized)
    assert library.opened == [uri]
    assert library.signed == [request_.serialized]
    assert opened.name == name
    assert PIN not in repr(opened)


def test_a_signature_by_another_key(library: Library, request_: Request) -> None:
    library.sign = lambda payload, _: signer(TARGETS_KEY_2).sign(payload).hex()
    with pytest.raises(
        SignatureError, match="hsm:2: its answer is not a signature of this request"
    ):
        signature_by(open_token(), request_)


@pytest.mark.usefixtures("library")
def test_the_pin_is_asked_once(request_: Request) -> None:
    asked = []

    def ask() -> bytes:
        asked.append(1)
        return PIN.encode()

    opened = open_library("hsm:2", PUBLIC, None, ask)
    for _ in range(3):
        opened.sign(request_)
    assert len(asked) == 1
    for uri in ("awskms:alias/x", GCP, AZURE):
        open_library(uri, PUBLIC, None, no_pin)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "PinIncorrect",
            "wrong PIN; be sure of it before you try again: after a few, a token locks",
        ),
        ("PinInvalid", "wrong PIN: it has a character"),
        ("PinLenRange", "wrong PIN: too short or too long"),
        ("PinExpired", "the PIN has expired; set a new one"),
        ("PinLocked", "the PIN is locked, after too many wrong ones; unlock it"),
        ("UserPinNotInitialized", "the token has no user PIN; set one with: pkcs11-tool"),
    ],
)
def test_a_wrong_pin_is_tried_once(
    library: Library, request_: Request, kind: str, text: str
) -> None:
    def sign(_payload: bytes, handler: Handler) -> str:
        raise type(kind, (RuntimeError,), {})(handler("pin"))

    library.sign = sign
    opened = open_token()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        errors = [pool.submit(opened.sign, request_).exception() for _ in range(10)]
    for error in errors:
        assert isinstance(error, WrongSecret)
        assert str(error).startswith(f"hsm:2: {text}")
        assert PIN not in str(error)
    assert len(library.signed) == 1


def test_one_request_at_a_time(library: Library, request_: Request) -> None:
    inside = threading.Lock()

    def sign(payload: bytes, handler: Handler) -> str:
        assert inside.acquire(blocking=False)
        try:
            return fake.good(payload, handler)
        finally:
            inside.release()

    library.sign = sign
    opened = open_token()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(opened.sign, [request_] * 10))
    assert len(library.signed) == 10


@pytest.mark.usefixtures("library")
def test_a_pin_that_is_not_text() -> None:
    with pytest.raises(WrongSecret, match="hsm:2: the PIN is not UTF-8"):
        open_library("hsm:2", PUBLIC, None, lambda: b"\xff\xff")


class OddError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("No token."), "No token"),
        (ValueError(), ""),
        (OddError(), "OddError"),
        (OddError("\n  first\nsecond"), "OddError: first"),
        (OddError("x" * 1000), f"OddError: {'x' * 300}"),
        (KeyError("Signature"), "KeyError: 'Signature'"),
        (ConnectionResetError("reset"), "ConnectionResetError: reset"),
    ],
)
@pytest.mark.parametrize("name", ["hsm:2", "awskms:alias/x", GCP, AZURE])
def test_every_exception_becomes_one_line(
    library: Library, request_: Request, name: str, error: Exception, text: str
) -> None:
    def sign(_payload: bytes, _handler: Handler) -> str:
        raise error

    library.sign = sign
    opened = open_library(name, PUBLIC, None, pin)
    with pytest.raises(InputError) as caught:
        opened.sign(request_)
    assert str(caught.value).startswith(f"{name}: {text}; check that this shows the key: ")
    assert not isinstance(caught.value, WrongSecret)
    assert caught.value.__cause__ is None
    library.opening = error
    with pytest.raises(InputError) as caught:
        open_library(name, PUBLIC, None, no_pin)
    assert str(caught.value).startswith(f"{name}: {text}; check that this shows the key: ")


@pytest.mark.parametrize("kind", ["DeviceRemoved", "NoSuchToken", "TokenNotPresent"])
@pytest.mark.parametrize("converted", [True, False])
def test_missing_token_makes_the_signer_unusable(
    library: Library, request_: Request, kind: str, converted: bool
) -> None:
    """No other request can be signed either, so that a queue stops."""

    def sign(_payload: bytes, _handler: Handler) -> str:
        try:
            raise type(kind, (Exception,), {})("gone")
        except Exception:
            if converted:
                raise ValueError("No PKCS#11 token found") from None
            raise

    library.sign = sign
    with pytest.raises(SignerUnusable) as caught:
        open_token().sign(request_)
    assert not isinstance(caught.value, WrongSecret)
    assert "check that this shows the key: pkcs11-tool" in str(caught.value)


def test_logs_and_warnings_of_libraries_are_hidden(
    library: Library, request_: Request, capfd: pytest.CaptureFixture[str]
) -> None:
    log = logging.getLogger("securesystemslib.test")
    log.addHandler(logging.StreamHandler())

    def sign(payload: bytes, handler: Handler) -> str:
        log.error("Failed to sign")
        warnings.warn("old", stacklevel=1)
        return fake.good(payload, handler)

    library.sign = sign
    open_token().sign(request_)
    assert capfd.readouterr() == ("", "")
    log.error("shown again")
    assert capfd.readouterr().err == "shown again\n"


def test_key_that_needs_the_pin_for_each_signature(library: Library, request_: Request) -> None:
    def sign(_payload: bytes, _handler: Handler) -> str:
        raise type("UserNotLoggedIn", (RuntimeError,), {})

    library.sign = sign
    with pytest.raises(InputError, match="hsm:2: the key wants the PIN again for each signature"):
        open_token().sign(request_)


class Complains:
    """As python-pkcs11's searches do where they were not read to their end."""

    def __del__(self) -> None:
        raise OddError("freed too late")


def test_failures_of_freed_objects_are_hidden(
    library: Library, request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", shown.append)

    def sign(_payload: bytes, _handler: Handler) -> str:
        held = Complains()
        raise OddError(f"found several {type(held).__name__}")

    library.sign = sign
    opened = open_token()
    with pytest.raises(InputError, match="hsm:2: OddError: found several Complains; "):
        opened.sign(request_)
    assert shown == []
    Complains()
    assert len(shown) == 1


def test_answer_that_is_not_a_signature(library: Library, request_: Request) -> None:
    library.sign = lambda _payload, _handler: "no digits"
    with pytest.raises(InputError, match="hsm:2: non-hexadecimal number found"):
        open_token().sign(request_)


@pytest.mark.parametrize(
    ("name", "packages", "extra"),
    [
        ("hsm:2", "python-pkcs11", "hsm"),
        ("pkcs11:id=%02", "python-pkcs11", "hsm"),
        ("awskms:alias/x", "boto3", "aws"),
        (GCP, "google-cloud-kms", "gcp"),
        (AZURE, "azure-identity and azure-keyvault-keys", "azure"),
    ],
)
def test_missing_libraries(
    monkeypatch: pytest.MonkeyPatch, name: str, packages: str, extra: str
) -> None:
    text = (
        f"{name}: needs securesystemslib, 1.6 or newer, and {packages}; "
        f"install the command with them: pip install '.[{extra}]'"
    )
    fake.uninstall(monkeypatch)
    with pytest.raises(InputError) as caught:
        open_library(name, PUBLIC, None, no_pin)
    assert str(caught.value) == text
    fake.install(monkeypatch, "1.5.2")
    with pytest.raises(InputError) as caught:
        open_library(name, PUBLIC, None, no_pin)
    assert str(caught.value) == text
    fake.install(monkeypatch, "1.10.0").opening = type(
        "UnsupportedLibraryError", (Exception,), {}
    )()
    with pytest.raises(InputError) as caught:
        open_library(name, PUBLIC, None, no_pin)
    assert str(caught.value) == text


def test_the_module(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYKCS11LIB")
    with pytest.raises(UsageError, match=r"hsm:2: needs the token's PKCS#11 module, ") as caught:
        open_library("hsm:2", PUBLIC, None, no_pin)
    assert caught.value.advice == Advice.NAME_PKCS11_MODULE
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"m\.so"):
        open_library("hsm:2", PUBLIC, "m.so", no_pin)
    (tmp_path / "m.so").touch()
    open_library("hsm:2", PUBLIC, "m.so", pin)
    assert os.environ["PYKCS11LIB"] == str(tmp_path / "m.so")
    assert library.opened == ["hsm:2"] * 3


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("hsm:x", "hsm: write hsm:ID?label=TOKEN"),
        ("pkcs11:", "pkcs11: has no id"),
        ("awskms:", "awskms: write awskms:KEY: its id, its ARN, or alias/NAME"),
        ("awskms:///alias/x", "write awskms:KEY"),
        ("awskms:x?region=y", "write awskms:KEY"),
        ("awskms:alias/é", "write awskms:KEY"),
        (GCP.removesuffix("/cryptoKeyVersions/1"), "gcpkms: write gcpkms:projects/P/"),
        (GCP + "/x", "write gcpkms:projects/P/"),
        (GCP + "?x", "write gcpkms:projects/P/"),
        (GCP + "\n", "write gcpkms:projects/P/"),
        ("azurekms:v.vault.azure.net/keys/n/1", "azurekms: write azurekms://VAULT."),
        ("azurekms://u:p@v.vault.azure.net/keys/n/1", "write azurekms://VAULT."),
        ("azurekms://v.vault.azure.net/secrets/n/1", "write azurekms://VAULT."),
    ],
)
def test_invalid_uris_are_rejected(uri: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_uri(uri)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    [
        "awskms:1234abcd-12ab-34cd-56ef-1234567890ab",
        "awskms:mrk-1234abcd12ab34cd56ef1234567890ab",
        "awskms:arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1234abcd-12ab",
        "awskms:arn:aws:kms:eu-central-1:111122223333:alias/a/b_c-d",
        GCP.replace("projects/p", "projects/example.com:p-1"),
        "azurekms://my-vault.vault.azure.cn/keys/my-key/0123456789abcdef0123456789abcdef",
        "azurekms://hsm.managedhsm.azure.net/keys/n/1",
    ],
)
def test_uris_of_other_forms(uri: str) -> None:
    check_uri(uri)
