"""Tests that the POUF page describes the repository that the publisher makes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from software_update.format import catalog
from software_update.format.catalog import CatalogEntry, build_entry
from software_update.format.rollout import MAX_BANDS, Band, Rollout, build_rollouts, parse_rollouts
from software_update.testing.repositories import RepositoryFolder, releases

PAGE = (Path(__file__).parent / "explanation/pouf.md").read_text()


def _table_after(mark: str) -> list[list[str]]:
    """Returns the cells of the first table after a mark."""
    lines = PAGE.split(mark)[1].splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("|---"))
    rows = lines[first + 1 : lines.index("", first)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def _name(cell: str) -> str:
    return cell.strip("`")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = RepositoryFolder(tmp_path_factory.mktemp("repository"))
    made.add(*releases(3), kept=2, attachments={"sbom.json": b"{}"})
    return made.path


def _signed(repository: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((repository / "metadata" / name).read_bytes())["signed"])


def test_every_object_has_a_path_of_the_page(repository: Path) -> None:
    words = {
        "SHA256": "[0-9a-f]{64}",
        "VERSION": "[0-9]+",
        "PRODUCT": "meter",
        "CHANNEL": "stable",
        "NAME": r"1\.[0-9]",
        "ATTACHMENT": r"sbom\.json",
        "ROLE": "[a-z0-9.-]+",
    }
    patterns = []
    for _, path, _ in _table_after("**Repository.** HTTP"):
        regex = re.escape(_name(path))
        for word, value in words.items():
            regex = regex.replace(word, value)
        patterns.append(re.compile(regex))
    objects = [
        str(each.relative_to(repository))
        for folder in ("metadata", "targets")
        for each in (repository / folder).rglob("*")
        if each.is_file()
    ]
    for each in objects:
        assert any(pattern.fullmatch(each) for pattern in patterns), each
    for pattern in patterns:
        assert any(pattern.fullmatch(each) for each in objects), pattern.pattern


def test_delegations_are_those_of_the_page_in_its_order(repository: Path) -> None:
    newest = sorted((repository / "metadata").glob("*.targets.json"))[-1].name
    signed = _signed(repository, newest)
    assert signed["targets"] == {}
    rows = _table_after("**Roles of a repository.**")
    for (role, _, paths, terminating), made in zip(
        rows, signed["delegations"]["roles"], strict=True
    ):
        names = _name(role), paths.split(",")[0]
        for word, value in (("PRODUCT", "meter"), ("CHANNEL", "stable")):
            names = names[0].replace(word, value), names[1].replace(word, value)
        assert (names[0], [_name(names[1])]) == (made["name"], made["paths"])
        assert (terminating == "yes") == made["terminating"]


def test_archive_has_the_bins_of_the_page(repository: Path) -> None:
    names = sorted(each.name for each in (repository / "metadata").glob("1.archive-*.json"))
    assert f"{len(names)} hashed bins `{names[0][2:-5]}` to `{names[-1][2:-5]}`" in PAGE


def test_members_of_a_catalog_entry_are_those_of_the_page() -> None:
    full = CatalogEntry("p", "1", 1, "ab" * 32, 1, "cd" * 32, ("h",), 1, "both", "low")
    small = CatalogEntry("p", "1", 1, "ab" * 32, 1)
    rows = _table_after("**Catalog entry**")
    assert {_name(each[0]) for each in rows} == set(build_entry(full))
    assert {_name(each[0]) for each in rows if "optional" not in each[1]} == set(build_entry(small))


def test_example_of_rollout_rules_is_valid_and_has_every_member_of_the_page() -> None:
    example = PAGE.split("```json\n")[1].split("```")[0]
    document = json.loads(example)
    parsed = parse_rollouts(document, "the page")
    assert len(parsed[0].bands) == 2
    members = {_name(each[0]) for each in _table_after("**Rollout rules**")}
    rule = document["rollouts"][0]
    assert members == set(rule) | set(rule["bands"][0])
    built = build_rollouts((Rollout("ab" * 32, (Band(5, 0),), True, "why"),))["rollouts"][0]
    assert set(rule) == set(built)
    assert f"at most {MAX_BANDS}" in PAGE


def test_names_follow_the_rules_of_the_page() -> None:
    assert f"`Smart Lock` becomes `{catalog.path_name('Smart Lock')}`" in PAGE
    assert catalog.channel_problem("stable-2") is None
    assert catalog.channel_problem("Stable") is not None
