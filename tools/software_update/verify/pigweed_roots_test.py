"""Tests of pigweed_roots.py."""

from collections.abc import Sequence

import pytest

from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
)
from software_update.verify.pigweed_roots import RootFile, chain_problems, move_problems

HOPS = "4.pb: the keys of an older root did not sign it, so devices need the chain of roots; "


def root_file(version: int, root_key: int, *signers: int, targets: int = TARGETS_KEY) -> RootFile:
    content = e.signed(e.root(version, [root_key], [targets]), *signers)
    return RootFile(f"{version}.pb", content)


def padded(length: int) -> RootFile:
    """Root 2, whose signed bytes end at `length`."""
    contents = (e.root(2) + e.blob(65, bytes(size)) for size in range(length))
    content = next(each for each in contents if len(e.signed(each)) == length)
    return RootFile("2.pb", e.signed(content, ROOT_KEY))


@pytest.mark.parametrize("signers", [[ROOT_KEY], [ROOT_KEY, STRANGER], []])
def test_a_root_that_is_too_long(signers: Sequence[int]) -> None:
    """An old root that is not signed counts as if its threshold were met."""
    old = RootFile("1.pb", e.signed(e.root(), *signers))
    length = len(e.signed(e.root(), *(signers or [ROOT_KEY])))
    assert move_problems(old, padded(length)) == []
    message = (
        f"2.pb: its signed bytes end at {length + 1}, after the {length} bytes of 1.pb; Pigweed's client "
        "rejects it on the first attempt and accepts it on the second; list fewer keys or allowed "
        "targets, or let devices try again"
    )
    assert move_problems(old, padded(length + 1)) == [message]


@pytest.mark.parametrize(("size", "warns"), [(62, False), (63, True)])
def test_allowed_targets_can_make_a_root_too_long(size: int, warns: bool) -> None:
    """The old file has a signature of 102 bytes more; each entry takes 3 bytes more than its text."""
    old = RootFile("1.pb", e.signed(e.root(), ROOT_KEY))
    content = e.root(2) + e.text(254, "a" * 34) + e.text(254, "b" * size)
    lines = move_problems(old, RootFile("2.pb", e.signed(content, ROOT_KEY)))
    assert [line.startswith("2.pb: its signed bytes end at ") for line in lines] == [True] * warns


def test_signatures_of_the_new_root_do_not_count() -> None:
    new = root_file(2, ROOT_KEY, ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, STRANGER)
    assert move_problems(root_file(1, ROOT_KEY, ROOT_KEY), new) == []


def test_versions_that_start_again() -> None:
    old = root_file(1, ROOT_KEY, ROOT_KEY)
    new = root_file(2, ROOT_KEY, ROOT_KEY, targets=TARGETS_KEY_2)
    [line] = move_problems(old, new)
    assert line == (
        "2.pb: targets versions start again, because it removes targets keys of 1.pb; Pigweed's client "
        "still compares them; raise the version in each release"
    )


CHAIN = [root_file(2, ROOT_KEY_2, ROOT_KEY, ROOT_KEY_2), root_file(3, ROOT_KEY_3, ROOT_KEY_2)]


@pytest.mark.parametrize(
    ("signers", "warns"),
    [
        ([ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3], False),
        # Of root 2, root 3, and root 1, which is not at hand but signed root 2.
        ([ROOT_KEY, ROOT_KEY_3], True),
        ([ROOT_KEY, ROOT_KEY_2], True),
        ([ROOT_KEY_2, ROOT_KEY_3], True),
        ([], True),
    ],
)
def test_several_hops(signers: list[int], warns: bool) -> None:
    root = root_file(4, ROOT_KEY_3, *signers)
    lines = chain_problems(CHAIN, root)
    assert [line.startswith(HOPS) for line in lines] == [True] * warns


def test_a_chain_of_unsigned_roots() -> None:
    [line] = chain_problems([root_file(3, ROOT_KEY)], root_file(4, ROOT_KEY, ROOT_KEY))
    assert line.startswith(HOPS)


def test_each_problem_of_a_chain_is_reported_once() -> None:
    root = root_file(4, ROOT_KEY_3, ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, targets=TARGETS_KEY_2)
    [line] = chain_problems(CHAIN, root)
    assert line.startswith(
        "4.pb: targets versions start again, because it removes targets keys of 2.pb"
    )


def test_no_chain_is_one_hop() -> None:
    assert chain_problems([], root_file(2, ROOT_KEY)) == []


def test_a_role_that_cannot_be_met_is_named() -> None:
    bad = RootFile("3.pb", e.signed(e.root(3, root_threshold=2), ROOT_KEY))
    with pytest.raises(Refused) as caught:
        chain_problems([bad], root_file(4, ROOT_KEY, ROOT_KEY))
    assert (caught.value.verdict, caught.value.subject) == (Verdict.THRESHOLD_INVALID, "3.pb")
