"""Tests of dev_keys.py."""

import pytest

from software_update import keys, metadata
from software_update.errors import InputError
from software_update.signing.dev_keys import check_no_dev_keys
from software_update.testing import encode as e
from software_update.testing import tree
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)

ROOT = e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2])


def error(root: bytes, dev_keys: dict[bytes, str]) -> str:
    with pytest.raises(InputError) as caught:
        check_no_dev_keys("root.pb", metadata.parse_root(root), dev_keys)
    return str(caught.value)


def test_a_root_for_releases() -> None:
    for dev_keys in ({}, {key_id(STRANGER): "dev.pem"}):
        check_no_dev_keys("root.pb", metadata.parse_root(ROOT), dev_keys)


def test_a_root_that_says_so() -> None:
    assert error(ROOT + e.number(255, 1), {}) == (
        "root.pb: says 'DEV KEYS: anyone can sign this', for its private keys are in a source tree; "
        "release under a root of other keys, made without --dev-keys"
    )


@pytest.mark.parametrize("number", [ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2])
def test_a_key_in_the_tree(number: int) -> None:
    dev_keys = {key_id(STRANGER): "other.pem", key_id(number): "my keys/dev.pem"}
    assert error(ROOT, dev_keys) == (
        f"root.pb: lists the dev key {key_id(number).hex()[:16]}, whose private key is in the tree, "
        "my keys/dev.pem; release under a root that lists a new key in its place, kept elsewhere"
    )


@pytest.mark.parametrize("role", ["root", "targets"])
def test_a_throwaway_key(role: str) -> None:
    """Found by its id, wherever its files are."""
    key = keys.read_public_key(f"{tree.DEV_KEYS}/throwaway_dev_{role}_key.pem.pub")
    roles = {"root": e.role([key_id(ROOT_KEY)]), "targets": e.role([key_id(TARGETS_KEY)])}
    mine = {"root": e.key(ROOT_KEY), "targets": e.key(TARGETS_KEY)}
    roles[role], mine[role] = e.role([key.key_id]), e.key_of(key.keyval)
    root = e.root_of(e.common("root"), mine.values(), roles["root"], roles["targets"])
    assert error(root, {}) == (
        f"root.pb: lists the dev key {key.key_id.hex()[:16]}, a throw-away key that everybody has; "
        "release under a root of other keys"
    )


def test_a_key_of_no_role_is_found_too() -> None:
    root = e.root_of(
        e.common("root"),
        [e.key(ROOT_KEY), e.key(TARGETS_KEY), e.key(STRANGER)],
        e.role([key_id(ROOT_KEY)]),
        e.role([key_id(TARGETS_KEY)]),
    )
    assert "dev.pem" in error(root, {key_id(STRANGER): "dev.pem"})
