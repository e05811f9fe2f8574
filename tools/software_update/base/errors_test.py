"""Tests of errors.py."""

from hypothesis import given
from hypothesis import strategies as st

from software_update.base.errors import InputError, UsageError, printable, shown, shown_list
from software_update.format.verdicts import Refused, Verdict


def test_exit_codes() -> None:
    codes = [Refused.exit_code, UsageError.exit_code, InputError.exit_code]
    assert codes == [1, 2, 3]


def test_printable_escapes_what_a_terminal_acts_on() -> None:
    assert printable("a b/c.bin") == "a b/c.bin"
    assert printable("\x1b[31m\n\r\x7f\x9b") == "\\x1b[31m\\n\\r\\x7f\\x9b"
    assert printable("\u202e\u00e9\ud800") == "\\u202e\\xe9\\ud800"


@given(st.text(max_size=20))
def test_printable_is_ascii_and_final(text: str) -> None:
    shown = printable(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert printable(shown) == shown


@given(st.text(max_size=70))
def test_shown_is_short_and_final(text: str) -> None:
    once = shown(text)
    assert once.isascii()
    assert once.isprintable()
    assert len(once) <= 64 or (len(once) == 67 and once.endswith("..."))
    assert shown(once) == once


def test_shown() -> None:
    assert shown("x" * 64) == "x" * 64
    assert shown("x" * 65) == "x" * 64 + "..."
    assert shown("\x1b" * 1_000_000) == "\\x1b" * 16 + "..."


def test_shown_list() -> None:
    assert shown_list([]) == ""
    assert shown_list(["a", "b\n"]) == r"a, b\n"
    assert shown_list(["a", "b", "c", "d"]) == "a, b, c, d"
    assert shown_list(["x" * 100] * 100) == ", ".join(["x" * 64 + "..."] * 4) + " and 96 more"


def test_refusal_names_its_subject_once() -> None:
    inner = Refused(Verdict.HASH_MISMATCH, "differs", subject="target 'a'")
    outer = inner.about("targets", "targets metadata")
    assert (outer.verdict, outer.role, outer.subject) == (
        Verdict.HASH_MISMATCH,
        "targets",
        "target 'a'",
    )
    assert str(outer) == "HASH_MISMATCH: target 'a': differs"
    assert str(Refused(Verdict.MALFORMED, "broken")) == "MALFORMED: broken"
