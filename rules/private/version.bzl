"""Versions of metadata: unsigned 32-bit integers from 1 on."""

visibility("//rules/...")

_HIGHEST = 4294967295

def version_error(text):
    """Says what is wrong with a version.

    Args:
      text: The version in decimal. Text, because an integer attribute of Bazel stops at 2147483647.

    Returns:
      What to write instead, or None when the version is good.
    """
    if text.isdigit() and int(text, 10) >= 1 and int(text, 10) <= _HIGHEST:
        return None
    return "write an integer from 1 to %d, higher than the last release's" % _HIGHEST
