"""Reads the site's navigation from the tables of docs/README.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from markdown_source import is_local, lines_outside_of_fences

# As MkDocs reads it: a page, or a section with its entries.
Entry: TypeAlias = "str | dict[str, str | list[Entry]]"
# Where the site has the files outside of `docs`.
OUTSIDE = "repository"

_HEADING = re.compile(r"^(#{2,3}) (.*)$")
_ROW = re.compile(r"^\| *\[([^\]]+)\]\(([^)#]+)\)")
_ANY_LINK = re.compile(r"\[`?([^\]`]+)`?\]\(([^)#]+\.md)\)")


def navigation(docs: Path) -> list[Entry]:
    """Returns the sections of the site: each heading of README.md that has a table, and its rows.

    A row begins with a link. A row that leads to the README.md of a folder is a section with the
    pages of that folder, in the order in which that page names them.
    """
    entries: list[Entry] = [{"Home": "README.md"}]
    section: list[Entry] = []
    group: list[Entry] = []
    for line, is_text in lines_outside_of_fences((docs / "README.md").read_text(encoding="utf-8")):
        heading, row = _HEADING.match(line), _ROW.match(line)
        if not is_text:
            continue
        if heading and heading[1] == "##":
            section = group = []
            entries.append({heading[2].split(":")[0]: section})
        elif heading:
            group = []
            section.append({heading[2].split(":")[0]: group})
        elif row and is_local(row[2]):
            group.append(_entry(docs, row[1].replace("`", ""), row[2]))
    return _with_pages(entries)


def _entry(docs: Path, title: str, path: str) -> Entry:
    folder, _, name = path.rpartition("/")
    if name != "README.md" or folder.startswith(("..", OUTSIDE)):
        return {title: path}
    text = (docs / path).read_text(encoding="utf-8")
    inside = {page: name for name, page in _ANY_LINK.findall(text) if "/" not in page}
    entries: list[Entry] = [path]
    entries += [{name: f"{folder}/{page}"} for page, name in inside.items()]
    return {title: entries}


def _with_pages(entries: list[Entry]) -> list[Entry]:
    """Returns the entries without the sections that have no page."""
    result: list[Entry] = []
    for entry in entries:
        if isinstance(entry, str):
            result.append(entry)
            continue
        for title, value in entry.items():
            inside = _with_pages(value) if isinstance(value, list) else value
            if inside:
                result.append({title: inside})
    return result


def pages(entries: list[Entry]) -> Iterator[str]:
    """Yields the path of each page in the navigation."""
    for entry in entries:
        for value in [entry] if isinstance(entry, str) else entry.values():
            if isinstance(value, str):
                yield value
            else:
                yield from pages(value)
