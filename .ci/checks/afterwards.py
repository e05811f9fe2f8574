"""Checks that nothing of the run is left."""

from __future__ import annotations

import contextlib
from pathlib import Path

from run import CheckError, Run, report


def tree_unchanged(run: Run) -> None:
    """Nothing that ran here left a file in the tree."""
    status = run.command("git", "status", "--porcelain")
    if status != (run.scratch / "git_status").read_text():
        raise CheckError(f"the tree is not what it was before:\n{status}")


def remove_caches(run: Run) -> None:
    """Nothing stays: no process, no mount, no file. What is still mounted is never removed."""
    bazel_ran = [*run.scratch.glob("cache/bazel"), *run.scratch.glob("cache/*/bazel")]
    if bazel_ran:
        with contextlib.suppress(CheckError):
            run.bazel("shutdown")
    run.command("tools/workshop/bazel/remove_root")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    left = [point for point in (line.split()[4] for line in mounts) if is_below(point, run.scratch)]
    report([f"{point} is still mounted; unmount it, then remove {run.scratch}" for point in left])
    run.command("rm", "-rf", "--one-file-system", "--", run.scratch)


def is_below(path: str, folder: Path) -> bool:
    return Path(path) == folder or folder in Path(path).parents
