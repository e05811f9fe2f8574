"""The kinds of values in the client's configuration. Pure.

A kind reads a value of TOML, and returns it as the client uses it: durations in seconds, sizes in bytes. It
raises ValueError with the end of a sentence about the value, such as "must be an absolute path".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from software_update.base.dates import parse_date
from software_update.base.errors import UsageError
from software_update.client.question import Phase
from software_update.client.windows import Window, parse_window
from software_update.format.catalog import channel_problem

_UNITS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
_DURATION = re.compile(r"([1-9]\d{0,8})([smhd])", re.ASCII)
_PREFIXES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_SIZE = re.compile(r"(\d{1,12}) ?(|k|M|G|Ki|Mi|Gi)B", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
_APPROVER = re.compile(r"(?:user|group):[a-z_][a-z0-9_.-]{0,31}", re.ASCII)
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: its name and description in the reference, and a function that reads it."""

    name: str
    meaning: str
    read: Callable[[Any], Any]


def one_of(*names: str) -> Kind:
    """Returns the kind of a text out of several."""

    def read(value: Any) -> str:
        if value not in names or not isinstance(value, str):
            raise ValueError(f"must be one of {', '.join(names)}")
        return value

    return Kind(" or ".join(f'`"{name}"`' for name in names), "", read)


def integer(low: int, high: int) -> Kind:
    """Returns the kind of an integer from `low` to `high`."""

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be an integer from {low} to {high}")
        return value

    return Kind(f"integer from {low} to {high}", "", read)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= _MAX_TEXT:
        raise ValueError(f"must be a text of 1 to {_MAX_TEXT} printable characters")
    return value


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise ValueError("must be an absolute path")
    parts = value.split("/")[1:]
    if value != "/" and any(part in ("", ".", "..") for part in parts):
        raise ValueError("must be a path without '//', '.', '..' and '/' at its end")
    return value


def _matching(pattern: re.Pattern[str], must_be: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"must be {must_be}")
        return value

    return read


def _duration(value: Any) -> int:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a number and a unit (s, m, h or d), such as "90s" or "6h"')
    return int(found[1]) * _UNITS[found[2]]


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a number and a unit, such as "500kB", "16MiB" or "2GB"')
    return int(found[1]) * _PREFIXES[found[2]]


def _rate(value: Any) -> int:
    rate = _size(value)
    if not rate:
        raise ValueError("must be at least 1 byte")
    return rate


def _header(value: Any) -> str:
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise ValueError("must be the name of an HTTP header")
    return value


def _program(value: Any) -> tuple[str, ...]:
    argv = _list_of(_argument, "a list of a program's path and its arguments")(value)
    if not argv:
        raise ValueError("must not be empty")
    try:
        _path(argv[0])
    except ValueError as error:
        raise ValueError(f"must begin with a program: it {error}") from None
    return argv


def _argument(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("must be a text")
    return value


def _list_of(read: Callable[[Any], Any], must_be: str) -> Callable[[Any], tuple[Any, ...]]:
    def read_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValueError(f"must be {must_be}")
        return tuple(map(read, value))

    return read_all


def list_of(kind: Kind, plural: str, at_least: int = 1) -> Kind:
    """Returns the kind of a list of different values of another kind."""
    read_all = _list_of(kind.read, f"a list of {plural}")

    def read(value: Any) -> Sequence[Any]:
        found = read_all(value)
        if len(found) < at_least:
            raise ValueError(f"must have at least {at_least} {plural}")
        if len(set(found)) < len(found):
            raise ValueError("must not have an entry twice")
        return found

    return Kind(f"list of {plural}", "", read)


def _by_slot(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError('must be a table with a path for each slot, such as {A = "/a", B = "/b"}')
    return {name: _path(path) for name, path in value.items()}


def _names_by_slot(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError('must be a table with a name for each slot, such as {A = "a", B = "b"}')
    return {name: NAME.read(each) for name, each in value.items()}


def _attributes(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError('must be a table of names and texts, such as {board = "2"}')
    return {NAME.read(name): _text(each) for name, each in value.items()}


def _urls(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError(
            'must be a table of names and addresses, such as {tlog-proof = "https://x/y"}'
        )
    return {NAME.read(name): URL.read(each) for name, each in value.items()}


def _channel(value: Any) -> str:
    problem = channel_problem(value) if isinstance(value, str) else "must be a text"
    if problem:
        raise ValueError(problem)
    return str(value)


def _date(value: Any) -> int:
    try:
        return parse_date(value if isinstance(value, str) else "", "")
    except UsageError:
        raise ValueError('must be a date, such as "2031-01-01T00:00:00Z"') from None


def _window(value: Any) -> Window:
    if not isinstance(value, str):
        raise ValueError("must be two times, such as 22:30-06:00")
    return parse_window(value)


BOOLEAN = Kind("boolean", "`true` or `false`.", _boolean)
TEXT = Kind("text", f"1 to {_MAX_TEXT} printable characters.", _text)
NAME = Kind(
    "name",
    "1 to 64 letters, digits, `_`, `.` and `-`, with a letter or digit at both ends.",
    _matching(_NAME, "a name of letters, digits, '_', '.' and '-'"),
)
PATH = Kind("path", "An absolute path, without `.`, `..` and `/` at its end.", _path)
URL = Kind(
    "URL",
    "An address that begins with `http://` or `https://`.",
    _matching(_URL, "an address that begins with http:// or https://"),
)
DURATION = Kind("duration", 'A number and a unit: `"90s"`, `"15m"`, `"6h"` or `"7d"`.', _duration)
SIZE = Kind(
    "size",
    'A number and a unit: `"512B"`, `"500kB"` (1000 bytes), `"16MiB"` (1024 x 1024 bytes), `"2GB"`.',
    _size,
)
RATE = Kind("size per second", "A size of at least one byte.", _rate)
HEADER = Kind("header", "The name of an HTTP header, such as `Authorization`.", _header)
LANGUAGE = Kind(
    "language",
    "A language tag (BCP 47), such as `en` or `pt-BR`.",
    _matching(_LANGUAGE, "a language tag, such as en or pt-BR"),
)
PROGRAM = Kind(
    "program",
    "A list: the path of a program, and its arguments. It is run without a shell.",
    _program,
)
APPROVER = Kind(
    "approver",
    "A user or group of the device: `user:NAME` or `group:NAME`.",
    _matching(_APPROVER, "user:NAME or group:NAME"),
)
PATTERN = Kind(
    "pattern",
    "The name of a target, or a pattern with `*`, `?` and `[...]` (Python's `fnmatch`, with regard to case).",
    _text,
)
PATH_BY_SLOT = Kind("path by slot", "A table with a path for each slot of the domain.", _by_slot)
NAME_BY_SLOT = Kind(
    "name by slot", "A table with a name for each slot of the domain.", _names_by_slot
)
ATTRIBUTES = Kind("attributes", "A table of names and texts.", _attributes)
URL_BY_NAME = Kind("URL by name", "A table of names and addresses.", _urls)
CHANNEL = Kind(
    "channel",
    "1 to 32 lower-case letters, digits and `-`, with a letter or digit at both ends.",
    _channel,
)
DATE = Kind("date", 'A time in UTC, such as `"2031-01-01T00:00:00Z"`.', _date)
WINDOW = Kind(
    "window",
    "Two local times of day, such as `22:30-06:00`. A window may cross midnight.",
    _window,
)
PHASES = list_of(one_of(*(phase.value for phase in Phase)), "phases")
