"""Tests of the releases that are disclosed, verified or not."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.base.files import open_input
from software_update.disclosure.disclosed import (
    OpenFile,
    Releases,
    unverified_releases,
    verified_releases,
)
from software_update.format.metadata import RootId
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)
from software_update.verify.roots import trust_root

MANIFEST = (
    b'{"schema": "software_update.release.v1", "product": "p", "version": "%d", '
    b'"release_counter": %d, "targets": {"app": {"component": "c", "area": "system"}}}'
)
OLD = {"app": b"1", "same": b"", "user_manifest": MANIFEST % (1, 1)}
NEW = {"app": b"2", "same": b"", "user_manifest": MANIFEST % (2, 2)}
ROOT_1 = e.signed(e.root(1), ROOT_KEY)
ROOT_2 = e.signed(e.root(2, targets_keys=[TARGETS_KEY_2]), ROOT_KEY)
OLD_BUNDLE = e.bundle(OLD, version=7)
NEW_BUNDLE = e.bundle(NEW, version=8)
ROTATED = e.chain(ROOT_1) + e.bundle(NEW, version=8, signed_root=ROOT_2, signers=[TARGETS_KEY_2])
INSTALLED = e.manifest(e.targets(OLD, 7), OLD["user_manifest"], (1, e.root(1)))


@contextlib.contextmanager
def opened(folder: Path, old: bytes, new: bytes) -> Iterator[tuple[OpenFile, OpenFile]]:
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    with open_input(f"{folder}/old") as old_fd, open_input(f"{folder}/new") as new_fd:
        yield OpenFile(old_fd, "old"), OpenFile(new_fd, "new")


def verified(
    folder: Path,
    old: bytes = OLD_BUNDLE,
    new: bytes = NEW_BUNDLE,
    root: bytes = ROOT_1,
    at: int | None = None,
) -> Releases:
    with opened(folder, old, new) as files:
        return verified_releases(*files, "root", trust_root(root), at=at)


def unverified(folder: Path, old: bytes = OLD_BUNDLE, new: bytes = NEW_BUNDLE) -> Releases:
    with opened(folder, old, new) as files:
        return unverified_releases(*files)


def refused(folder: Path, old: bytes = OLD_BUNDLE, new: bytes = NEW_BUNDLE) -> tuple[Verdict, str]:
    with pytest.raises(Refused) as caught:
        verified(folder, old, new)
    return caught.value.verdict, caught.value.subject


def test_two_bundles(tmp_path: Path) -> None:
    found = verified(tmp_path)
    assert found.verified
    assert found.old.root == found.new.root
    assert found.old.signers == found.new.signers == (key_id(TARGETS_KEY),)
    assert [each.manifest and each.manifest.counter for each in (found.old, found.new)] == [1, 2]
    assert [each.component for each in found.new.claims.targets] == ["c"]
    assert [each.name for each in found.new.payloads] == ["user_manifest", "app", "same"]
    assert all(each.is_bundle for each in found[:2])
    assert found.not_checked == (
        "expiry: no time was given",
        "hardware: no hardware id was given",
    )


def test_roots_move_between_the_bundles(tmp_path: Path) -> None:
    found = verified(tmp_path, new=ROTATED)
    assert found.old.root_id == trust_root(ROOT_1).id
    assert found.new.root_id == trust_root(ROOT_2).id


def test_trusted_root_is_newer_than_the_old_bundle(tmp_path: Path) -> None:
    """A device with that root refuses the old bundle: it had an older one when it ran that."""
    with pytest.raises(
        Refused,
        match=r"ROOT_ROLLBACK: old: root metadata: .*; name the root that the device had before",
    ) as caught:
        verified(tmp_path, new=ROTATED, root=ROOT_2)
    assert caught.value.exit_code == 1


def test_new_release_is_older(tmp_path: Path) -> None:
    expected = (Verdict.TARGETS_ROLLBACK, "new: targets metadata")
    assert refused(tmp_path, NEW_BUNDLE, OLD_BUNDLE) == expected


def test_only_the_new_release_must_not_have_expired(tmp_path: Path) -> None:
    old = e.bundle(OLD, version=7, expires=10)
    verified(tmp_path, old, at=20)
    with pytest.raises(Refused, match="TARGETS_EXPIRED: new: "):
        verified(tmp_path, old, e.bundle(NEW, version=8, expires=20), at=20)


def test_old_bundle_may_leave_out_payloads(tmp_path: Path) -> None:
    metadata = OLD_BUNDLE[: OLD_BUNDLE.index(e.payloads(OLD))]
    manifest = e.payload("user_manifest", OLD["user_manifest"])
    found = verified(tmp_path, metadata + manifest)
    assert [each.name for each in found.old.payloads] == ["user_manifest"]
    expected = (Verdict.MISSING_PAYLOAD, "old: target 'user_manifest'")
    assert refused(tmp_path, metadata) == expected


def test_payloads_of_the_old_bundle_are_checked(tmp_path: Path) -> None:
    bad = OLD_BUNDLE.replace(e.payload("app", b"1"), e.payload("app", b"3"))
    assert refused(tmp_path, bad) == (Verdict.HASH_MISMATCH, "old: target 'app'")


def test_new_bundle_for_a_device_that_has_the_old_release(tmp_path: Path) -> None:
    """It is personalized: it leaves out the payload that both list."""
    found = verified(tmp_path, new=NEW_BUNDLE.removesuffix(e.payload("same", b"")))
    assert [each.name for each in found.new.payloads] == ["user_manifest", "app"]


def test_signer_that_the_root_does_not_list(tmp_path: Path) -> None:
    strange = e.bundle(NEW, version=8, signers=[STRANGER])
    assert refused(tmp_path, new=strange)[0] == Verdict.THRESHOLD_NOT_MET


def test_truncated_bundles(tmp_path: Path) -> None:
    for old, new, place in (
        (OLD_BUNDLE[:-1], NEW_BUNDLE, "old: bundle"),
        (OLD_BUNDLE, NEW_BUNDLE[:-1], "new: bundle"),
    ):
        assert refused(tmp_path, old, new) == (Verdict.MALFORMED, place)


def test_installed_manifest(tmp_path: Path) -> None:
    found = verified(tmp_path, INSTALLED)
    assert not found.old.is_bundle
    assert found.old.signers is None
    assert found.old.root == found.new.root
    assert (
        found.not_checked[0] == "signatures of the old release: the manifest of a device has none"
    )


def test_installed_manifest_under_a_root_in_the_new_chain(tmp_path: Path) -> None:
    found = verified(tmp_path, INSTALLED, ROTATED, ROOT_2)
    assert found.old.root == trust_root(ROOT_1)


def test_installed_manifest_under_a_root_that_is_not_at_hand(tmp_path: Path) -> None:
    new = e.bundle(NEW, version=8, signed_root=ROOT_2, signers=[TARGETS_KEY_2])
    found = verified(tmp_path, INSTALLED, new, ROOT_2)
    assert found.old.root is None
    assert found.old.root_id == RootId(1, e.sha256(e.root(1)))


def test_trusted_root_is_older_than_the_one_of_the_installed_manifest(tmp_path: Path) -> None:
    installed = e.manifest(e.targets(OLD, 7), OLD["user_manifest"], (2, e.root(2)))
    with pytest.raises(InputError, match="root: root version 1, but old was accepted under"):
        verified(tmp_path, installed)


def test_file_of_another_kind(tmp_path: Path) -> None:
    for read in (verified, unverified):
        with pytest.raises(InputError, match="old: neither a bundle nor the manifest of a device"):
            read(tmp_path, b"")
        with pytest.raises(InputError, match="old: not a usable manifest or bundle"):
            read(tmp_path, INSTALLED[:-1])


def test_claims_that_cannot_be_read(tmp_path: Path) -> None:
    bad = MANIFEST.replace(b'"system"', b"1")
    new = {**NEW, "user_manifest": bad % (2, 2)}
    old = {**OLD, "user_manifest": bad % (1, 1)}
    installed = e.manifest(e.targets(old, 7), old["user_manifest"], (1, e.root(1)))
    for pair, place in (
        ((OLD_BUNDLE, e.bundle(new, version=8)), "new"),
        ((e.bundle(old, version=7), NEW_BUNDLE), "old"),
        ((installed, NEW_BUNDLE), "old"),
    ):
        for read in (verified, unverified):
            with pytest.raises(NotDisclosed) as caught:
                read(tmp_path, *pair)
            assert caught.value.refusal == Refusal.MALFORMED_CLAIMS
            assert caught.value.subject == f"{place}: release manifest"


# Without a trusted root


def test_unverified_bundles(tmp_path: Path) -> None:
    new = e.bundle(NEW, version=8, signers=[STRANGER])
    found = unverified(tmp_path, new=new)
    assert not found.verified
    assert found.new.signers == (key_id(STRANGER),)
    assert found.new.root_id == trust_root(ROOT_1).id
    assert found.not_checked == ("signatures, payloads, roots, versions and expiry",)


def test_unverified_bundle_without_a_root_keeps_the_one_before(tmp_path: Path) -> None:
    new = NEW_BUNDLE.removeprefix(e.root_entry(ROOT_1))
    assert unverified(tmp_path, new=new).new.root == trust_root(ROOT_1)
    assert unverified(tmp_path, INSTALLED, new).new.root_id == trust_root(ROOT_1).id


def test_unverified_names_that_no_device_accepts(tmp_path: Path) -> None:
    for name in ("\x1b[2J", "../x"):
        with pytest.raises(Refused, match="UNSAFE_NAME: new: target"):
            unverified(tmp_path, new=e.bundle({name: b""}))
        with pytest.raises(Refused, match="UNSAFE_NAME: old: target"):
            unverified(tmp_path, e.manifest(e.targets({name: b""})))


def test_unverified_bundle_without_its_manifest(tmp_path: Path) -> None:
    start = NEW_BUNDLE[: NEW_BUNDLE.index(e.payloads(NEW))]
    with pytest.raises(Refused, match="MISSING_PAYLOAD: new: does not contain the user_manifest"):
        unverified(tmp_path, new=start)
    # A device that runs that release has it.
    assert unverified(tmp_path, NEW_BUNDLE, start).new.manifest is not None


def test_unverified_bundle_without_targets_metadata(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="MISSING_ROLE_METADATA: new: has no targets metadata"):
        unverified(tmp_path, new=e.root_entry(ROOT_1))


def test_unverified_release_without_a_manifest(tmp_path: Path) -> None:
    assert unverified(tmp_path, new=e.bundle({"app": b""})).new.manifest is None


def test_name_of_a_file_reaches_an_error_escaped(tmp_path: Path) -> None:
    with (
        opened(tmp_path, OLD_BUNDLE, NEW_BUNDLE[:-1]) as (old, new),
        pytest.raises(Refused, match=r"^MALFORMED: \\x1b\[2J: "),
    ):
        unverified_releases(old, OpenFile(new.fd, "\x1b[2J"))
    assert not os.path.exists("\x1b[2J")
