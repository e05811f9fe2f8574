"""Checks of all files of the tree."""

from __future__ import annotations

import re

from run import TOP, Run, report


def names_no_machine(run: Run) -> None:
    """No file names a package registry or a path of this machine: these are the machine's settings."""
    hosts = "py[p]i[.]org|python[h]osted[.]|(deb|security|snapshot)[.]debi[a]n[.]org"
    hosts += "|registr[y][.]np[m]|bcr[.]baz[e]l[.]build"
    paths = "(^|[\"'` =:(])/(wor[k]|far[m]|opt/whee[l]s|opt/py[p]i)[/ \"'`)]"
    run.command("git", "grep", "-nIE", f"{hosts}|{paths}", "--", ".", status=1)


def keys_are_throwaway(run: Run) -> None:
    """A private key in the tree says that it is worth nothing, in its name and in its first line."""
    bad = []
    for name in run.tracked():
        path = TOP / name
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if not re.search(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$", content, re.MULTILINE):
            continue
        first = content.splitlines()[0]
        if "throwaway" not in path.name or b"THROW-AWAY" not in first:
            bad.append(f"{name}: call this private key throwaway_*, and begin it with THROW-AWAY")
    report(bad)
