"""Keeps keys that anyone has out of releases.

A file of identities names the development keys of a source tree without their private part, so that
no action on the way to a release reads a private key.
"""

import re
from collections.abc import Mapping

from software_update.base.errors import Advice, InputError, short_id
from software_update.base.strict_json import parse_file, to_text
from software_update.format.metadata import Root
from software_update.keys.dev_key_ids import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes

SCHEMA = "software_update.dev_key_identities.v1"

_HEX = re.compile("[0-9a-f]*")


def build_identities(dev_keys: Mapping[bytes, str]) -> bytes:
    """Returns the file of identities. `dev_keys`: from a key's identity to the private key's path."""
    listed = [{"x": found.hex(), "file": path} for found, path in sorted(dev_keys.items())]
    return to_text({"schema": SCHEMA, "dev_keys": listed}).encode()


def parse_identities(
    path: str, content: bytes, schemes: Schemes = DEFAULT_SCHEMES
) -> dict[bytes, str]:
    """Returns the argument of `build_identities`, for keys of `schemes`.

    Raises InputError, with `path` in it, if `content` is another file.
    """
    try:
        document = parse_file(path, content)
        if document["schema"] != SCHEMA:
            raise ValueError
        return dict(_parse_one(each, schemes) for each in document["dev_keys"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: not a file of dev key identities ({SCHEMA})", Advice.IDENTIFY_DEV_KEYS
        ) from None


def _parse_one(entry: dict[str, str], schemes: Schemes) -> tuple[bytes, str]:
    x, file = entry["x"], entry["file"]
    is_identity = _HEX.fullmatch(x) and len(x) in {2 * each for each in schemes.identity_bytes}
    if not is_identity or not isinstance(file, str):
        raise ValueError
    return bytes.fromhex(x), file


def check_no_dev_keys(path: str, root: Root, dev_keys: Mapping[bytes, str]) -> None:
    """Raises InputError if anyone can sign under `root`: it says so, or lists a key that a tree has.

    `dev_keys`: from a key's identity to the path of that private key. `path` names the root in the error.
    """
    if root.dev_keys:
        raise InputError(
            f"{path}: says '{DEV_KEYS_WARNING}', because its private keys are in a source tree; "
            "release under a root of other keys that does not say so"
        )
    for key in root.keys:
        name = f"{path}: lists the dev key {short_id(key.key_id)}"
        if key.key_id.hex() in DEV_KEY_IDS:
            raise InputError(
                f"{name}, a published throw-away key; release under a root of other keys"
            )
        if key.identity in dev_keys:
            raise InputError(
                f"{name}, whose private key is in the tree, {dev_keys[key.identity]}; "
                "release under a root that lists a new key in its place, kept elsewhere"
            )
