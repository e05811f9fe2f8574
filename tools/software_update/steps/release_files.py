"""JSON files with parts of a release manifest: security advisories, and texts in a language."""

from collections.abc import Callable
from typing import Any, TypeVar

from software_update.base import files
from software_update.base.errors import InputError, shown
from software_update.base.strict_json import parse_file
from software_update.format.limits import MAX_USER_MANIFEST_BYTES
from software_update.format.release_manifest import (
    Advisory,
    ReleaseTexts,
    parse_advisory,
    parse_texts,
)
from software_update.format.verdicts import Refused

_ADVISORIES = '[{"id": "CVE-2031-1", "severity": "high", "text": "..."}]'
_TEXTS = '{"notes": "...", "unavailable_functions": ["..."]}'

_T = TypeVar("_T")


def read_advisories(path: str) -> list[Advisory]:
    """The advisories in a file, a list of objects. Raises InputError for another file or an unknown field."""
    values = _read(path, _ADVISORIES)
    if not isinstance(values, list):
        raise InputError(f"{path}: not of the form {_ADVISORIES}")
    return [
        _parsed(path, f"advisories[{index}]", value, Advisory._fields, parse_advisory)
        for index, value in enumerate(values)
    ]


def read_texts(language: str, path: str) -> ReleaseTexts:
    """The texts of a language in a file, an object. Raises InputError as `read_advisories` does."""
    names = ReleaseTexts._fields[1:]
    value = _read(path, _TEXTS)
    return _parsed(
        path, f"texts.{language}", value, names, lambda each: parse_texts(language, each)
    )


def _read(path: str, form: str) -> Any:
    content = files.read_input(path, MAX_USER_MANIFEST_BYTES)
    try:
        return parse_file(path, content)
    except ValueError:
        raise InputError(f"{path}: not of the form {form}") from None


def _parsed(
    path: str, place: str, value: Any, names: tuple[str, ...], parse: Callable[[Any], _T]
) -> _T:
    """Returns what `parse` makes of a value, which is at `place` in the manifest and has only these names.

    Devices ignore other names; here, one is probably misspelt.
    """
    try:
        parsed = parse(value)
    except Refused as refused:
        raise InputError(f"{path}: {refused.detail} in {place}; correct it") from None
    for name in value:
        if name not in names:
            raise InputError(
                f"{path}: has the unknown field '{shown(name)}' in {place}; write only "
                f"{', '.join(names)}"
            )
    return parsed
