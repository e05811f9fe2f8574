"""The page of a release as plain text, in lines of at most 100 columns where the words allow it. Pure."""

import textwrap
from collections.abc import Iterator

from software_update.disclosure.page_sections import (
    Block,
    Facts,
    Layout,
    Paragraph,
    Quote,
    Span,
    Table,
)

_COLUMNS = 100
_OWN = Span("")


def page_text(page: Layout) -> str:
    """Returns the page. Words of the vendor are in lines that begin with `> `, or behind a label."""
    return "".join(f"{line}\n" for line in _page(page))


def _page(page: Layout) -> Iterator[str]:
    for notice in page.notices:
        yield from _wrapped(f"{notice.title}: {notice.text}", "")
    if page.notices:
        yield ""
    yield page.title
    yield "=" * len(page.title)
    for section in page.sections:
        yield ""
        yield section.heading
        yield "-" * len(section.heading)
        for block in section.blocks:
            yield ""
            yield from _block(block, section.heading)


def _block(block: Block, heading: str) -> Iterator[str]:
    match block:
        case Paragraph():
            yield from _wrapped(block.text, "")
        case Quote():
            yield f"{block.label} ({block.source}):"
            for line in block.text.split("\n"):
                yield from (f"> {each}".rstrip() for each in _wrapped(line, "") or [""])
        case Facts():
            for fact in block.facts:
                label = f"{'! ' if fact.is_alert else ''}{fact.label}:"
                if len(fact.values) == 1:
                    yield from _wrapped(f"{label} {fact.values[0].text}", "    ", fact.values[0])
                    continue
                yield label
                for value in fact.values:
                    yield from _wrapped(f"  - {value.text}", "    ", value)
        case Table():
            # The heading names most tables.
            if not block.caption.startswith(heading):
                yield f"{block.caption}:"
            for row in block.rows:
                yield f"* {'; '.join(each.text for each in row[0])}"
                for column, cell in zip(block.columns[1:], row[1:], strict=True):
                    yield f"    {column}: {', '.join(each.text for each in cell)}"


def _wrapped(text: str, indent: str, span: Span = _OWN) -> list[str]:
    """Returns the lines of a text. Code stays in one line, so that people can copy it."""
    if span.is_code:
        return [text]
    return textwrap.wrap(text, _COLUMNS, subsequent_indent=indent, break_on_hyphens=False)
