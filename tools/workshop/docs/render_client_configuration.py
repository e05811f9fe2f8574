"""Renders the options of the client's configuration as a page with a table for each section."""

import json
from collections.abc import Iterator, Sequence

import markup
from software_update.client import values
from software_update.client.config_options import CONFIGURATION, POLICY
from software_update.client.sections import REQUIRED, Option, Section, Shape
from software_update.client.values import Kind

_INTRODUCTION = """\
For people who configure the framework client on a device: every option, with its type, its default and
its meaning. [The example](../guides/client.toml) uses most of them.

The configuration is one file in [TOML](https://toml.io/en/v1.0.0). It must belong to root, and no other user
may write to it, to its folders, or to the programs that it names; otherwise the service does not start.
The service checks the owner of a program, not of files among its arguments: make a script executable, and
name it as the program, not as an argument of its interpreter.

An unknown option, a wrong type and a missing option are errors, one line each with its place:

    client.toml: domains.main.staging: must be one of stream, store

`NAME` stands for a name that you choose. A double bracket begins an entry of a list, which may appear more
than once.
"""


def render() -> str:
    """Returns the page."""
    text = markup.head("Configuration of the client", "config_options.py") + _INTRODUCTION
    text += "\n## Types\n\n" + markup.table(
        ("type", "meaning"),
        ((kind.name, markup.cell(kind.meaning)) for kind in _kinds()),
    )
    first_with_types: list[Section] = []
    for section in _sections(CONFIGURATION):
        text += f"\n## {_heading(section)}\n\n{section.meaning}\n"
        if section.options:
            text += f"\n{_table(section.options)}"
        same = [each for each in first_with_types if each.types == section.types]
        if same and section.types:
            text += f"\nIt has the types and options of {_heading(same[0])}.\n"
            continue
        first_with_types.append(section)
        for name, each in section.types.items():
            text += f"\n### `type = {json.dumps(name)}` in {_heading(section)}\n\n{each.meaning}\n"
            text += f"\n{_table(each.options)}" if each.options else "\nIt has no options.\n"
    return text


def _kinds() -> list[Kind]:
    """Returns the kinds of values that have a description, sorted by name."""
    found = [each for each in vars(values).values() if isinstance(each, Kind) and each.meaning]
    return sorted(found, key=lambda kind: kind.name.lower())


def _sections(section: Section) -> Iterator[Section]:
    """Yields a section, and those below it. The policy of a domain has the sections of the other policy."""
    yield section
    if section.place and section.place != POLICY.place and section.options == POLICY.options:
        return
    for option in section.options:
        if isinstance(option.kind, Section):
            yield from _sections(option.kind)


def _heading(section: Section) -> str:
    if not section.place:
        return "Top of the file"
    return f"`[[{section.place}]]`" if section.shape is Shape.LIST else f"`[{section.place}]`"


def _table(options: Sequence[Option]) -> str:
    rows = (_row(each) for each in options if isinstance(each.kind, Kind))
    return markup.table(("option", "type", "default", "meaning"), rows)


def _row(option: Option) -> tuple[str, ...]:
    assert isinstance(option.kind, Kind)
    return f"`{option.name}`", option.kind.name, _default(option), markup.cell(option.meaning)


def _default(option: Option) -> str:
    if option.default is REQUIRED:
        return "required"
    return "none" if option.default is None else f"`{json.dumps(option.default)}`"
