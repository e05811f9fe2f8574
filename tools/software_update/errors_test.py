"""Tests of errors.py."""

from hypothesis import given
from hypothesis import strategies as st

from software_update.errors import InputError, Refused, UsageError, Verdict, printable


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


def test_a_refusal_says_what_it_is_about_once() -> None:
    inner = Refused(Verdict.HASH_MISMATCH, "differs", subject="target 'a'")
    outer = inner.about("targets", "targets metadata")
    assert (outer.verdict, outer.role, outer.subject) == (
        Verdict.HASH_MISMATCH,
        "targets",
        "target 'a'",
    )
    assert str(outer) == "HASH_MISMATCH: target 'a': differs"
    assert str(Refused(Verdict.MALFORMED, "broken")) == "MALFORMED: broken"
