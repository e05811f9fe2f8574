"""Keeps the keys that anyone has out of releases."""

from collections.abc import Mapping

from software_update.errors import InputError
from software_update.keys import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.metadata import Root


def check_no_dev_keys(path: str, root: Root, dev_keys: Mapping[bytes, str]) -> None:
    """InputError where anyone can sign under `root`: it says so, or lists a key that a tree has.

    `dev_keys`: from raw key id to the file of that private key. `path` names the root in the error.
    """
    if root.dev_keys:
        raise InputError(
            f"{path}: says '{DEV_KEYS_WARNING}', for its private keys are in a source tree; "
            "release under a root of other keys, made without --dev-keys"
        )
    for key in root.keys:
        name = f"{path}: lists the dev key {key.key_id.hex()[:16]}"
        if key.key_id.hex() in DEV_KEY_IDS:
            raise InputError(
                f"{name}, a throw-away key that everybody has; release under a root of other keys"
            )
        if key.key_id in dev_keys:
            raise InputError(
                f"{name}, whose private key is in the tree, {dev_keys[key.key_id]}; "
                "release under a root that lists a new key in its place, kept elsewhere"
            )
