"""Reads the links of pages, and turns Markdown as code hosts show it into that of Python-Markdown."""

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"^\s*(?:[-*+]\s+|\d+[.)]\s+)?(```+|~~~+)")
_LINK = re.compile(r"(\]\()(<[^>\n]*>|[^)\s]+)((?:\s+\"[^\"\n]*\")?\))")
_DEFINITION = re.compile(r"^(\s*\[[^\]]+\]:\s+)(\S+)")
_CODE = re.compile(r"(`+)(?:(?!\1).)*\1")
_ITEM = re.compile(r"^( *)([-*+]|\d{1,9}[.)])( +)(?=\S)")
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*:")


def lines_outside_of_fences(text: str) -> Iterator[tuple[str, bool]]:
    """Yields each line, and whether it is text: neither inside a fenced block nor one of its fences."""
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if fence:
            if line.strip().startswith(fence) and not line.strip(" `~"):
                fence = ""
            yield line, False
        elif found:
            fence = found[1]
            yield line, False
        else:
            yield line, True


def is_local(link: str) -> bool:
    """Returns whether a link leads to a file, and not to another site or into its own page."""
    return not (_ADDRESS.match(link) or link.startswith(("#", "//")))


def replace_links(text: str, replace: Callable[[str], str]) -> str:
    """Returns a page with each link that leads to a file replaced; code stays as it is."""

    def new(link: str) -> str:
        return replace(link) if is_local(link) else link

    def in_text(part: str) -> str:
        part = _LINK.sub(lambda found: f"{found[1]}{new(found[2])}{found[3]}", part)
        return _DEFINITION.sub(lambda found: f"{found[1]}{new(found[2])}", part)

    lines = []
    for line, is_text in lines_outside_of_fences(text):
        lines.append(_outside_of_code(line, in_text) if is_text else line)
    return "\n".join(lines)


def _outside_of_code(line: str, change: Callable[[str], str]) -> str:
    # Code in the words of a link is part of the link, so code is hidden and put back.
    hidden: list[str] = []

    def hide(found: re.Match[str]) -> str:
        hidden.append(found[0])
        return f"\x00{len(hidden) - 1}\x00"

    changed = change(_CODE.sub(hide, line))
    return re.sub("\x00([0-9]+)\x00", lambda found: hidden[int(found[1])], changed)


def links(text: str) -> list[str]:
    """Returns the links of a page that lead to files, with their anchors."""
    found: list[str] = []

    def note(link: str) -> str:
        found.append(link)
        return link

    replace_links(text, note)
    return found


def for_python_markdown(text: str) -> str:
    """Returns a page whose lists are indented by four columns a level and begin after an empty line.

    Code hosts follow CommonMark: content of a list item is indented as far as the item's first
    word, and a list may follow a line of text. Python-Markdown needs the form returned here.
    """
    result: list[str] = []
    # The columns at which the contents of the open items begin.
    open_items: list[int] = []
    before = ""
    for line, is_text in lines_outside_of_fences(text):
        if not line.strip():
            result.append("")
            before = ""
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = _ITEM.match(line) if is_text else None
        in_list = bool(open_items)
        starts_fence = not is_text and _FENCE.match(line)
        if item or not before or starts_fence:
            while open_items and indent < open_items[-1]:
                open_items.pop()
        if item:
            level = len(open_items)
            if before and not in_list:
                result.append("")
            result.append(f"{' ' * 4 * level}{item[2]} {line[item.end() :]}")
            open_items.append(item.end())
        else:
            column = open_items[-1] if open_items else 0
            content = line[column:] if indent >= column else line.lstrip(" ")
            if is_text and content.startswith("|"):
                # In code, Python-Markdown needs no escape and would show it.
                content = _CODE.sub(lambda found: found[0].replace("\\|", "|"), content)
            result.append(f"{' ' * 4 * len(open_items)}{content}")
        before = line
    return "\n".join(result)


def anchor(title: str) -> str:
    """Returns the anchor that code hosts give to a heading."""
    return re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
