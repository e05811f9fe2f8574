"""JSON objects from people and programs: no key twice, no NaN, no endless number."""

import json
from typing import Any

_MAX_DIGITS = 20


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`; ValueError where it is none."""
    try:
        value = json.loads(
            content.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key twice")
    return fields


def _integer(text: str) -> int:
    # How long a number int() takes depends on the environment.
    if len(text) > _MAX_DIGITS:
        raise ValueError("too long a number")
    return int(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
