"""Signs metadata with private keys in files: development keys in a build, root keys on the command line."""

from collections.abc import Sequence

from software_update.base.errors import InputError
from software_update.format.metadata import ROOT, Root, Signature, Signed
from software_update.keys.keys import PrivateKey, name_of, read_private_key


def read_keys(paths: Sequence[str]) -> list[tuple[str, PrivateKey]]:
    """(path, key) of each private key file; none twice."""
    found: list[tuple[str, PrivateKey]] = []
    for path in paths:
        key = read_private_key(path)
        for other, before in found:
            if before.public == key.public:
                name = name_of(path, key.public)
                raise InputError(f"{name}: the same key as {other}; name each key once")
        found.append((path, key))
    return found


def check_listed(keys: Sequence[tuple[str, PrivateKey]], root: Root, role: str) -> None:
    """InputError if a key is not one of `role` in `root`, so that its signature could never count."""
    listed = root.root if role == ROOT else root.targets
    for path, key in keys:
        if key.public.key_id not in listed.key_ids:
            ids = ", ".join(each.hex()[:16] for each in listed.key_ids)
            raise InputError(
                f"{name_of(path, key.public)}: not a {role} key of the root, which lists {ids}; sign "
                "with one of these, or name the root that lists this key"
            )


def sign(signed: Signed, keys: Sequence[tuple[str, PrivateKey]]) -> Signed:
    """`signed` with a signature by each of `keys`; one that a key gave before is replaced."""
    signatures = {each.key_id: each for each in signed.signatures}
    for _, key in keys:
        key_id = key.public.key_id
        signatures[key_id] = Signature(key_id, key.sign(signed.serialized))
    return Signed(signed.serialized, tuple(signatures.values()))
