"""The holders of keys: a name of a person or role for each key id, which people see next to the id.

    holders = read("app_root.holders.json")
    assert named(key_id, holders) == "release manager (7cdf3a1b5d8e9f02)"

No signature covers a name, and no check depends on one: two keys may have the same name.
"""

import os
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from software_update.base import files
from software_update.base.errors import InputError, printable, short_id
from software_update.base.strict_json import parse_file, to_text

Holders = Mapping[bytes, str]

NO_HOLDERS: Holders = MappingProxyType({})
SCHEMA = "software_update.holders.v1"

_MAX_FILE_BYTES = 1024 * 1024
_MAX_CHARACTERS = 64
_KEY_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)


def name_problem(name: str) -> str | None:
    """Returns why a name is not valid, and what to write; None if it is valid."""
    if len(name) <= _MAX_CHARACTERS and _NAME.fullmatch(name):
        return None
    return (
        f"write 1 to {_MAX_CHARACTERS} printable ASCII characters without a space at either end, such "
        "as release manager"
    )


def default_name(path: str) -> str:
    """Returns the name of the key in a file: the file's base name, made valid."""
    return printable(os.path.basename(path)).strip()[:_MAX_CHARACTERS].strip() or "key"


def named(key_id: bytes, holders: Holders) -> str:
    """Returns a key for a line of text: its holder and the start of its id, or only that."""
    return _named(short_id(key_id), holders.get(key_id))


def named_in_full(key_id: bytes, holders: Holders) -> str:
    """As `named`, with the whole key id."""
    return _named(key_id.hex(), holders.get(key_id))


def _named(key_id: str, name: str | None) -> str:
    return key_id if name is None else f"{name} ({key_id})"


def as_json(holders: Holders, key_ids: Iterable[bytes]) -> list[dict[str, str]]:
    """Returns the names of some keys as JSON, sorted by key id. Skips keys without a name."""
    listed = [each for each in sorted({*key_ids}) if each in holders]
    return [{"key_id": each.hex(), "name": holders[each]} for each in listed]


def parse_names(names: object) -> Holders:
    """Returns the holders in JSON that `as_json` makes. Raises ValueError if it is not valid."""
    if not isinstance(names, list):
        raise ValueError("not an array")
    found = dict(map(_parse_name, names))
    if len(found) < len(names):
        raise ValueError("several names of a key")
    return found


def _parse_name(entry: object) -> tuple[bytes, str]:
    if not isinstance(entry, dict):
        raise ValueError("not an object")
    key_id, name = entry.get("key_id"), entry.get("name")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise ValueError("not a key id")
    if not isinstance(name, str) or name_problem(name):
        raise ValueError("not a name of a key")
    return bytes.fromhex(key_id), name


def build(holders: Holders) -> bytes:
    """Returns the content of a file of holders."""
    return to_text({"schema": SCHEMA, "holders": as_json(holders, holders)}).encode()


def read(path: str) -> Holders:
    """Reads a file that `root holders` wrote. Raises InputError if it is another file."""
    return parse(path, files.read_input(path, _MAX_FILE_BYTES))


def parse(path: str, content: bytes) -> Holders:
    """Returns the holders in the content of such a file. Raises InputError if it is another file."""
    try:
        document = parse_file(path, content)
        if type(document) is not dict or document.get("schema") != SCHEMA:
            raise ValueError
        return parse_names(document.get("holders"))
    except ValueError:
        raise InputError(f"{path}: not a file of holders ({SCHEMA}); name another file") from None
