"""Tests of fast-forward recovery: when targets versions start again, and which root decides it."""

import pytest

from software_update.format import metadata
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import refusal_of, release_of
from software_update.testing.signers import ROOT_KEY, mirrored, signer
from software_update.verify.recovery import FormerRoot, root_to_record, versions_start_again

A, B, C, D, E = range(21, 26)
APP, MALWARE = {"app": b"application"}, {"app": b"malware"}
HIGHEST = 2**32 - 1


def root(version: int, keys: list[int], threshold: int = 2) -> bytes:
    return e.root(version, targets_keys=keys, targets_threshold=threshold)


def signed(root_: bytes) -> bytes:
    return e.signed(root_, ROOT_KEY)


# Each root removes one key of the role, which needs two signatures.
ROOTS = {1: root(1, [A, B, C]), 2: root(2, [B, C, D]), 3: root(3, [C, D, E])}


def stolen(accepted_under: int | None = 1) -> bytes:
    """The manifest of a device that runs the release of thieves."""
    under = None if accepted_under is None else (accepted_under, ROOTS[accepted_under])
    return e.manifest(e.targets(MALWARE, HIGHEST), None, under)


def bundle(*roots: int, version: int = 7, signers: tuple[int, ...] = (C, D)) -> bytes:
    """A release below a chain of roots."""
    *chain, last = [signed(ROOTS[each]) for each in roots]
    return e.chain(*chain) + e.bundle(APP, version=version, signed_root=last, signers=signers)


def verdict_of(bundle_: bytes, trusted: int, installed: bytes, given: int | None = None) -> Verdict:
    return refusal_of(
        bundle_,
        trusted=signed(ROOTS[trusted]),
        installed=installed,
        installed_root=None if given is None else signed(ROOTS[given]),
    )[0]


def test_one_removed_key_of_two_does_not_start_versions_again() -> None:
    assert verdict_of(bundle(2), 1, stolen()) == Verdict.TARGETS_ROLLBACK


def test_two_removed_keys_start_versions_again() -> None:
    assert verdict_of(bundle(2, 3), 1, stolen()) == Verdict.ACCEPT


@pytest.mark.parametrize(
    ("former", "new", "starts_again"),
    [
        (root(1, [A, B, C]), root(2, [A, B, C]), False),
        (root(1, [A, B, C]), root(2, [B, C, D]), False),
        (root(1, [A, B, C]), root(2, [C, D, E]), True),
        (root(1, [A, B, C]), root(2, [D, E]), True),
        (root(1, [A, B, C], 3), root(2, [C, D, E]), False),
        (root(1, [A, B, C], 1), root(2, [B, C], 1), True),
        # The threshold of the former root counts, not the new one.
        (root(1, [A, B, C], 2), root(2, [B, C], 1), False),
        (root(1, [A], 1), root(2, [B, C, D], 2), True),
        # A threshold that needs no signature starts nothing.
        (root(1, [A, B, C], 0), root(2, [A, B, C]), False),
    ],
)
def test_removed_keys_against_the_former_threshold(
    former: bytes, new: bytes, starts_again: bool
) -> None:
    old = metadata.parse_root(former)
    found = FormerRoot(old.id, old, stated=True)
    assert versions_start_again(found, metadata.parse_root(new)) == starts_again


def test_a_mirrored_key_is_not_a_removed_key() -> None:
    mirror = mirrored(signer(A).public)
    role = e.role([signer(ROOT_KEY).public.key_id])
    new = metadata.parse_root(
        e.root_of(e.common("root", 2), [e.key_of(mirror.keyval)], role, e.role([mirror.key_id]))
    )
    old = metadata.parse_root(root(1, [A], 1))
    assert new.targets.key_ids != old.targets.key_ids
    assert not versions_start_again(FormerRoot(old.id, old, stated=True), new)


# The root under which the installed release was accepted


def test_the_root_of_the_installed_release_decides_and_not_the_trusted_one() -> None:
    """The device moved to root 2 without another release; root 1 is in no file but the given one."""
    assert verdict_of(bundle(3), 2, stolen(1), given=1) == Verdict.ACCEPT
    assert verdict_of(bundle(3), 2, stolen(2)) == Verdict.TARGETS_ROLLBACK


def test_earlier_root_of_the_chain_is_available() -> None:
    assert verdict_of(bundle(1, 2, 3), 2, stolen(1)) == Verdict.ACCEPT


def test_versions_do_not_start_again_without_the_former_root() -> None:
    with pytest.raises(Refused) as refused:
        release_of(bundle(3), trusted=signed(ROOTS[2]), installed=stolen(1))
    sha256 = metadata.parse_root(ROOTS[1]).id.sha256.hex()
    assert refused.value.verdict == Verdict.TARGETS_ROLLBACK
    assert refused.value.detail == (
        f"version 7, version {HIGHEST} is installed; it was accepted under root 1 (SHA-256 "
        f"{sha256[:16]}...), which is not at hand, so keys removed since do not count; name that "
        "root as the installed one"
    )


def test_root_of_that_version_with_other_content_is_not_used() -> None:
    other = e.manifest(e.targets(MALWARE, HIGHEST), None, (1, root(1, [A, B, D])))
    assert verdict_of(bundle(2, 3), 1, other) == Verdict.TARGETS_ROLLBACK
    assert verdict_of(bundle(1, 2, 3), 1, other, given=1) == Verdict.TARGETS_ROLLBACK


def test_root_with_that_content_and_another_version_is_not_used() -> None:
    other = e.manifest(e.targets(MALWARE, HIGHEST), None, (2, ROOTS[1]))
    assert verdict_of(bundle(2, 3), 1, other) == Verdict.TARGETS_ROLLBACK
    assert verdict_of(bundle(1, 2, 3), 3, other) == Verdict.TARGETS_ROLLBACK


def test_the_trusted_root_is_assumed_if_the_manifest_names_none() -> None:
    assert verdict_of(bundle(2, 3), 1, stolen(None)) == Verdict.ACCEPT
    assert verdict_of(bundle(3), 2, stolen(None)) == Verdict.TARGETS_ROLLBACK
    assert verdict_of(bundle(3), 2, stolen(None), given=1) == Verdict.ACCEPT


# The path 1, 2, 3 and the jump 1 to 3


class Device:
    """A device that keeps its root, its manifest, and every root that it had."""

    def __init__(self, manifest: bytes) -> None:
        self.trusted = signed(ROOTS[1])
        self.manifest = manifest

    def takes(self, bundle_: bytes, given: int | None = None) -> bool:
        try:
            release = release_of(
                bundle_,
                trusted=self.trusted,
                installed=self.manifest,
                installed_root=None if given is None else signed(ROOTS[given]),
            )
        except Refused:
            return False
        installed = metadata.parse_manifest(self.manifest)
        record = root_to_record(installed, release.former, release.targets, release.root)
        self.manifest = metadata.build_manifest(release.targets, release.user_manifest, record)
        self.trusted = release.trusted.signed or self.trusted
        return True


# Thieves of A, B and C signed it; root 2 still has two of these keys.
STOLEN_AGAIN = e.bundle(MALWARE, version=HIGHEST, signed_root=signed(ROOTS[2]), signers=(A, B, C))


@pytest.mark.parametrize("accepted_under", [1, None])
def test_the_path_and_the_jump_give_the_same_result(accepted_under: int | None) -> None:
    jump, path = Device(stolen(accepted_under)), Device(stolen(accepted_under))
    assert path.takes(STOLEN_AGAIN)
    assert path.trusted == signed(ROOTS[2])
    assert metadata.parse_manifest(path.manifest).root == metadata.parse_root(ROOTS[1]).id
    assert path.takes(bundle(2, 3), given=1)
    assert jump.takes(bundle(2, 3))
    assert (path.trusted, path.manifest) == (jump.trusted, jump.manifest)
    assert metadata.parse_manifest(path.manifest).root == metadata.parse_root(ROOTS[3]).id


def test_another_release_is_recorded_under_the_root_in_force() -> None:
    device = Device(e.manifest(e.targets(APP, 6), None, (1, ROOTS[1])))
    assert device.takes(bundle(2))
    assert metadata.parse_manifest(device.manifest).root == metadata.parse_root(ROOTS[2]).id
    # Root 3 removes one key of root 2: an old release that C and D once signed stays old.
    assert not device.takes(bundle(2, 3, version=6))
    assert device.takes(bundle(2, 3, version=8))


def test_a_first_release_is_recorded_under_the_root_in_force() -> None:
    release = release_of(bundle(2, 3), trusted=signed(ROOTS[1]))
    assert root_to_record(None, None, release.targets, release.root) == release.root.id
    assert (release.root.common.version, release.trusted.signed) == (3, signed(ROOTS[3]))


def test_a_root_that_stays_is_not_moved_to() -> None:
    release = release_of(bundle(2), trusted=signed(ROOTS[2]))
    assert release.trusted.signed is None
