"""Describes the content of a payload as lines, so that two contents can be compared line by line.

`describe` finds the format by the content and not by the target's name, which the vendor chooses. It bounds
its time and memory, whatever the content is.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from software_update.base import strict_json
from software_update.disclosure import device_tree, elf
from software_update.disclosure.lines import TooLong, Unreadable, bounded

# Of text, JSON and device trees, whose lines take many times the memory of the content.
MAX_TEXT_BYTES = 512 * 1024
_MAX_KEY_CHARACTERS = 64


class Description(NamedTuple):
    """A content as lines. `format` is text, json, elf, device_tree or binary.

    `lines` is None if the content cannot be described: `problem` says why, empty for a binary content.
    """

    format: str
    lines: list[str] | None
    problem: str = ""

    @property
    def context_lines(self) -> int:
        """The number of equal lines that a difference needs to show its place: none if each line names it."""
        return 3 if self.format == "text" else 0


def describe(content: bytes) -> Description:
    """Returns the description of a content, whatever it is."""
    if content.startswith(elf.MAGIC):
        return _described("elf", elf.elf_lines(content))
    if len(content) > MAX_TEXT_BYTES:
        return Description("binary", None)
    if content.startswith(device_tree.MAGIC):
        return _described("device_tree", device_tree.device_tree_lines(content))
    text = _text(content)
    if text is None:
        return Description("binary", None)
    if text.lstrip()[:1] in ("{", "["):
        try:
            return _described("json", _json_lines(content))
        except ValueError:
            pass
    # Not splitlines: it takes other characters for ends of lines, such as a form feed.
    return _described("text", iter(text.split("\n")))


def _text(content: bytes) -> str | None:
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None


def _described(format_: str, lines: Iterator[str]) -> Description:
    try:
        return Description(format_, bounded(lines))
    except (Unreadable, TooLong) as error:
        return Description(format_, None, str(error))


class _Number(str):
    """A number as it is written: neither its precision nor its length is limited."""


def _json_lines(content: bytes) -> Iterator[str]:
    """Returns a line for each value, with the keys that lead to it. Raises ValueError if it is not JSON.

    The members of a list have no numbers, so that one more member at its start is one difference.
    """
    strict_json.parse(content)
    value = json.loads(content, parse_int=_Number, parse_float=_Number)
    return _value_lines("", value)


def _value_lines(place: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            cut = key if len(key) <= _MAX_KEY_CHARACTERS else f"{key[:_MAX_KEY_CHARACTERS]}..."
            yield from _value_lines(f"{place}.{cut}" if place else cut, value[key])
    elif isinstance(value, list) and value:
        for each in value:
            yield from _value_lines(f"{place}[]", each)
    else:
        shown = value if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
        yield f"{place} = {shown}"
