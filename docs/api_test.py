"""docs/reference/rules is what the .bzl files say."""

import os
from pathlib import Path

from render_api import render


def test_pages_are_fresh() -> None:
    checked_in = {page.name: page.read_text() for page in Path("docs/reference/rules").glob("*.md")}
    fresh = render(Path(os.environ["API"]).read_bytes())
    stale = sorted(name for name in checked_in | fresh if checked_in.get(name) != fresh.get(name))
    assert not stale, f"{stale} in docs/reference/rules: renew with ./bazelw run //docs:update"


def test_pages_have_all_that_is_documented() -> None:
    pages = render(Path(os.environ["API"]).read_bytes())
    bundle = pages["software_update_bundle.md"]
    for argument in ("targets", "version_flag", "at", "**kwargs"):
        assert f"| `{argument}` | " in bundle
    assert "| `bundle` | File:" in pages["SoftwareUpdateBundleInfo.md"]
    assert set(pages) - {"README.md"} == {
        line.split("](")[1].split(")")[0]
        for line in pages["README.md"].splitlines()
        if line[:3] == "- ["
    }
