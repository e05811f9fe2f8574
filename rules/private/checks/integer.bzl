"""Checks of integers, which attributes hold as text; see //rules/private/attributes:integer.bzl."""

load(":errors.bzl", "refuse")

visibility(["//rules/...", "//tests/analysis"])

UINT32_MAX = 4294967295

# The end of errors about an attribute `version`.
A_VERSION = "write an integer from 1 to %d, higher than the last release's" % UINT32_MAX

def is_integer(text, highest = UINT32_MAX):
    """Returns whether a text is a positive integer, written as a program prints it.

    Args:
      text: The text.
      highest: The highest integer to accept.

    Returns:
      A bool.
    """
    return _is_number(text) and int(text, 10) >= 1 and int(text, 10) <= highest

def _is_number(text):
    # int() also accepts 07, 1_0 and spaces.
    return text.isdigit() and str(int(text, 10)) == text

def refuse_integer(label, attribute, text, problem):
    """Fails with an error that shows a number without quotes, and any other value in quotes.

    Args:
      label: The Label of the rule, as the user wrote it.
      attribute: The attribute's name.
      text: The value, from `integer_of`.
      problem: A string that says what to write instead.
    """
    value = int(text, 10) if _is_number(text.removeprefix("-")) else text or None
    refuse(label, attribute, value, problem)
