"""Tests of signer_arguments.py."""

import argparse
from pathlib import Path

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.cli.options.arguments import Parser
from software_update.cli.options.signer_arguments import (
    add_signer,
    check_signer,
    inputs_of,
    open_signer,
)
from software_update.signing.signers import ExecSigner
from software_update.testing.signers import STRANGER, TARGETS_KEY, signer, write_keys


@pytest.fixture(autouse=True)
def _keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder has two key pairs."""
    monkeypatch.chdir(tmp_path)
    write_keys(tmp_path, good=TARGETS_KEY, other=STRANGER)


def parse(*args: str) -> argparse.Namespace:
    parser = Parser("test", "")
    add_signer(parser)
    parsed = parser.parse_args(args)
    check_signer(parsed)
    return parsed


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--key=ftp:x"], "--key 'ftp:': write file:PATH, exec:PROGRAM, or one of hsm:"),
        (["--key=exec:"], "--key exec: write exec:PROGRAM"),
        (["--key=exec:p"], "--key exec: needs --public PUB"),
        (["--key=k.pem", "--timeout=1"], "--timeout: only valid with exec: keys; remove it"),
        (["--key=exec:p", "--public=p", "--timeout=0"], "--timeout: 0 is not from 1 to 86400"),
        (["--key=exec:p", "--public=p", "--pin-fd=3"], "--pin-fd: only valid with "),
    ],
)
def test_options_must_fit_the_key(args: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(*args)
    assert str(caught.value).startswith(text)


def test_pin_in_a_uri_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse("--key=pkcs11:token=t;pin-value=1234", "--public=good.pem.pub")
    assert "1234" not in str(caught.value)


def test_bare_path_is_a_key_in_a_file() -> None:
    args = parse("--key=good.pem")
    assert inputs_of(args) == ["good.pem"]
    found = open_signer(args)
    assert (found.name, found.public) == ("file:good.pem", signer(TARGETS_KEY).public)


def test_rejects_the_public_key_of_another_pair() -> None:
    open_signer(parse("--key=good.pem", "--public=good.pem.pub"))
    with pytest.raises(InputError, match=r"^good\.pem: not the private key of other\.pem\.pub"):
        open_signer(parse("--key=good.pem", "--public=other.pem.pub"))


def test_program_gets_two_minutes() -> None:
    args = ["--key=exec:p", "--public=good.pem.pub"]
    found = open_signer(parse(*args))
    assert found == ExecSigner("p", signer(TARGETS_KEY).public, 120)
    assert open_signer(parse(*args, "--timeout=5")) == ExecSigner(
        "p", signer(TARGETS_KEY).public, 5
    )
