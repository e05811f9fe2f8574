"""Tests of dev_key_ids.py."""

from software_update.keys.dev_key_ids import DEV_KEY_IDS
from software_update.keys.pem import read_private_key, read_public_key
from software_update.testing import signers, tree


def test_dev_key_ids_are_those_of_the_files() -> None:
    files = sorted(tree.DEV_KEYS.glob("*.pub"))
    found = [read_public_key(str(path)) for path in files]
    assert len(files) == 2
    ids = {key.key_id.hex() for each in found for key in (each, signers.mirrored(each))}
    assert ids == DEV_KEY_IDS
    for path in files:
        private = read_private_key(str(path.with_suffix("")))
        assert private.public == read_public_key(str(path))
