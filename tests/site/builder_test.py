"""Tests that the builder rejects a site with a fault. It runs MkDocs on small sites."""

from pathlib import Path

import pytest
from build_site import SiteError, build_site, stage

THEME = Path("tools/workshop/site/theme")
GOOD = {
    "docs/README.md": "# Top\n\n## Guides\n\n| [A](a.md) |\n|---|\n",
    "docs/a.md": "# A\n\n## Here\n\n[top](README.md) [file](../x.py) [here](#here)\n"
    "[text](b.txt) [ci](../.ci/run)\n",
    "docs/b.txt": "text",
    ".ci/run": "exec true\n",
    "x.py": "print('`')\n",
}


def build(folder: Path, files: dict[str, str]) -> Path:
    sources = {}
    for path, text in files.items():
        file = folder / "sources" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        sources[path] = file
    stage(sources, folder / "docs")
    build_site(folder / "docs", THEME, folder / "site")
    return folder / "site"


def test_good_site(tmp_path: Path) -> None:
    site = build(tmp_path, GOOD)
    assert 'href="repository/x.py.html"' in (site / "a.html").read_text(encoding="utf-8")
    assert "exec true" in (site / "repository/dot-ci/run.html").read_text(encoding="utf-8")
    assert "The file <code>x.py</code>" in (site / "repository/x.py.html").read_text(
        encoding="utf-8"
    )
    assert (site / "b.txt").read_text() == "text"


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("docs/a.md", "[x](missing.md)", "missing.md"),
        ("docs/a.md", "[x](../missing.py)", "missing.py"),
        ("docs/a.md", "[x](README.md#nowhere)", "nowhere"),
        ("docs/a.md", "![x](missing.svg)", "missing.svg"),
        ("docs/c.md", "# C", "docs/c.md: no table leads to it; add a row to docs/README.md"),
        ("docs/README.md", "# Top\n\n## Guides\n\n| [A](a.md) |\n| [C](c.md) |\n", "c.md"),
    ],
)
def test_fault_is_an_error(tmp_path: Path, path: str, text: str, problem: str) -> None:
    with pytest.raises(SiteError, match=problem):
        build(tmp_path, {**GOOD, path: text})
