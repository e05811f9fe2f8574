"""JSON from people and programs: no NaN, no endless number; and no key twice, or it is seen."""

import json
from collections.abc import Callable
from typing import Any

_MAX_DIGITS = 20


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`; ValueError where it is none, or has a key twice at any depth."""
    value = parse(content, _object)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def parse(content: bytes, make_object: Callable[[list[tuple[str, Any]]], Any]) -> Any:
    """The JSON value in `content`; ValueError where it is none. `make_object` makes objects of pairs.

    An integer of more than 20 digits is None: nothing here needs one.
    """
    try:
        return json.loads(
            content.decode(),
            object_pairs_hook=make_object,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ValueError("too deep") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key twice")
    return fields


def _integer(text: str) -> int | None:
    # How long a number int() takes depends on the environment.
    return int(text) if len(text) <= _MAX_DIGITS else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
