"""Versions of metadata: unsigned 32-bit integers from 1 on."""

visibility(["//rules/...", "//tests/..."])

_HIGHEST = 4294967295

def version_error(text):
    """Says what is wrong with a version.

    Args:
      text: The version in decimal. Text, because an integer attribute of Bazel stops at 2147483647.

    Returns:
      What to write instead, or None when the version is good.
    """
    if text.isdigit() and not text.startswith("0") and len(text) <= 10 and int(text) <= _HIGHEST:
        return None
    return "write an integer from 1 to %d, higher than the last release's" % _HIGHEST
