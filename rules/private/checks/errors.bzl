"""The form of errors that the rules report during analysis."""

visibility("//rules/...")

def display(label):
    """Returns a label as a person writes it on the command line.

    Args:
      label: The Label.

    Returns:
      A string, without the @@ of the main repository.
    """
    return str(label).removeprefix("@@") if str(label).startswith("@@//") else str(label)

def refuse(label, attribute, value, problem):
    """Fails with an error that names the rule, the attribute and the value.

    Args:
      label: The Label of the rule, as the user wrote it.
      attribute: The attribute's name, or `attribute["key"]`.
      value: The value that the rule rejects.
      problem: A string that says what is wrong and what to write.
    """
    fail("%s: %s = %s: %s" % (display(label), attribute, repr(value), problem))
