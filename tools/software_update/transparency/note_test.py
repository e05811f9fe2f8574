"""Tests of note.py. The examples are those of c2sp.org/signed-note and of Go's package note."""

import pytest

from software_update.base.errors import InputError
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.testing.memory_log import MemoryLog, NamedKey
from software_update.transparency.note import MAX_NOTE_BYTES, NoteKey, parse_note, parse_vkey

TEXT = "If you think cryptography is the answer to your problem,\n\nthen ä\n".encode()
KEY = NamedKey("PeterNeumann", 7, 1)
NOTE = TEXT + b"\n" + KEY.line(KEY.sign(TEXT))
# Of the documentation of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKv"
    "qfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def test_a_signature_of_another_implementation_verifies() -> None:
    key, note = parse_vkey(PETER), parse_note(PETERS_NOTE)
    (line,) = note.signatures
    assert key.vkey == PETER
    assert key.signs(line)
    assert key.verifies(line.signature, note.text)
    assert not key.verifies(line.signature, note.text + b"\n")


def test_the_last_empty_line_ends_the_text() -> None:
    note = parse_note(NOTE)
    assert note.text == TEXT
    assert note.content() == NOTE


def test_the_largest_number_of_signatures() -> None:
    note = TEXT + b"\n" + KEY.line(KEY.sign(TEXT)) * 64
    assert len(parse_note(note).signatures) == 64


def test_a_key_of_another_type_or_name_does_not_sign() -> None:
    key = parse_vkey(KEY.vkey)
    (line,) = parse_note(NOTE).signatures
    assert key.signs(line)
    assert not key._replace(name="Peter").signs(line)
    assert not key._replace(kind=4).signs(line)


@pytest.mark.parametrize(
    "note, detail",
    [
        (b"", "ends before"),
        (TEXT, "is not valid"),
        (b"text\n", "ends before"),
        (NOTE[:-1], "ends before"),
        (NOTE + b"\n", "ends before"),
        (NOTE + b"- a b\n", "is not valid"),
        (NOTE[:-2] + b"\n", "is not valid"),
        (TEXT + "\n— a AAAA\n".encode(), "is not valid"),
        (TEXT + "\n— a AAAAAA==\n".encode(), "is not valid"),
        (TEXT + "\n— a AAAAAAB=\n".encode(), "is not valid"),
        (TEXT + "\n— a+b AAAAAAA=\n".encode(), "the name of a key"),
        (TEXT + "\n— a\u00a0b AAAAAAA=\n".encode(), "the name of a key"),
        (b"\xff" + NOTE, "UTF-8"),
        (b"\r" + NOTE, "control character"),
        (TEXT + b"\n" + KEY.line(KEY.sign(TEXT)) * 65, "more than 64"),
        (b" " * MAX_NOTE_BYTES + NOTE, "more than 262144 bytes"),
    ],
)
def test_other_files_are_refused(note: bytes, detail: str) -> None:
    with pytest.raises(NotDisclosed, match=detail) as error:
        parse_note(note)
    assert error.value.refusal == Refusal.MALFORMED_PROOF
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "vkey, detail",
    [
        ("", "not a key of a note"),
        ("a+b", "not a key of a note"),
        (PETER.replace("Peter", "Peter "), "not a key of a note"),
        (PETER + "=", "not base64"),
        (PETER.replace("c74f20a3", "c74f20a4"), "has the key id c74f20a3"),
        (NoteKey("a", 6, bytes(1312)).vkey, "signature type 6"),
        (NoteKey("a", 1, bytes(32)).vkey, "not a valid Ed25519 key"),
        (NoteKey("a", 1, bytes(31)).vkey, "not a valid Ed25519 key"),
        ("\udcff" + PETER, "not a key of a note"),
    ],
)
def test_other_keys_are_refused(vkey: str, detail: str) -> None:
    with pytest.raises(InputError, match=detail):
        parse_vkey(vkey)


def test_the_test_kit_writes_the_same_keys() -> None:
    assert parse_vkey(MemoryLog().vkey).vkey == MemoryLog().vkey
