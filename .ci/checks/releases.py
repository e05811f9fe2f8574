"""A rehearsal of a release, and a module that depends on its source archive."""

from __future__ import annotations

import re
import shutil
import tarfile
from pathlib import Path

from run import TOP, CheckError, Run

REHEARSE = ("run", "//tools/workshop:release", "--", "{version}", "--rehearse", "--top", "{tree}")


def release_rehearsal(run: Run) -> None:
    """Two rehearsals of a release of the last commit give the same bytes."""
    # The folder of caches is one that the Bazel of ./bazelw sees.
    folder = run.scratch / "cache/release"
    folder.mkdir()
    tree = folder / "tree"
    run.command("git", "clone", "--quiet", TOP, tree)
    version = module_version(tree)
    for name in ("one", "two"):
        words = (each.format(version=version, tree=tree) for each in REHEARSE)
        run.bazel(
            *words, "--repository", "OWNER/rules_software_update", "--output", f"{folder / name}"
        )
    one, two = (files_of(folder / name) for name in ("one", "two"))
    if one != two:
        changed = sorted(name for name in {**one, **two} if one.get(name) != two.get(name))
        raise CheckError(f"two rehearsals differ: {' '.join(changed)}")


def smoke_module(run: Run) -> None:
    """The test module of the Bazel Central Registry passes in the source archive, unpacked as there."""
    folder = run.scratch / "cache/release"
    [archive] = (folder / "one").glob("rules_software_update-v*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder / "unpacked", filter="data")
    [top] = (folder / "unpacked").iterdir()
    module = top / "e2e/smoke"
    run.command(top / "bazelw", "test", "//...", cwd=module)
    run.command(top / "bazelw", "shutdown", cwd=module)
    shutil.rmtree(folder)


def module_version(tree: Path) -> str:
    found = re.search(r'^    version = "(.+)",$', (tree / "MODULE.bazel").read_text(), re.MULTILINE)
    if not found:
        raise CheckError("MODULE.bazel: has no version")
    return found[1]


def files_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
