"""Frozen dataclasses as JSON values, and back. Strict: a value of another type than declared is an error."""

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def to_json(value: Any) -> Any:
    """Returns a value of dataclasses, enums, tuples and mappings as JSON. Defaults are left out."""
    if dataclasses.is_dataclass(value):
        return {
            each.name: to_json(getattr(value, each.name))
            for each in dataclasses.fields(value)
            if getattr(value, each.name) != _default(each)
        }
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [to_json(each) for each in value]
    if isinstance(value, Mapping):
        return {key: to_json(each) for key, each in value.items()}
    return value


def from_json(kind: Any, value: Any) -> Any:
    """Returns the value of type `kind` that `to_json` made. Raises ValueError if it is not one."""
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = next(each for each in arguments if each is not type(None))
        return None if value is None else from_json(inner, value)
    if origin is tuple:
        return tuple(from_json(arguments[0], each) for each in _of(list, value))
    if origin is not None:
        members = _of(dict, value).items()
        return {_of(str, key): from_json(arguments[1], each) for key, each in members}
    return kind(value) if issubclass(kind, enum.Enum) else _of(kind, value)


def _dataclass(kind: Any, value: Any) -> Any:
    known = _types(kind)
    unknown = sorted(_of(dict, value).keys() - known.keys())
    if unknown:
        raise ValueError(f"unknown member '{unknown[0]}'")
    try:
        return kind(**{name: from_json(known[name], each) for name, each in value.items()})
    except TypeError:
        raise ValueError("a member is missing") from None


@lru_cache
def _types(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _of(kind: type, value: Any) -> Any:
    # A bool is an int to Python.
    if type(value) is not kind:
        raise ValueError(f"is not of type {kind.__name__}")
    return value


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
