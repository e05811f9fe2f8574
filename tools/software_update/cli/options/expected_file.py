"""Files in the source tree that a test compares with a result, and that `bazel run` renews."""

import difflib
import os

from software_update.base import files
from software_update.base.errors import DifferentError, UsageError, printable

_MAX_BYTES = 16 * 1024 * 1024


def in_workspace(path: str) -> str:
    """Returns the place of a path below the workspace, for `bazel run`."""
    try:
        return os.path.join(os.environ["BUILD_WORKSPACE_DIRECTORY"], path)
    except KeyError:
        raise UsageError("--source-file: only for bazel run; use --output") from None


def check_expected(path: str, result: str, *, name: str, what: str, renew_with: str) -> None:
    """Raises DifferentError, and prints the lines that differ, if a file is not the result.

    `name` is the column title of the result, `what` says in the error what it is, and `renew_with` is the
    command that renews the file.
    """
    expected = files.read_input(path, _MAX_BYTES).decode(errors="replace")
    if expected == result:
        return
    changes = difflib.unified_diff(
        expected.splitlines(), result.splitlines(), path, name, lineterm="", n=0
    )
    print("\n".join(map(printable, changes)), flush=True)
    raise DifferentError(
        f"{path}: differs from what {what}; if that is intended, renew it with: {renew_with}"
    )
