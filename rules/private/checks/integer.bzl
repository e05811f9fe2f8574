"""Checks of integers, which attributes hold as text: see //rules/private/attributes:integer.bzl."""

load(":errors.bzl", "refuse")

visibility(["//rules/...", "//tests/analysis"])

UINT32_MAX = 4294967295

# What to write into an attribute `version`.
A_VERSION = "write an integer from 1 to %d, higher than the last release's" % UINT32_MAX

def is_integer(text, highest = UINT32_MAX):
    """Says whether a text is a positive integer, spelt as a program prints it.

    Args:
      text: The text.
      highest: The highest integer that is accepted.

    Returns:
      A bool.
    """
    return _is_number(text) and int(text, 10) >= 1 and int(text, 10) <= highest

def _is_number(text):
    # int() alone also accepts 07, 1_0 and blanks.
    return text.isdigit() and str(int(text, 10)) == text

def refuse_integer(label, attribute, text, problem):
    """Stops with an error that shows a number as a number, and any other value in quotes.

    Args:
      label: The Label of the rule, as the user wrote it.
      attribute: The attribute's name.
      text: The value, of `integer_of`.
      problem: What to write instead.
    """
    value = int(text, 10) if _is_number(text.removeprefix("-")) else text or None
    refuse(label, attribute, value, problem)
