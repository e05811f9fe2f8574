"""Integers in attributes: a number, the same in decimal text, or a select() of one of the two."""

load(":errors.bzl", "refuse")

visibility("//rules/...")

UINT32_MAX = 4294967295

# What to write into an attribute `version`.
A_VERSION = "write an integer from 1 to %d, higher than the last release's" % UINT32_MAX

# Bazel checks the type of each value of a select(), and no type of attribute accepts numbers and text.
# So a rule has two attributes for an integer: NAME for text, and this one for a select() of numbers.
_NUMBER_SUFFIX = "_number"

# Not 0, which an error must be able to name.
_NOT_GIVEN = -2147483648

def integer_attribute(name, doc):
    """Declares the attributes of a rule for one integer.

    Args:
      name: The attribute's name.
      doc: Its documentation.

    Returns:
      A dict of attributes.
    """
    return {
        name: attr.string(doc = doc + " In decimal, because attr.int ends at 2147483647."),
        name + _NUMBER_SUFFIX: attr.int(
            doc = "The same, from a select() of numbers.",
            default = _NOT_GIVEN,
        ),
    }

def integer_arguments(**values):
    """Passes integers from a macro to a rule with the attributes of `integer_attribute`.

    Args:
      **values: The value of each attribute, as the user wrote it: the rule reports what is wrong with it.

    Returns:
      A dict of arguments for the rule, without the values that are None.
    """
    arguments = {}
    for name, value in values.items():
        if type(value) == "select":
            arguments[name if _selects_text(value) else name + _NUMBER_SUFFIX] = value
        elif value != None:
            arguments[name] = value if type(value) == "string" else repr(value)
    return arguments

def _selects_text(selected):
    # A macro cannot look into a select(), but repr() writes each pair as `"KEY": VALUE` or `Label("KEY"): VALUE`.
    # Inside a key or a value there is a \ before each quote, so this matches no part of them.
    text = repr(selected)
    return "\": \"" in text or "\"): \"" in text

def integer_of(attributes, name):
    """Returns an integer as its rule got it.

    Args:
      attributes: `ctx.attr` of a rule with the attributes of `integer_attribute`.
      name: The attribute's name.

    Returns:
      The value as text, checked by nothing; empty if it is not given.
    """
    number = getattr(attributes, name + _NUMBER_SUFFIX)
    return getattr(attributes, name) or ("" if number == _NOT_GIVEN else str(number))

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
