"""Tests of root_progress.py."""

from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError, UsageError
from software_update.format.verdicts import Refused, Verdict
from software_update.signing.root_progress import RootState, read_state, state_of
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, STRANGER, key_id
from software_update.verify.roots import trust_root

FIRST = trust_root(e.signed(e.root(1, [ROOT_KEY])))
SECOND = e.root(2, [ROOT_KEY_2, ROOT_KEY_3], root_threshold=2)


def second(*signers: int) -> RootState:
    return state_of("r.pb", e.signed(SECOND, *signers), FIRST)


def test_first_root_needs_its_own_keys() -> None:
    unsigned = state_of("r.pb", e.signed(e.root(1, [ROOT_KEY])), None)
    assert not unsigned.complete
    assert unsigned.missing == "1 more of its own keys must sign"
    assert state_of("r.pb", e.signed(e.root(1, [ROOT_KEY]), ROOT_KEY), None).complete


def test_each_group_of_keys_is_counted() -> None:
    state = second(ROOT_KEY_2)
    assert state.missing == (
        "1 more of the previous root's keys and 1 more of its own keys must sign"
    )
    assert second(ROOT_KEY_2, ROOT_KEY_3).missing == "1 more of the previous root's keys must sign"
    assert not second(ROOT_KEY_2, ROOT_KEY_3).complete
    assert second(ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3).complete


def test_missing_signatures_advise_to_merge() -> None:
    second(ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3).check_complete()
    with pytest.raises(Refused) as caught:
        second(ROOT_KEY).check_complete()
    assert (caught.value.verdict, caught.value.subject, caught.value.advice) == (
        Verdict.THRESHOLD_NOT_MET,
        "r.pb",
        Advice.MERGE_ROOT_SIGNATURES,
    )


def test_keys_of_older_roots_must_sign_too() -> None:
    oldest = trust_root(e.signed(e.root(1, [STRANGER])))
    previous = trust_root(e.signed(e.root(2, [ROOT_KEY])))
    root = e.root(3, [ROOT_KEY])
    state = state_of("r.pb", e.signed(root, ROOT_KEY), previous, [oldest])
    assert state.missing == "1 more of root 1's keys must sign"
    signed = e.signed(root, *sorted((ROOT_KEY, STRANGER), key=key_id))
    state = state_of("r.pb", signed, previous, [oldest])
    assert state.complete
    # A signature for an older root counts, so it is not reported as one that does not.
    assert list(state.uncounted()) == []


def test_signature_of_a_stranger_does_not_count() -> None:
    assert list(second(STRANGER).uncounted()) == [f"{key_id(STRANGER).hex()[:16]} unknown key"]


def test_report_lists_the_keys_that_signed() -> None:
    report = second(ROOT_KEY, ROOT_KEY_2).report()
    assert (report["version"], report["complete"], report["dev_keys"]) == (2, False, False)
    assert report["previous"] == {
        "version": 1,
        "allowed_targets": None,
        "threshold": 1,
        "signers": [key_id(ROOT_KEY).hex()],
        "not_signed": [],
    }
    assert report["own"] == {
        "threshold": 2,
        "signers": [key_id(ROOT_KEY_2).hex()],
        "not_signed": [key_id(ROOT_KEY_3).hex()],
    }
    assert report["also_for"] == []


def test_root_that_is_not_the_first_needs_the_one_before_it() -> None:
    with pytest.raises(UsageError, match=r"^r\.pb: version 2 follows another root$") as caught:
        state_of("r.pb", e.signed(SECOND), None)
    assert caught.value.advice == Advice.NAME_PREVIOUS_ROOT
    assert state_of("r.pb", e.signed(SECOND), None, initial=True).previous is None


def test_root_that_cannot_follow_is_refused_with_its_path() -> None:
    with pytest.raises(Refused) as caught:
        state_of("r.pb", e.signed(e.root(3, [ROOT_KEY])), FIRST)
    assert (caught.value.verdict, caught.value.subject) == (Verdict.ROOT_VERSION_GAP, "r.pb")


def test_files_of_older_roots_must_be_older(tmp_path: Path) -> None:
    paths = {}
    for version in (1, 2, 3):
        path = tmp_path / f"{version}.pb"
        path.write_bytes(e.signed(e.root(version), ROOT_KEY))
        paths[version] = str(path)
    state = read_state(paths[3], paths[2], [paths[1]])
    assert [root.common.version for root, _ in state.also_for] == [1]
    with pytest.raises(InputError, match="version 2 is not lower than version 2 of") as caught:
        read_state(paths[3], paths[2], [paths[2]])
    assert caught.value.advice == Advice.NAME_OLDER_ROOTS
    with pytest.raises(InputError, match="another root of version 1; name each version once"):
        read_state(paths[3], paths[2], [paths[1], paths[1]])
