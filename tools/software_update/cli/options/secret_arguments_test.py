"""Tests of secret_arguments.py."""

import os
from pathlib import Path

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.cli.options.arguments import Parser
from software_update.cli.options.secret_arguments import PASSPHRASE, PIN, add_secret, read_secret


@pytest.mark.parametrize("content", [b"a b", b"a b\n", b"a b\r\n"])
def test_secret_in_a_file_ends_before_its_newline(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert read_secret(PASSPHRASE, str(path), None, "key.pem") == b"a b"


def test_only_one_newline_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"a\n\n")
    assert read_secret(PIN, str(path), None, "token") == b"a\n"


def from_fd(content: bytes) -> bytes:
    reader, writer = os.pipe()
    try:
        os.write(writer, content)
        os.close(writer)
        return read_secret(PIN, None, reader, "token")
    finally:
        os.close(reader)


def test_secret_comes_from_a_file_descriptor() -> None:
    assert from_fd(b"1234\n") == b"1234"
    with pytest.raises(InputError, match="empty; a token has a PIN"):
        from_fd(b"\n")
    with pytest.raises(InputError, match="more than 1024 bytes; is it the right one"):
        from_fd(b"1" * 1025)
    with pytest.raises(InputError, match=r"^--pin-fd 999999: Bad file descriptor"):
        read_secret(PIN, None, 999999, "token")


def test_secret_is_named_once() -> None:
    parser = Parser("test", "")
    add_secret(parser, PIN)
    assert parser.parse_args(["--pin-fd=3"]).pin_fd == 3
    with pytest.raises(UsageError, match="not allowed with argument"):
        parser.parse_args(["--pin-fd=3", "--pin-file=x"])
