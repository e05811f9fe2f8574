"""The parts of a release that attachments refer to."""

from pathlib import Path

import pytest

from software_update.attachments.release import unverified_release, verified_release
from software_update.base import files
from software_update.base.errors import InputError
from software_update.testing import attached
from software_update.testing import encode as e
from software_update.testing.judge import TRUSTED_ROOT
from software_update.testing.workspace import CONTENTS
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.device import Device
from software_update.verify.roots import trust_root


def test_parts_of_a_bundle(tmp_path: Path) -> None:
    path = attached.make(tmp_path) / "release.bundle"
    with files.open_input(str(path)) as fd:
        release = unverified_release(fd, str(path))
        verified = verify_bundle(fd, Device(trust_root(TRUSTED_ROOT)))
    assert release.digest == attached.RELEASE_DIGEST
    assert release.listed() == (attached.LISTED,)
    assert release.roots == (trust_root(TRUSTED_ROOT),)
    again = verified_release(verified)
    assert again.digest == release.digest
    assert again.listed() == release.listed()
    assert set(again.roots) == set(release.roots)


def test_roots_of_the_chain_are_listed(tmp_path: Path) -> None:
    root_2 = e.root(2)
    bundle = e.chain(TRUSTED_ROOT) + e.bundle(CONTENTS, signed_root=e.signed(root_2, 11))
    (tmp_path / "a.bundle").write_bytes(bundle)
    with files.open_input(f"{tmp_path}/a.bundle") as fd:
        release = unverified_release(fd, "a.bundle")
    assert [each.common.version for each in release.roots] == [1, 2]
    assert release.listed() == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"hello", "a.bundle: not a bundle ("),
        (e.root_entry(TRUSTED_ROOT), "a.bundle: contains no targets metadata"),
    ],
)
def test_other_files_are_not_bundles(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.bundle").write_bytes(content)
    with files.open_input(f"{tmp_path}/a.bundle") as fd, pytest.raises(InputError) as caught:
        unverified_release(fd, "a.bundle")
    assert str(caught.value).startswith(expected)
