"""Follows docs/guides/parts.md with Bazel, GN and ninja."""

import shutil
from pathlib import Path

import pytest

from tests.nested.reader import follow, write_command


def test_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("gn", "ninja"):
        path = shutil.which(program)
        if not path:
            pytest.skip(f"no {program} on PATH: install generate-ninja and ninja-build on Debian")
        write_command(tmp_path, program, path)
    follow([Path("docs/guides/parts.md")], tmp_path, monkeypatch)
