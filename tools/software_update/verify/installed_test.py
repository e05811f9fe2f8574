"""Tests of installed.py."""

from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError, short_id
from software_update.format import limits
from software_update.format.metadata import RootId
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.verify.installed import (
    check_trusted_root,
    read_installed,
    read_installed_root,
)
from software_update.verify.trust_files import read_trusted_root

CONTENTS = {"app": b"application"}
TARGETS = e.targets(CONTENTS, 7)
ENTRY = e.targets_entry(e.signed(TARGETS, TARGETS_KEY))
ROOT = e.signed(e.root(), ROOT_KEY)
ROOT_ID = RootId(1, e.sha256(e.root()))
RELEASE = b'{"schema": "software_update.release.v1", "product": "p", "version": "1", "release_counter": 3}'


def write(folder: Path, content: bytes) -> str:
    path = folder / "installed"
    path.write_bytes(content)
    return str(path)


def test_manifest(tmp_path: Path) -> None:
    found = read_installed(write(tmp_path, e.manifest(TARGETS, None, (1, b"root"))))
    assert (found.is_bundle, found.root) == (False, None)
    assert found.release.targets.serialized == TARGETS
    assert found.release.root == RootId(1, e.sha256(b"root"))


def test_bundle_with_its_root(tmp_path: Path) -> None:
    content = ENTRY + e.root_entry(ROOT) + e.payloads(CONTENTS)
    found = read_installed(write(tmp_path, content))
    assert found.is_bundle and found.root is not None
    assert found.release.root == found.root.id == ROOT_ID


def test_bundle_with_a_release_manifest(tmp_path: Path) -> None:
    contents = {**CONTENTS, "user_manifest": RELEASE}
    entry = e.targets_entry(e.signed(e.targets(contents, 7), TARGETS_KEY))
    found = read_installed(write(tmp_path, entry + e.payloads(contents)))
    assert found.release.user_manifest == RELEASE
    assert found.release.release is not None and found.release.release.counter == 3
    assert (found.root, found.release.root) == (None, None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"text", "MALFORMED"),
        (e.payloads(CONTENTS), "MISSING_ROLE_METADATA"),
        (
            e.targets_entry(e.signed(e.targets({"user_manifest": RELEASE}, 7), TARGETS_KEY)),
            "MISSING_PAYLOAD",
        ),
    ],
)
def test_other_files_are_rejected(tmp_path: Path, content: bytes, reason: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_installed(path)
    assert str(caught.value).startswith(
        f"{path}: not a usable manifest or bundle of an installed release ({reason}: "
    )
    assert caught.value.advice == Advice.WRITE_INSTALLED_MANIFEST


def test_file_that_is_too_large_is_rejected(tmp_path: Path) -> None:
    start = e.manifest(TARGETS, None, (1, b""))
    path = write(tmp_path, start)
    with open(path, "ab") as file:
        file.truncate(limits.MAX_MANIFEST_BYTES + 1)
    with pytest.raises(
        InputError, match=f": larger than {limits.MAX_MANIFEST_BYTES} bytes, and not"
    ):
        read_installed(path)


def test_installed_root_is_the_one_that_the_manifest_names(tmp_path: Path) -> None:
    (tmp_path / "root.pb").write_bytes(ROOT)
    path = f"{tmp_path}/root.pb"
    for root in (None, (1, e.root())):
        installed = read_installed(write(tmp_path, e.manifest(TARGETS, None, root))).release
        assert read_installed_root(path, "installed", installed).id == ROOT_ID
    other = read_installed(write(tmp_path, e.manifest(TARGETS, None, (2, b"other")))).release
    with pytest.raises(InputError) as caught:
        read_installed_root(path, "installed", other)
    assert str(caught.value) == (
        f"{path}: not the root that installed names (version 2, SHA-256 "
        f"{short_id(e.sha256(b'other'))}...); name that root"
    )


def test_trusted_root_is_not_older_than_the_root_of_the_release(tmp_path: Path) -> None:
    (tmp_path / "root.pb").write_bytes(ROOT)
    root = read_trusted_root(f"{tmp_path}/root.pb")
    check_trusted_root("root.pb", root, "installed", ROOT_ID)
    with pytest.raises(
        InputError, match=r"^root\.pb: root version 1, but installed was accepted under"
    ):
        check_trusted_root("root.pb", root, "installed", RootId(2, bytes(32)))
    with pytest.raises(
        InputError, match=r"^root\.pb: differs from the root version 1 under which "
    ):
        check_trusted_root("root.pb", root, "installed", RootId(1, bytes(32)))
