"""Tests of the encodings of text files, and of untrusted text."""

import subprocess
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.base.text import check_encoding, encoding_problem, readable

TEXT = '{"name": "café"}\n'


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (TEXT.encode("utf-8-sig"), "starts with a UTF-8 byte order mark"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "is UTF-16 text"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "is UTF-16 text"),
        (b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"), "is UTF-32 text"),
        (b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), "is UTF-32 text"),
        (TEXT.encode("utf-16-le"), "is UTF-16LE text"),
        (TEXT.encode("utf-16-be"), "is UTF-16BE text"),
        (TEXT.encode("utf-32-le"), "is UTF-32LE text"),
        (TEXT.encode("utf-32-be"), "is UTF-32BE text"),
        ("7é".encode("utf-16-le"), "is UTF-16LE text"),
        ("7".encode("utf-16-be"), "is UTF-16BE text"),
    ],
)
def test_the_error_names_the_encoding_and_its_command_converts_the_file(
    tmp_path: Path, content: bytes, found: str
) -> None:
    path = tmp_path / "my file"
    path.write_bytes(content)
    problem = f"{found}; save it as UTF-8 without a byte order mark"
    assert encoding_problem(content) == problem
    with pytest.raises(InputError) as caught:
        check_encoding(str(path), content)
    start = f"{path}: {problem}, for example with: "
    assert str(caught.value).startswith(start)
    command = str(caught.value).removeprefix(start)
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "NEW").read_bytes() in (TEXT.encode(), "7é".encode(), b"7")


@pytest.mark.parametrize(
    "content",
    [b"", b"7", b"\0", bytes(8), TEXT.encode(), TEXT.encode("latin-1"), b"\xff", b"\xef\xbb"],
)
def test_other_content_has_no_encoding_problem(content: bytes) -> None:
    assert encoding_problem(content) is None
    check_encoding("file", content)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Schließt eine Lücke. 電球を修正 🔒", "Schließt eine Lücke. 電球を修正 🔒"),
        ("a\nb\x1b[2J", "a\\nb\\x1b[2J"),
        ("\u202eevil\u2066\u200b", "\\u202eevil\\u2066\\u200b"),
        ("\ud800\x00", "\\ud800\\x00"),
    ],
)
def test_letters_stay_and_invisible_characters_are_escaped(text: str, expected: str) -> None:
    assert readable(text) == expected
