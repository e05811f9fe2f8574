"""The GN files themselves: formatted, documented, and complete."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from gn_tree import IMPORT, PLACE, Tree, run

GN_FILES = sorted(
    source for source in os.environ["SOURCES"].split() if source.endswith((".gn", ".gni"))
)


def test_finds_gn_files() -> None:
    assert {"gn/bundle.gni", "gn/python/BUILD.gn", "tools/dev_keys/BUILD.gn"} <= set(GN_FILES)


@pytest.mark.parametrize("file", GN_FILES)
def test_is_formatted(gn: str, tmp_path: Path, file: str) -> None:
    copy = tmp_path / Path(file).name
    copy.write_text(Path(file).read_text())
    done = run(tmp_path, gn, "format", "--dry-run", str(copy))
    assert done.returncode == 0, f"gn format {file}\n{done.stdout}"


def test_arguments_are_listed(tree: Tree) -> None:
    tree.write({"BUILD.gn": f'{IMPORT}group("default") {{ }}\n'})
    tree.set_args(python=False)
    tree.gen()
    text = (tree.top / PLACE / "gn/args.gni").read_text()
    names = re.findall(r"^  (software_update_\w+) =", text, re.M)
    assert len(names) >= 6
    short = tree.run_gn("args", "out", "--list", "--short").stdout
    assert re.findall(r"^(software_update_\w+) = ", short, re.M) == sorted(names)
    for name in names:
        comment = re.search(rf"((?:^  #.*\n)+)  {name} =", text, re.M)
        assert comment, f"{name} has no comment"
        long = tree.run_gn("args", "out", f"--list={name}").stdout
        assert f"From //{PLACE}/gn/args.gni" in long
        for line in comment[1].splitlines():
            assert line.strip(" #") in long


def test_an_argument_that_does_not_exist(tree: Tree) -> None:
    tree.write({"BUILD.gn": f'{IMPORT}group("default") {{ }}\n'})
    tree.set_args("software_update_singing = true")
    done = tree.run_gn("gen", "--fail-on-unused-args", "out")
    assert done.returncode == 1
    assert "software_update_singing" in done.stdout
