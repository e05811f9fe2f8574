"""The parts of the evidence report that pages of the documentation state, and tests compare with the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SIZES = "docs/reference/device_size.md"
RISKS = "docs/explanation/threat_model.md"
LIMITS = "docs/explanation/device_library.md"
SIZES_COMMAND = "./bazelw test //device/size:device_sizes_test"


class Size(NamedTuple):
    """A line of the size of the device library. Values are texts, as the page has them; empty if unknown."""

    part: str
    cortex_m3: str
    cortex_m0: str
    goal: str


class Limit(NamedTuple):
    """A known limit or risk, and the page that states it."""

    text: str
    page: str


def sizes(top: Path) -> list[Size]:
    """Returns the sizes of the device library, which `SIZES_COMMAND` measures again."""
    rows = _table((top / SIZES).read_text(encoding="utf-8"))
    return [Size(*[*row, "", "", ""][:4]) for row in rows]


def limits(top: Path) -> list[Limit]:
    """Returns the risks that are left, and the things that the device library does not do."""
    risks = _section((top / RISKS).read_text(encoding="utf-8"), "The risks in one list")
    found = [Limit(text, RISKS) for text in re.findall(r"^\d+\. (.+)$", risks, re.MULTILINE)]
    not_done = _section((top / LIMITS).read_text(encoding="utf-8"), "What it does not do")
    return found + [
        Limit(f"The device library does not {what}: {instead}", LIMITS)
        for what, instead in _table(not_done)
    ]


def _section(page: str, title: str) -> str:
    return page.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def _table(text: str) -> Iterator[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]
