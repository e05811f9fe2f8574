"""The grammar of target names, checked during analysis."""

visibility(["//rules/...", "//tests/analysis"])

_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-/"
_ALLOWED = {character: True for character in _CHARACTERS.elems()}
_LONGEST = 255

# The target whose content a device hands to the product before it installs.
USER_MANIFEST = "user_manifest"

def target_name_error(name):
    """Returns the problem of a target name.

    Args:
      name: The name, a string.

    Returns:
      A string that says what to write instead, or None if the name is valid.
    """
    if not name:
        return "the name is empty; write 1 to 255 characters"
    if [character for character in name.elems() if character not in _ALLOWED]:
        return "write the name with only A-Z a-z 0-9 . _ + - and /"
    if len(name) > _LONGEST:
        return "the name has %d characters; write at most %d" % (len(name), _LONGEST)
    if [part for part in name.split("/") if part in ("", ".", "..")]:
        return "write the name without a / at either end and without an empty, . or .. part"
    if name.lower() == USER_MANIFEST:
        return "the name is reserved; write the file into the attribute user_manifest"
    return None

def prefix_error(prefix):
    """Returns the problem of a prefix of target names, a key that ends in /.

    Args:
      prefix: The prefix, with the / at its end.

    Returns:
      A string that says what to write instead, or None if the prefix is valid.
    """

    # A prefix is valid if it becomes a target name with one more character.
    return target_name_error(prefix + "x")
