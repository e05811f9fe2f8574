"""Attributes that name a root."""

load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")

visibility("//rules/...")

def holders_of(target):
    """Returns the names of the keys of a root and of the roots before it.

    Args:
      target: A `software_update_root`, a target that gives one file, or None.

    Returns:
      A File, or None if no rule makes the root.
    """
    if target and SoftwareUpdateRootInfo in target:
        return target[SoftwareUpdateRootInfo].holders
    return None

def unsigned_root_of(target, file):
    """Returns a root without its own signatures, for actions that only read its keys.

    Such an action does not have to wait for the signatures.

    Args:
      target: A `software_update_root`, a target that gives one file, or None.
      file: That file, or None.

    Returns:
      The File, or None if `target` is None.
    """
    if target and SoftwareUpdateRootInfo in target:
        return target[SoftwareUpdateRootInfo].unsigned_root
    return file
