"""One form for every error that the rules report while the build is analysed."""

visibility("//rules/...")

def display(label):
    """Writes a label as a person would on the command line.

    Args:
      label: The Label.

    Returns:
      The label as a string, without the @@ of the main repository.
    """
    return str(label).removeprefix("@@") if str(label).startswith("@@//") else str(label)

def refuse(label, attribute, value, problem):
    """Stops with an error that names the rule, the attribute and the value.

    Args:
      label: The Label of the rule, as the user wrote it.
      attribute: The attribute's name, or `attribute["key"]`.
      value: The value that is refused.
      problem: What is wrong and what to write.
    """
    fail("%s: %s = %s: %s" % (display(label), attribute, repr(value), problem))
