"""Reads tables of options: every unknown key, wrong type and missing key is one line with its place. Pure."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from software_update.base.errors import shown
from software_update.client.values import NAME, Kind

_TYPE = "type"


class Shape(enum.Enum):
    """The form of a section in the file."""

    TABLE = "a table"
    LIST = "a list of tables"
    NAMED = "a table of tables, by name"


class _Required:
    """Marks an option that must be in the file."""


REQUIRED = _Required()


@dataclass(frozen=True, slots=True)
class Option:
    """An option. `default` is the value in TOML's form, REQUIRED, or None if it may be missing.

    `kind` is a section for an option that contains other options.
    """

    name: str
    kind: "Kind | Section"
    meaning: str = ""
    default: object = REQUIRED


@dataclass(frozen=True, slots=True)
class Section:
    """A table of options, as `place` names it in the reference, such as `domains.NAME.boot`.

    With `types`, its option `type` selects further options.
    """

    place: str
    meaning: str
    options: Sequence[Option]
    types: "Mapping[str, Type]" = field(default_factory=dict)
    shape: Shape = Shape.TABLE


@dataclass(frozen=True, slots=True)
class Type:
    """The options of one type of a section, and a sentence about it."""

    meaning: str
    options: Sequence[Option]


def read_section(section: Section, value: object, place: str) -> tuple[Any, list[str]]:
    """Returns the values of a section, and a line for each problem with its place.

    The values are a dict by the options' names (for LIST a tuple of them, for NAMED a dict of them). Those
    that a type adds are in a dict of their own, under `options`. The values are only usable if there are no
    problems.
    """
    problems: list[str] = []
    return _read(section, value, place, problems), problems


def _read(section: Section, value: object, place: str, problems: list[str]) -> Any:
    if section.shape is Shape.LIST:
        if not isinstance(value, list) or not value:
            problems.append(f"{place}: must be a list of one or more tables")
            return ()
        return tuple(
            _read_table(section, each, f"{place}[{index}]", problems)
            for index, each in enumerate(value)
        )
    if section.shape is Shape.NAMED:
        return _read_named(section, value, place, problems)
    return _read_table(section, value, place, problems)


def _read_named(section: Section, value: object, place: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        problems.append(f"{place}: must be a table with one or more named tables")
        return {}
    for name in value:
        try:
            NAME.read(name)
        except ValueError as error:
            problems.append(f"{place}: '{shown(name)}' {error}")
    return {
        name: _read_table(section, each, f"{place}.{shown(name)}", problems)
        for name, each in value.items()
    }


def _read_table(section: Section, value: object, place: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        problems.append(f"{place}: must be a table")
        return {}
    if not section.types:
        problems += _unknown(value, section.options, place)
        return dict(_values(section.options, value, place, problems))
    name = value.get(_TYPE)
    if not isinstance(name, str) or name not in section.types:
        problems.append(f"{_inside(place, _TYPE)}: must be one of {', '.join(section.types)}")
        return {}
    own = section.types[name].options
    fields = {key: each for key, each in value.items() if key != _TYPE}
    problems += _unknown(fields, [*section.options, *own], place)
    return {
        _TYPE: name,
        **dict(_values(section.options, value, place, problems)),
        "options": dict(_values(own, value, place, problems)),
    }


def _unknown(fields: Mapping[str, object], options: Sequence[Option], place: str) -> list[str]:
    known = {each.name for each in options}
    return [
        f"{_inside(place, shown(key))}: unknown option; the options here are {', '.join(sorted(known))}"
        for key in fields
        if key not in known
    ]


def _values(
    options: Sequence[Option], fields: Mapping[str, Any], place: str, problems: list[str]
) -> Iterator[tuple[str, Any]]:
    for option in options:
        value = fields.get(option.name, option.default)
        inside = _inside(place, option.name)
        if value is REQUIRED:
            problems.append(f"{inside}: is missing")
        elif value is None:
            yield option.name, None
        elif isinstance(option.kind, Section):
            yield option.name, _read(option.kind, value, inside, problems)
        else:
            try:
                yield option.name, option.kind.read(value)
            except ValueError as error:
                problems.append(f"{inside}: {error}")


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
