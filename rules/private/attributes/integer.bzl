"""Integers in attributes: a number, the same in decimal text, or a select() of one of the two."""

visibility("//rules/...")

# Bazel checks the type of each value of a select(), and no type of attribute accepts numbers and text.
# So a rule has two attributes for an integer: NAME for text, and this one for a select() of numbers.
_NUMBER_SUFFIX = "_number"

# Not 0, because an error may have to show a given 0.
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
            doc = "The same integer, from a select() of numbers.",
            default = _NOT_GIVEN,
        ),
    }

def integer_arguments(**values):
    """Converts integers of a macro to arguments for the attributes of `integer_attribute`.

    Args:
      **values: The value of each attribute, as the user wrote it. The rule checks it.

    Returns:
      A dict of arguments for the rule, without those that are None.
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
    # Inside a key or a value, repr() writes a \ before each quote, so these texts only match between them.
    text = repr(selected)
    return "\": \"" in text or "\"): \"" in text

def integer_of(attributes, name):
    """Returns the value of an integer attribute.

    Args:
      attributes: `ctx.attr` of a rule with the attributes of `integer_attribute`.
      name: The attribute's name.

    Returns:
      The unchecked value as text; empty if it is not given.
    """
    number = getattr(attributes, name + _NUMBER_SUFFIX)
    return getattr(attributes, name) or ("" if number == _NOT_GIVEN else str(number))
