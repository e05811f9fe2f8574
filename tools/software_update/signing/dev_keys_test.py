"""Tests of dev_keys.py."""

import pytest

from software_update.base.errors import Advice, InputError
from software_update.format import metadata
from software_update.keys.pem import read_public_key
from software_update.signing.dev_keys import build_identities, check_no_dev_keys, parse_identities
from software_update.testing import encode as e
from software_update.testing import tree
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    mirrored,
    signer,
)

ROOT = e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2])


def identity(number: int) -> bytes:
    return signer(number).public.identity


def error(root: bytes, dev_keys: dict[bytes, str]) -> str:
    with pytest.raises(InputError) as caught:
        check_no_dev_keys("root.pb", metadata.parse_root(root), dev_keys)
    return str(caught.value)


def test_a_root_for_releases() -> None:
    for dev_keys in ({}, {identity(STRANGER): "dev.pem"}):
        check_no_dev_keys("root.pb", metadata.parse_root(ROOT), dev_keys)


def test_root_that_states_dev_keys_is_rejected() -> None:
    assert error(ROOT + e.number(255, 1), {}) == (
        "root.pb: says 'DEV KEYS: anyone can sign this', because its private keys are in a source tree; "
        "release under a root of other keys that does not say so"
    )


@pytest.mark.parametrize("number", [ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2])
def test_a_key_in_the_tree(number: int) -> None:
    dev_keys = {identity(STRANGER): "other.pem", identity(number): "my keys/dev.pem"}
    assert error(ROOT, dev_keys) == (
        f"root.pb: lists the dev key {key_id(number).hex()[:16]}, whose private key is in the tree, "
        "my keys/dev.pem; release under a root that lists a new key in its place, kept elsewhere"
    )


def test_the_mirrored_key_of_a_key_in_the_tree() -> None:
    dev_keys = {mirrored(signer(TARGETS_KEY).public).identity: "dev.pem"}
    assert f"lists the dev key {key_id(TARGETS_KEY).hex()[:16]}, whose" in error(ROOT, dev_keys)


@pytest.mark.parametrize("role", ["root", "targets"])
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_throwaway_key(role: str, is_mirrored: bool) -> None:
    """Found by its id, wherever its files are."""
    key = read_public_key(f"{tree.DEV_KEYS}/throwaway_dev_{role}_key.pem.pub")
    key = mirrored(key) if is_mirrored else key
    roles = {"root": e.role([key_id(ROOT_KEY)]), "targets": e.role([key_id(TARGETS_KEY)])}
    mine = {"root": e.key(ROOT_KEY), "targets": e.key(TARGETS_KEY)}
    roles[role], mine[role] = e.role([key.key_id]), e.key_of(key.keyval)
    root = e.root_of(e.common("root"), mine.values(), roles["root"], roles["targets"])
    assert error(root, {}) == (
        f"root.pb: lists the dev key {key.key_id.hex()[:16]}, a published throw-away key; "
        "release under a root of other keys"
    )


def test_key_without_a_role_is_found() -> None:
    root = e.root_of(
        e.common("root"),
        [e.key(ROOT_KEY), e.key(TARGETS_KEY), e.key(STRANGER)],
        e.role([key_id(ROOT_KEY)]),
        e.role([key_id(TARGETS_KEY)]),
    )
    assert "dev.pem" in error(root, {identity(STRANGER): "dev.pem"})


def test_identities_round_trip() -> None:
    dev_keys = {identity(STRANGER): "b.pem", identity(ROOT_KEY): "a\udcff.pem"}
    for some in (dev_keys, {}):
        assert parse_identities("f", build_identities(some)) == some


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema": "software_update.dev_key_identities.v2", "dev_keys": []}',
        b'{"schema": "software_update.dev_key_identities.v1"}',
        b'{"schema": "software_update.dev_key_identities.v1", "dev_keys": [1]}',
        b'{"schema": "software_update.dev_key_identities.v1", "dev_keys": ["x"]}',
        b'{"schema": "software_update.dev_key_identities.v1", "dev_keys": [{"x": "00", "file": "f"}]}',
        b'{"schema": "software_update.dev_key_identities.v1", "dev_keys": [{"x": "%s", "file": 1}]}'
        % (b"0" * 64),
    ],
)
def test_another_file_is_rejected(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_identities("my file", content)
    assert str(caught.value) == (
        "my file: not a file of dev key identities (software_update.dev_key_identities.v1)"
    )
    assert caught.value.advice == Advice.IDENTIFY_DEV_KEYS
