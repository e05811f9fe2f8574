"""JSON files that list targets and the files with their payloads."""

import os
from typing import Any

from software_update.base import files
from software_update.base.errors import InputError
from software_update.base.strict_json import parse_file

_LIST_BYTES = 64 * 1024 * 1024
_ENTRIES = '[{"name": "app", "file": "app.bin"}]'


def read_targets_from(path: str) -> list[tuple[str, str]]:
    """(name, path) pairs of {"targets": [...]}; files are relative to the folder of `path`."""
    folder = os.path.dirname(path)
    try:
        pairs = _pairs(_read(path)["targets"])
    except (ValueError, KeyError, TypeError):
        raise InputError(f'{path}: not of the form {{"targets": {_ENTRIES}}}') from None
    return [(name, os.path.join(folder, file)) for name, file in pairs]


def read_collected(path: str) -> list[tuple[str, str]]:
    """(name, path) pairs of a bare list, as GN collects it; files are relative to the current folder.

    An entry's "label" says who is to mend it. The same entry twice is one: GN collects what two toolchains
    ask for once from each.
    """
    try:
        entries = _read(path)
        pairs = _pairs(entries)
        makers = [(each["file"], each["label"]) for each in entries if "label" in each]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not of the form {_ENTRIES}") from None
    for file, label in makers:
        if not os.path.exists(file):
            raise InputError(f"{file}: no such file; name what makes it in the deps of {label}")
    return list(dict.fromkeys(pairs))


def _read(path: str) -> Any:
    return parse_file(path, files.read_input(path, _LIST_BYTES))


def _pairs(entries: Any) -> list[tuple[str, str]]:
    if not isinstance(entries, list):
        raise TypeError
    pairs = [(each["name"], each["file"]) for each in entries]
    if not all(isinstance(text, str) and text for pair in pairs for text in pair):
        raise ValueError
    return pairs
