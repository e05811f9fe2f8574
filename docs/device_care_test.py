"""Runs the commands of the guides about devices in use: first trust, repair, decommissioning, expiry.

The device is that of the guide to the client, up to the place at which it is made.
"""

from pathlib import Path

import pytest
from run_page import commands, run, write_programs

_ROOT = Path.cwd()
_CLIENT = (_ROOT / "docs/guides/client.md").read_text(encoding="utf-8")
_DEVICE_IS_MADE = "Tell the client which release"
PAGES = ("first_trust", "returns_and_repair", "decommissioning", "everything_expired")


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the current folder an empty one, and puts both commands on PATH."""
    write_programs(tmp_path / "bin", _ROOT)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/local/bin:/usr/bin:/bin")
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str) -> None:
    start, marker, _ = _CLIENT.partition(_DEVICE_IS_MADE)
    page = (_ROOT / f"docs/guides/{name}.md").read_text(encoding="utf-8")
    assert marker
    assert commands(page)
    problems = run(start + page)
    assert not problems, "\n\n".join(problems)
