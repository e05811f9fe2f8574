"""Attributes that name a root."""

load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")

visibility("//rules/...")

def unsigned_root_of(target, file):
    """A root without its own signatures, so that what only asks who signs does not wait for those.

    Args:
      target: A `software_update_root`, a target that gives one file, or None.
      file: That file, or None.

    Returns:
      The File; None where `target` is.
    """
    if target and SoftwareUpdateRootInfo in target:
        return target[SoftwareUpdateRootInfo].unsigned_root
    return file
