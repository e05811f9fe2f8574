"""Checks of folders of the source tree."""

visibility("//rules/...")

def folder_error(folder):
    """Returns the problem of a folder of the source tree.

    Args:
      folder: The folder's path below the package, a string.

    Returns:
      A string that says what to write instead, or None if the path is valid.
    """
    if [part for part in folder.split("/") if part in ["", ".", ".."]]:
        return "write a path below the package, such as \"signatures\""
    return None
