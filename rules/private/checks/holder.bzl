"""The name of the person or role that holds a key. tools/software_update/signing/holders.py has the same rule."""

visibility("//rules/...")

_LONGEST = 64

def holder_error(name):
    """Returns what to write instead of a name that is not valid.

    Args:
      name: The name of a holder.

    Returns:
      A string, or None if the name is valid.
    """
    printable = not [character for character in name.elems() if character < " " or character > "~"]
    if printable and name and name == name.strip() and len(name) <= _LONGEST:
        return None
    return "write 1 to %d printable ASCII characters without a space at either end, such as release manager" % _LONGEST
