"""Tests of root_chain.py: the stored roots against the root in the image."""

import pytest

from software_update.client.root_chain import (
    ChainBroken,
    decode_chain,
    encode_chain,
    new_roots,
    settle,
)
from software_update.client.state import Code
from software_update.testing import encode as e
from software_update.verify.roots import trust_root

FIRST, SECOND, THIRD, FOURTH = (e.signed(e.root(version), e.ROOT_KEY) for version in (1, 2, 3, 4))
FOREIGN = [e.signed(e.root(version, [e.ROOT_KEY_2]), e.ROOT_KEY_2) for version in (1, 2)]


def version(settled: object) -> int | None:
    root = getattr(settled, "root", None)
    return None if root is None else root.common.version


@pytest.mark.parametrize("chain", [(FIRST,), (FIRST, SECOND, THIRD)])
def test_chain_in_its_file(chain: tuple[bytes, ...]) -> None:
    assert decode_chain(encode_chain(chain)) == chain


@pytest.mark.parametrize(
    "content",
    [
        b"",
        FIRST,
        encode_chain(()),
        encode_chain((FIRST,))[:-1],
        encode_chain((FIRST, b"")),
        encode_chain((FIRST,)) + b"\0",
    ],
)
def test_file_that_is_not_a_chain(content: bytes) -> None:
    with pytest.raises(ChainBroken):
        decode_chain(content)


def test_new_device_stores_the_root_of_its_image() -> None:
    settled = settle(SECOND, (), ())
    assert (settled.chain, version(settled)) == ((SECOND,), 2)


@pytest.mark.parametrize("anchor", [FIRST, SECOND, THIRD])
def test_older_image_does_not_lower_the_root(anchor: bytes) -> None:
    stored = (FIRST, SECOND, THIRD)
    settled = settle(anchor, (), stored)
    assert (settled.chain, version(settled), settled.refusal) == (stored, 3, None)


def test_newer_root_of_the_image_is_added() -> None:
    settled = settle(SECOND, (), (FIRST,))
    assert (settled.chain, version(settled)) == ((FIRST, SECOND), 2)


def test_roots_between_lead_to_the_root_of_the_image() -> None:
    settled = settle(FOURTH, (FIRST, SECOND, THIRD), (FIRST, SECOND))
    assert (settled.chain, version(settled)) == ((FIRST, SECOND, THIRD, FOURTH), 4)


@pytest.mark.parametrize("anchor", [*FOREIGN, THIRD])
def test_root_that_does_not_follow_is_refused(anchor: bytes) -> None:
    """Of another vendor, older or newer, or with a root missing between."""
    settled = settle(anchor, (), (FIRST,))
    assert (settled.chain, settled.root, settled.refusal) == ((), None, Code.ANCHOR_REFUSED)
    assert f"version 1, {trust_root(FIRST).id.sha256.hex()[:16]}" in settled.text


def test_stored_roots_of_somebody_else_are_refused() -> None:
    """A program that writes the state cannot bring in a root of its own."""
    assert settle(FIRST, (), FOREIGN).refusal == Code.ANCHOR_REFUSED


@pytest.mark.parametrize("stored", [(FIRST, THIRD), (FIRST, FOREIGN[1]), (FIRST, b"\1"), (b"\1",)])
def test_stored_chain_with_a_gap_is_broken(stored: tuple[bytes, ...]) -> None:
    settled = settle(FIRST, (), stored)
    assert (settled.root, settled.refusal) == (None, Code.ROOT_CHAIN_BROKEN)


def test_expired_roots_stay_in_force() -> None:
    """A device must start when everything on it has expired."""
    expired = e.signed(e.root(2, expires=1), e.ROOT_KEY)
    assert version(settle(FIRST, (), (FIRST, expired))) == 2


def test_new_roots_of_a_bundle() -> None:
    assert new_roots(trust_root(SECOND), (FIRST, SECOND, THIRD), FOURTH) == (THIRD, FOURTH)
    assert new_roots(trust_root(FOURTH), (THIRD,), FOURTH) == ()
    assert new_roots(trust_root(FIRST), (), None) == ()
