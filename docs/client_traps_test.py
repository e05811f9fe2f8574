"""Tests that each test exists that the page about the client's traps names."""

import re
from pathlib import Path

PAGE = Path("docs/explanation/client_traps.md").read_text(encoding="utf-8")
CLIENT = Path("tools/software_update/client")
NAMED = re.compile(r"^\|.*\| `([a-z_/]+\.py)::(\w+)` \|$", re.MULTILINE)


def names_in(path: Path) -> set[str]:
    """Returns the names of the tests in a file."""
    return set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_each_trap_has_a_test_that_exists() -> None:
    missing = [
        f"{file}::{name}"
        for file, name in NAMED.findall(PAGE)
        if name not in names_in(CLIENT / file)
    ]
    assert missing == []


def test_each_row_names_a_test() -> None:
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("|") and not line.startswith(("| trap", "|---"))
    ]
    assert len(rows) == len(NAMED.findall(PAGE)) > 40


def test_each_test_about_traps_is_on_the_page() -> None:
    named = {name for _, name in NAMED.findall(PAGE)}
    others = names_in(CLIENT / "traps_core_test.py") | names_in(CLIENT / "shell/traps_test.py")
    assert len(others & named) > 25
