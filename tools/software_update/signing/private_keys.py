"""Signs metadata with private keys in files: development keys in a build, root keys on the command line."""

from collections.abc import Sequence

from software_update.base.errors import InputError, short_id
from software_update.format.messages import Signature
from software_update.format.metadata import ROOT, Root, Signed
from software_update.keys.pem import read_private_key
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import name_of
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes


def read_keys(
    paths: Sequence[str], schemes: Schemes = DEFAULT_SCHEMES
) -> list[tuple[str, PrivateKey]]:
    """Returns the path and the key of each private key file. Raises InputError if two are the same key."""
    found: list[tuple[str, PrivateKey]] = []
    for path in paths:
        key = read_private_key(path, schemes=schemes)
        for other, before in found:
            if before.public == key.public:
                name = name_of(path, key.public)
                raise InputError(f"{name}: the same key as {other}; name each key once")
        found.append((path, key))
    return found


def check_listed(keys: Sequence[tuple[str, PrivateKey]], root: Root, role: str) -> None:
    """Raises InputError if `role` in `root` does not list a key, so its signature could never count."""
    listed = root.root if role == ROOT else root.targets
    for path, key in keys:
        if key.public.key_id not in listed.key_ids:
            ids = ", ".join(short_id(each) for each in listed.key_ids)
            raise InputError(
                f"{name_of(path, key.public)}: not a {role} key of the root, which lists {ids}; sign "
                "with one of these, or name the root that lists this key"
            )


def sign(signed: Signed, keys: Sequence[tuple[str, PrivateKey]]) -> Signed:
    """Returns `signed` with a signature by each of `keys`, which replaces an earlier one by that key."""
    signatures = {each.key_id: each for each in signed.signatures}
    for _, key in keys:
        key_id = key.public.key_id
        signatures[key_id] = Signature(key_id, key.sign(signed.serialized))
    return Signed(signed.serialized, tuple(signatures.values()))
