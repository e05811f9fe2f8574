"""Tests that the threat model names tests that exist, and has rows for each asset and each actor."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path("docs/explanation")
PAGE = (FOLDER / "threat_model.md").read_text(encoding="utf-8")
_TEST = re.compile(r"\[`([\w.]+)::(\w+)`\]\(([^)]+)\)")
_TARGET = re.compile(r"\[`//([\w/]+):(\w+)`\]\(([^)]+)\)")
# A word at least, not only a dash.
_REASON = re.compile(r"^none: \w+ .{20,}$")


class Row(NamedTuple):
    """An attack of the page."""

    actor: str
    attack: str
    harms: list[str]
    defense: str
    tests: str
    risk: str


def section(page: str, title: str) -> str:
    """Returns the section under a heading of the second level."""
    [found] = re.findall(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
    )
    return str(found)


def cells(text: str) -> Iterator[list[str]]:
    """Yields the cells of each row of the table in a section, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def named(page: str, table: str) -> list[str]:
    return [row[0] for row in cells(section(page, table))]


def rows(page: str) -> list[Row]:
    """Returns the attacks of all actors."""
    found = []
    for actor in named(page, "Actors"):
        for cell in cells(section(page, actor[0].upper() + actor[1:])):
            attack, harms, *rest = cell
            found.append(Row(actor, attack, harms.split(", "), *rest))
    return found


def problems(page: str) -> list[str]:
    """Returns what is wrong with a page, one line each."""
    found = []
    attacks = rows(page)
    assets = named(page, "Assets")
    for row in attacks:
        tests, targets = _TEST.findall(row.tests), _TARGET.findall(row.tests)
        if not (tests or targets or _REASON.match(row.tests)):
            found.append(f"{row.attack}: has no test, and no reason why none can exist")
        found += [f"{row.attack}: unknown asset {each}" for each in row.harms if each not in assets]
        if not row.defense or not row.risk:
            found.append(f"{row.attack}: has an empty cell")
        for file, name, link in tests:
            found += [f"{row.attack}: {each}" for each in faults_of_test(file, name, link)]
        for package, target, link in targets:
            found += [f"{row.attack}: {each}" for each in faults_of_target(package, target, link)]
    harmed = {asset for row in attacks for asset in row.harms}
    found += [f"asset {each}: no attack harms it" for each in assets if each not in harmed]
    acting = {row.actor for row in attacks}
    found += [f"actor {each}: has no row" for each in named(page, "Actors") if each not in acting]
    return found


def faults_of_test(file: str, name: str, link: str) -> Iterator[str]:
    path = FOLDER / link
    if path.name != file or not path.is_file():
        yield f"{link} is not the file {file}"
    elif not re.search(rf"^def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE):
        yield f"{file} has no test {name}"


def faults_of_target(package: str, target: str, link: str) -> Iterator[str]:
    path = FOLDER / link
    if Path(link).parts[-len(package.split("/")) - 1 :] != (*package.split("/"), "BUILD.bazel"):
        yield f"{link} is not the BUILD file of //{package}"
    elif f'name = "{target}"' not in path.read_text(encoding="utf-8"):
        yield f"//{package} has no target {target}"


def test_page_has_no_problem() -> None:
    assert problems(PAGE) == []


def test_page_has_many_attacks() -> None:
    assert len(rows(PAGE)) > 90
    assert len(set(_TEST.findall(PAGE))) > 100


def test_few_rows_have_no_test() -> None:
    without = [row.attack for row in rows(PAGE) if row.tests.startswith("none: ")]
    assert len(without) <= 6


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("quorum_test.py::test_two_of_three", "quorum_test.py::test_gone", "has no test test_gone"),
        ("verify/quorum_test.py)", "verify/gone_test.py)", "is not the file quorum_test.py"),
        ("none: no test in software shows", "-", "has no test, and no reason"),
        ("| software, consent | none |", "| fame | none |", "unknown asset fame"),
        ("| device data, privacy |", "| privacy |", None),
        (
            "| publicity | no release exists",
            "| honour | no release exists",
            "asset honour: no attack",
        ),
    ],
)
def test_planted_fault_is_found(old: str, new: str, problem: str | None) -> None:
    assert old in PAGE
    found = problems(PAGE.replace(old, new))
    if problem is None:
        assert found == []
    else:
        assert any(problem in each for each in found), found


def test_actor_without_a_row_is_found() -> None:
    row = re.compile(
        r"(^## Thief of a log key\n.*?^\|---.*?\n)(\|.*?\n)+", re.MULTILINE | re.DOTALL
    )
    assert "actor thief of a log key: has no row" in problems(row.sub(r"\1", PAGE))


def test_target_of_bazel_is_looked_up() -> None:
    assert [*faults_of_target("docs", "x", "../../tests/BUILD.bazel")] == [
        "../../tests/BUILD.bazel is not the BUILD file of //docs"
    ]


def test_sections_of_verified_boot_and_risks_are_complete() -> None:
    table = [*cells(section(PAGE, "Verified boot"))]
    assert len(table) >= 6
    assert all(cell for row in table for cell in row)
    assert len(re.findall(r"^\d+\. ", section(PAGE, "The risks in one list"), re.MULTILINE)) >= 6
