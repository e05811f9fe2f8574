"""Tests of earlier_keys.py."""

import dataclasses

from software_update.format import metadata
from software_update.signing import signing_request
from software_update.signing.earlier_keys import EarlierSignature, split_earlier
from software_update.signing.signature_file import DetachedSignature
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    key_id,
    signer,
)

REQUEST = signing_request.parse_request(e.targets({"app": b"firmware"}, 7))
FIRST = metadata.parse_root(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2]))
SECOND = metadata.parse_root(e.root(2, [ROOT_KEY], [TARGETS_KEY_2]))
THIRD = metadata.parse_root(e.root(3, [ROOT_KEY], [TARGETS_KEY_3]))


def by(number: int) -> tuple[str, DetachedSignature]:
    value = signer(number).sign(REQUEST.serialized)
    return f"{number}.json", DetachedSignature(
        REQUEST.sha256, REQUEST.role, REQUEST.version, key_id(number), value
    )


def test_splits_signatures_by_keys_that_only_earlier_roots_list() -> None:
    signatures = [by(each) for each in (TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3, STRANGER)]
    others, earlier = split_earlier(REQUEST, SECOND, [FIRST], signatures)
    assert earlier == [EarlierSignature(f"{TARGETS_KEY}.json", key_id(TARGETS_KEY), FIRST, SECOND)]
    assert others == signatures[1:]


def test_the_latest_root_counts() -> None:
    for roots in ([FIRST, SECOND], [SECOND, FIRST]):
        _, earlier = split_earlier(REQUEST, THIRD, roots, [by(TARGETS_KEY), by(TARGETS_KEY_2)])
        assert [each.earlier for each in earlier] == [FIRST, SECOND]


def test_later_roots_and_the_root_itself_do_not_count() -> None:
    signatures = [by(TARGETS_KEY_2), by(TARGETS_KEY_3)]
    assert split_earlier(REQUEST, FIRST, [FIRST, SECOND, THIRD], signatures) == (signatures, [])


def test_root_keys_of_an_earlier_root_do_not_count() -> None:
    signatures = [by(ROOT_KEY)]
    assert split_earlier(REQUEST, SECOND, [FIRST], signatures) == (signatures, [])


def test_signatures_that_are_not_good_stay() -> None:
    path, good = by(TARGETS_KEY)
    for odd in (
        dataclasses.replace(good, value=bytes(64)),
        dataclasses.replace(good, version=8),
        dataclasses.replace(good, sha256=bytes(32)),
    ):
        signatures = [(path, odd)]
        assert split_earlier(REQUEST, SECOND, [FIRST], signatures) == (signatures, [])


def test_description() -> None:
    _, (found,) = split_earlier(REQUEST, SECOND, [FIRST], [by(TARGETS_KEY)])
    short = key_id(TARGETS_KEY).hex()[:16]
    assert found.describe({}) == (
        f"{TARGETS_KEY}.json: signed by key {short} of the previous root, version 1; root version 2 "
        "does not list this key"
    )
    _, (found,) = split_earlier(REQUEST, THIRD, [FIRST], [by(TARGETS_KEY)])
    assert found.describe({key_id(TARGETS_KEY): "Anna"}) == (
        f"{TARGETS_KEY}.json: signed by key Anna ({short}) of an earlier root, version 1; root "
        "version 3 does not list this key"
    )


def test_consequence_is_that_of_verification() -> None:
    """Versions start again if as many keys as the earlier threshold are gone."""
    first = metadata.parse_root(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2))
    _, (found,) = split_earlier(REQUEST, SECOND, [first], [by(TARGETS_KEY)])
    assert found.consequence is None
    _, (found,) = split_earlier(REQUEST, THIRD, [first], [by(TARGETS_KEY)])
    assert found.consequence is not None
    assert "targets versions start again" in found.consequence
    assert "give each release a release counter" in found.consequence
