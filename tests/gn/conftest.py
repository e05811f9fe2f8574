"""Fixtures of the tests that drive gn."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from gn_tree import Tree, make_python, make_tree

_INSTALL = {
    "gn": "install it (Debian: apt-get install generate-ninja)",
    "gn-2022": "unpack Debian 12's package generate-ninja, and put its gn on PATH as gn-2022",
    "ninja": "install it (Debian: apt-get install ninja-build)",
}

# One of the two where a test target says so.
GN_PROGRAMS = os.environ.get("GN_PROGRAMS", "gn gn-2022").split()


def needs(program: str) -> str:
    """The program; without it the test is skipped, and says how to get it."""
    if not shutil.which(program):
        pytest.skip(f"no {program} on PATH: {_INSTALL[program]}")
    return program


@pytest.fixture(scope="session", params=GN_PROGRAMS)
def gn(request: pytest.FixtureRequest) -> str:
    """Today's GN and that of December 2022."""
    needs("ninja")
    return needs(request.param)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the packages which the tools need."""
    return make_python(tmp_path_factory.mktemp("python") / "venv")


@pytest.fixture
def tree(tmp_path: Path, gn: str, python: Path) -> Tree:
    """A new source tree."""
    return make_tree(tmp_path / "tree", gn, python)
