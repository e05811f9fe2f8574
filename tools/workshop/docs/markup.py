"""The parts of Markdown that all generated pages share."""

from collections.abc import Iterable

RENEW = "./bazelw run //docs:update"


def head(title: str, source: str) -> str:
    """Returns the first lines of a page, which name the page's source and the command that renews it."""
    return f"<!-- Generated from {source}; renew with: {RENEW} -->\n\n# {title}\n\n"


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Returns a table. `cell` makes the text of a cell."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(text: str) -> str:
    """Returns a text as one line that a table can contain."""
    return " ".join(text.split()).replace("|", "\\|")
