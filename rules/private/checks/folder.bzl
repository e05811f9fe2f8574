"""Checks of folders of the source tree."""

visibility("//rules/...")

def folder_error(folder):
    """Says what is wrong with a folder of the source tree.

    Args:
      folder: Its path below the package, as a string.

    Returns:
      What to write instead, or None where it is such a path.
    """
    if [part for part in folder.split("/") if part in ["", ".", ".."]]:
        return "write a path below the package, such as \"signatures\""
    return None
