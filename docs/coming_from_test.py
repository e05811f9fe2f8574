"""Tests the examples on the pages for people who know other updaters."""

import re
from pathlib import Path

import pytest
from software_update.client.config import parse_config

PAGES = sorted(Path("docs/guides/coming_from").glob("*.md"))
RULES = Path("docs/reference/rules")
CALL = re.compile(r"^(software_update_\w+)\(\n(.*?)^\)", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Returns the blocks of a page in a language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_client_reads_each_configuration(page: Path) -> None:
    for text in blocks(page, "toml"):
        config = parse_config(text, page.name)
        assert all(domain.installers for domain in config.domains)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_rules_have_each_attribute(page: Path) -> None:
    for text in blocks(page, "starlark"):
        calls = CALL.findall(text)
        assert calls
        for rule, body in calls:
            named = re.findall(r"^    (\w+) = ", body, re.MULTILINE)
            known = re.findall(r"^\| `(\w+)` \|", (RULES / f"{rule}.md").read_text(), re.MULTILINE)
            assert named
            assert set(named) <= set(known), rule


def test_pages_of_clients_have_both() -> None:
    for name in ("mcuboot", "mender", "rauc", "swupdate"):
        page = Path(f"docs/guides/coming_from/{name}.md")
        assert page in PAGES
        assert blocks(page, "toml")
        assert blocks(page, "starlark")
