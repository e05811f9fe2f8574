"""Tests that the generated pages are fresh, and that stale ones are noticed."""

import os
from pathlib import Path

import pytest
from generated import pages, stale

_FRESH = pages(Path(os.environ["API"]), Path())


def test_pages_are_fresh() -> None:
    assert not stale(_FRESH, Path()), "renew these pages with: ./bazelw run //docs:update"


def test_changed_missing_and_superfluous_pages_are_stale(tmp_path: Path) -> None:
    for path, text in _FRESH.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert not stale(_FRESH, tmp_path)
    changed, missing, superfluous = "verdicts.md", "gn.md", "rules/old_rule.md"
    with (tmp_path / "docs/reference" / changed).open("a") as page:
        page.write("one more line\n")
    (tmp_path / "docs/reference" / missing).unlink()
    (tmp_path / "docs/reference" / superfluous).touch()
    assert stale(_FRESH, tmp_path) == sorted(
        f"docs/reference/{name}" for name in (changed, missing, superfluous)
    )


@pytest.mark.parametrize("argument", ["targets", "version_flag", "at", "**kwargs"])
def test_rule_page_has_argument(argument: str) -> None:
    assert f"| `{argument}` | " in _FRESH["docs/reference/rules/software_update_bundle.md"]


def test_provider_page_has_field() -> None:
    assert "| `bundle` | File:" in _FRESH["docs/reference/rules/SoftwareUpdateBundleInfo.md"]


def test_index_of_rules_links_every_page() -> None:
    index = _FRESH["docs/reference/rules/README.md"]
    linked = {line.split("](")[1].split(")")[0] for line in index.splitlines() if line[:3] == "- ["}
    rules = "docs/reference/rules/"
    assert linked | {"README.md"} == {
        path.removeprefix(rules) for path in _FRESH if path.startswith(rules)
    }
