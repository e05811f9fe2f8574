"""The checks that a commit must pass before its release: CI, and commands that the caller names."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from own_tree import Commit, NotReleasable
from software_update.base.errors import InputError

CI = ".ci/run"

_FIRST = re.compile(r"commit ([0-9a-f]{40,64})( with changes)?")
_LAST = re.compile(r"(\d+) passed, (\d+) failed")


def run_check(top: Path, command: Sequence[str]) -> None:
    """Runs a command at the top of the tree; its output is shown. Raises NotReleasable if it fails."""
    try:
        done = subprocess.run(command, cwd=top, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise NotReleasable(
            f"check '{shlex.join(command)}': {error.strerror}; correct it"
        ) from None
    if done.returncode != 0:
        raise NotReleasable(
            f"check '{shlex.join(command)}': ended with {done.returncode}; correct what it reports above"
        )


def read_ci_log(path: Path, commit: Commit) -> str:
    """Returns the last line of the output of CI for a commit.

    Raises InputError if it is not such an output, and NotReleasable if CI tested something else or failed.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    first, last = _FIRST.fullmatch(lines[0]), _LAST.fullmatch(lines[-1])
    if not first or not last:
        raise InputError(
            f"{path}: not the whole output of {CI}; write it with: bash {CI} | tee FILE"
        )
    if first[1] != commit.id or first[2]:
        raise NotReleasable(
            f"{path}: CI tested {lines[0]}, and the release is commit {commit.id}; run {CI} on it"
        )
    if last[2] != "0":
        raise NotReleasable(f"{path}: {lines[-1]}; correct what failed")
    return lines[-1]
