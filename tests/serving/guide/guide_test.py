"""Runs the commands of the guide to repositories, with real nginx on another port."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_page import commands, run, write_programs
from software_update.testing.short_folder import short_folder

_ROOT = Path.cwd()
_PAGE = (_ROOT / "docs/guides/repository.md").read_text(encoding="utf-8")
_PORT = "127.0.0.1:8080"


@pytest.fixture(autouse=True)
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes the current folder an empty one, with both commands on PATH. Ends nginx if the page does not."""
    with short_folder() as folder:
        # nginx that root starts serves files as another user.
        folder.chmod(0o755)
        write_programs(folder / "bin", _ROOT)
        found = os.environ.get("PATH", os.defpath)
        monkeypatch.setenv("PATH", f"{folder}/bin:{found}:/usr/local/bin:/usr/bin:/bin:/usr/sbin")
        (folder / "work").mkdir()
        monkeypatch.chdir(folder / "work")
        yield
        left_over = folder / "work/nginx.pid"
        if left_over.exists():
            os.kill(int(left_over.read_text()), signal.SIGTERM)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_guide() -> None:
    assert _PORT in _PAGE
    page = _PAGE.replace(_PORT, f"127.0.0.1:{free_port()}")
    assert commands(page)
    problems = run(page)
    assert not problems, "\n\n".join(problems)
