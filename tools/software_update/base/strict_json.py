"""JSON that every reader understands in the same way: UTF-8, no duplicate key, no NaN, a limited depth."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from software_update.base.errors import InputError, shown
from software_update.base.text import check_encoding, encoding_problem

# Arrays and objects inside each other: `[]` has depth 1, `[[]]` has depth 2.
MAX_JSON_DEPTH = 32

_MAX_DIGITS = 20
# Outside strings, JSON has no backslash.
_STRUCTURE = re.compile(rb'\\.|"|[\[{]+|[\]}]+', re.DOTALL)

_Pairs = list[tuple[str, Any]]


def to_text(value: Any) -> str:
    """Returns JSON as all commands write it: ASCII, in lines, and the same text for the same value."""
    import json  # Verifying a bundle without a release manifest needs none of it.

    return json.dumps(value, indent=1) + "\n"


def to_parts(value: Any) -> Iterator[str]:
    """Yields the text of `to_text` in small parts, so that a large text is never in memory as a whole."""
    import json

    yield from json.JSONEncoder(indent=1).iterencode(value)
    yield "\n"


class RejectedJson(ValueError):
    """JSON that some programs read in another way. The text says what is wrong, and what to do."""


def parse_file(path: str, content: bytes) -> Any:
    """The JSON value in a file's content. Raises InputError for RejectedJson, else ValueError."""
    check_encoding(path, content)
    try:
        return parse(content)
    except RejectedJson as error:
        raise InputError(f"{path}: {error}") from None


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`. Raises ValueError, as `parse` does, if it is not one."""
    value = parse(content)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def parse(content: bytes, make_object: Callable[[_Pairs], Any] | None = None) -> Any:
    """The JSON value in `content`. Raises ValueError if it is not JSON, RejectedJson if it may be misread.

    An integer of more than 20 digits becomes None: no field needs one. `make_object` makes an object of its
    pairs, and decides about duplicate keys.
    """
    problem = encoding_problem(content)
    if problem:
        raise RejectedJson(problem)
    _check_depth(content)
    import json

    return json.loads(
        content.decode(),
        object_pairs_hook=make_object or _object,
        parse_int=_integer,
        parse_constant=_no_constant,
    )


def duplicate_key(pairs: _Pairs) -> str | None:
    """The first key that appears twice in an object; None without one."""
    keys: set[str] = set()
    for key, _ in pairs:
        if key in keys:
            return key
        keys.add(key)
    return None


def _check_depth(content: bytes) -> None:
    """Counts brackets without recursion: the limit of a recursive parser depends on its version."""
    depth, in_string = 0, False
    for found in _STRUCTURE.finditer(content):
        token = found[0]
        if token == b'"':
            in_string = not in_string
        elif in_string or token[0] == ord("\\"):
            continue
        elif token[0] in b"[{":
            depth += len(token)
            if depth > MAX_JSON_DEPTH:
                raise RejectedJson(
                    f"has arrays and objects nested more than {MAX_JSON_DEPTH} deep; nest them less"
                )
        else:
            depth -= len(token)


def _object(pairs: _Pairs) -> dict[str, Any]:
    twice = duplicate_key(pairs)
    if twice is not None:
        raise RejectedJson(f"has the key '{shown(twice)}' twice in one object; remove one")
    return dict(pairs)


def _integer(text: str) -> int | None:
    # How long a number int() takes depends on the environment.
    return int(text) if len(text) <= _MAX_DIGITS else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
