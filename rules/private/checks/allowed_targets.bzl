"""The allowed targets of a root, checked during analysis. tools/software_update/format/allowed_targets.py has the same rules."""

load(":target_name.bzl", "USER_MANIFEST", "target_name_error")

visibility(["//rules/...", "//tests/analysis"])

_ALL_BELOW = "/*"
_LONGEST = 64
_MOST = 16

def allowed_targets_error(entries):
    """Returns the problem of a list of allowed targets.

    Args:
      entries: A list of strings.

    Returns:
      A string that says what to write instead, or None if the list is valid.
    """
    if len(entries) > _MOST:
        return "the list has %d entries; write at most %d, such as a prefix that ends in /*" % (len(entries), _MOST)
    for index, entry in enumerate(entries):
        if entry in entries[:index]:
            return "the entry %s appears twice; write it once" % repr(entry)
        problem = _entry_error(entry)
        if problem:
            return "the entry %s: %s" % (repr(entry), problem)
    return None

def _entry_error(entry):
    if len(entry) > _LONGEST:
        return "the entry has %d characters; write at most %d" % (len(entry), _LONGEST)
    name = entry.removesuffix(_ALL_BELOW)
    if entry == _ALL_BELOW:
        return "write a name before the /*"
    if "*" in name:
        return "write a * only in a /* at the end"

    # A bundle may not name this target itself, but a root may.
    return None if name.lower() == USER_MANIFEST else target_name_error(name)

def is_allowed(name, entries):
    """Returns whether a root allows a target.

    Args:
      name: The target's name.
      entries: The root's allowed targets, a list of strings; an empty list allows all.

    Returns:
      A bool.
    """
    if not entries or name == USER_MANIFEST:
        return True
    for entry in entries:
        if name == entry or (entry.endswith(_ALL_BELOW) and name.startswith(entry[:-1])):
            return True
    return False
