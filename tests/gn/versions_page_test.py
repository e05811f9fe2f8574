"""Follows the part about GN of docs/guides/versions.md: versions from git, and a date from a GN argument."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from gn_tree import Tree, run

_PAGE = Path("docs/guides/versions.md").read_text(encoding="utf-8")
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
} | {
    f"GIT_{who}_{what}": f"reader{at}"
    for who in ("AUTHOR", "COMMITTER")
    for what, at in (("NAME", ""), ("EMAIL", "@example.com"))
}
_ARGS = 'versions_from_git = true\nrelease_expires = "2031-01-01T00:00:00Z"\n'


def block(kind: str) -> str:
    """Returns the only block of the page that begins so."""
    [content] = re.findall(rf"^```{kind}\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    return str(content)


def git(tree: Tree, *args: str) -> str:
    done = run(tree.top, "git", *args, **_GIT)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def commit(tree: Tree, name: str, content: str) -> None:
    tree.write({name: content})
    git(tree, "add", name)
    git(tree, "commit", "--quiet", f"--message={name}")


def released(tree: Tree) -> tuple[int, str]:
    """The counter and the version in the release manifest, which `ninja release` makes."""
    tree.build("release")
    release = json.loads(tree.read("gen/release.json"))
    return release["release_counter"], release["version"]


def test_versions_come_from_git_if_the_argument_says_so(tree: Tree) -> None:
    files = {"BUILD.gn": block("gn"), "versions/from_git.py": block("python versions/from_git.py")}
    tree.write(files | {"app.bin": "app"})
    git(tree, "init", "--quiet")
    git(tree, "add", "BUILD.gn", "versions")
    git(tree, "commit", "--quiet", "--message=first")
    git(tree, "tag", "v1.0")
    commit(tree, "app.bin", "better app")
    tree.gen()
    assert released(tree) == (1, "development")

    tree.set_args(_ARGS)
    tree.gen()
    assert released(tree) == (2, f"v1.0-1-g{git(tree, 'rev-parse', '--short', 'HEAD')}")
    tree.build(":bundle")
    inspected = tree.software_update("bundle", "inspect", "out/obj/bundle.bundle")
    assert "targets metadata: version 2, expires 2031-01-01T00:00:00Z" in inspected

    # Ninja runs gn again after a commit. A commit with only signatures changes no version.
    commit(tree, "product/signatures/a.json", "{}")
    assert tree.build(":bundle") == []
    commit(tree, "app.bin", "best app")
    assert released(tree)[0] == 4
