"""Tests of check_successor: a root that follows another one, before all have signed it."""

import pytest

from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    key_id,
)
from software_update.verify.roots import check_successor, trust_root

PREVIOUS = trust_root(e.signed(e.root(1, [ROOT_KEY, ROOT_KEY_2], root_threshold=2)))


def successor(version: int, *signers: int) -> bytes:
    return e.signed(e.root(version, [ROOT_KEY_2, ROOT_KEY_3], root_threshold=1), *signers)


@pytest.mark.parametrize(
    ("signers", "by_previous", "by_itself"),
    [
        ((), False, False),
        ((ROOT_KEY,), False, False),
        ((ROOT_KEY_2,), False, True),
        ((ROOT_KEY_3,), False, True),
        ((ROOT_KEY_2, ROOT_KEY_2), False, True),
        ((ROOT_KEY, STRANGER), False, False),
        ((ROOT_KEY, ROOT_KEY_2), True, True),
    ],
)
def test_signed_keys_are_listed(
    signers: tuple[int, ...], by_previous: bool, by_itself: bool
) -> None:
    root, previous, itself = check_successor(PREVIOUS, successor(2, *signers))
    assert root.common.version == 2
    assert (previous.met, itself.met) == (by_previous, by_itself)
    counted = {key_id(each) for each in signers}
    assert {*previous.signers} == counted & {key_id(ROOT_KEY), key_id(ROOT_KEY_2)}
    assert {*previous.missing} == {key_id(ROOT_KEY), key_id(ROOT_KEY_2)} - counted


@pytest.mark.parametrize(
    ("version", "verdict"), [(1, Verdict.ROOT_MIX_UP), (3, Verdict.ROOT_VERSION_GAP)]
)
def test_another_version(version: int, verdict: Verdict) -> None:
    with pytest.raises(Refused) as caught:
        check_successor(PREVIOUS, successor(version, ROOT_KEY, ROOT_KEY_2))
    assert caught.value.verdict == verdict


def test_a_root_is_not_its_own_successor() -> None:
    with pytest.raises(Refused, match="the previous root itself") as caught:
        check_successor(PREVIOUS, e.signed(PREVIOUS.serialized))
    assert caught.value.verdict == Verdict.ROOT_ROLLBACK
