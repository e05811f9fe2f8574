"""Tests of bundle verify --installed and --installed-root: the release that the device runs."""

import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2
from software_update.testing.workspace import CONTENTS

RELEASE_5 = (
    b'{"schema": "software_update.release.v1", "product": "blinky", "version": "1", '
    b'"release_counter": 5}'
)
WITH_RELEASE = {**CONTENTS, "user_manifest": RELEASE_5}
ROOT_1, ROOT_2 = e.root(1), e.root(2, targets_keys=[TARGETS_KEY_2])
HOW = (
    "make a manifest with: software-update bundle verify BUNDLE --trusted-root ROOT "
    "--write-installed FILE"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "root2.pb").write_bytes(e.signed(ROOT_2, ROOT_KEY))
    return folder


def verify(folder: Path, root: str = "root.pb") -> list[str]:
    return [
        "bundle",
        "verify",
        f"{folder}/good.bundle",
        f"--trusted-root={folder}/{root}",
        f"--installed={folder}/installed",
    ]


def not_checked(folder: Path, *args: str) -> list[str]:
    report = json.loads(done(*verify(folder), *args, "--json", "--hardware-id=a").out)
    return [each for each in report["not_checked"] if not each.startswith(("hardware", "release"))]


# A bundle instead of a manifest


def test_a_bundle_is_the_installed_release(folder: Path) -> None:
    installed = folder / "installed"
    installed.write_bytes(e.bundle(CONTENTS, version=8))
    text = failed(1, *verify(folder))
    assert "TARGETS_ROLLBACK: targets metadata: version 7, version 8 is installed" in text
    installed.write_bytes(e.bundle(WITH_RELEASE, version=6))
    assert "RELEASE_ROLLBACK" in failed(1, *verify(folder))
    installed.write_bytes(e.bundle(CONTENTS, version=6))
    assert not_checked(folder) == ["the installed bundle: its signatures and payloads"]


def test_a_bundle_without_a_root_does_not_say_under_which_it_was_accepted(folder: Path) -> None:
    targets = e.targets_entry(e.signed(e.targets(CONTENTS, 6), TARGETS_KEY))
    (folder / "installed").write_bytes(targets + e.payloads(CONTENTS))
    assert not_checked(folder) == [
        "root of the installed release: not stated; assumed: trusted root 1",
        "the installed bundle: its signatures and payloads",
    ]


def test_the_root_of_an_installed_bundle_decides_about_versions(folder: Path) -> None:
    """Root 2 removed the only key of root 1; the bundle's own root 1 is at hand."""
    (folder / "installed").write_bytes(e.bundle(CONTENTS, version=8))
    (folder / "good.bundle").write_bytes(
        e.bundle(CONTENTS, version=7, signed_root=e.signed(ROOT_2, ROOT_KEY), signers=[15])
    )
    done(*verify(folder, "root2.pb"))


def test_a_bundle_that_leaves_out_its_user_manifest(folder: Path) -> None:
    """Its release counter is unknown, and must not count as none."""
    targets = e.targets_entry(e.signed(e.targets(WITH_RELEASE, 6), TARGETS_KEY))
    (folder / "installed").write_bytes(targets + e.payloads(CONTENTS))
    assert failed(3, *verify(folder)) == (
        f"{folder}/installed: not a usable manifest or bundle of an installed release "
        f"(MISSING_PAYLOAD: does not contain the user_manifest that it lists); {HOW}"
    )
    other = {**CONTENTS, "user_manifest": RELEASE_5.replace(b"5", b"4")}
    (folder / "installed").write_bytes(targets + e.payloads(other))
    assert "MISSING_PAYLOAD" in failed(3, *verify(folder))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"application",
        e.root_entry(b""),
        e.payloads(CONTENTS),
        e.bundle(CONTENTS)[:-1],
        e.manifest(e.targets(CONTENTS)) + e.number(65, 1),
    ],
)
def test_neither_a_manifest_nor_a_bundle(folder: Path, content: bytes) -> None:
    (folder / "installed").write_bytes(content)
    text = failed(3, *verify(folder))
    assert text.startswith(f"{folder}/installed: not a usable manifest or bundle of an installed ")
    assert text.endswith(HOW)


# Targets that are gone


def test_targets_that_are_no_longer_listed(folder: Path) -> None:
    contents = {**CONTENTS, "radio": b"1", "modem\x1b": b"2"}
    (folder / "installed").write_bytes(e.manifest(e.targets(contents, 6)))
    result = done(*verify(folder))
    assert "  no longer lists: modem\\x1b, radio\n" in result.out
    report = json.loads(done(*verify(folder), "--json").out)
    assert report["no_longer_listed"] == ["modem\x1b", "radio"]


def test_many_targets_that_are_no_longer_listed(folder: Path) -> None:
    contents = {f"part-{number:02}": b"1" for number in range(12)}
    (folder / "installed").write_bytes(e.manifest(e.targets(contents, 6)))
    text = (
        "part-00, part-01, part-02, part-03, part-04, part-05, part-06, part-07, part-08, part-09"
    )
    assert f"  no longer lists: {text} and 2 more\n" in done(*verify(folder)).out


# The root under which it was accepted


def test_a_trusted_root_older_than_that_of_the_installed_release(folder: Path) -> None:
    (folder / "installed").write_bytes(e.manifest(e.targets(CONTENTS, 6), None, (2, ROOT_2)))
    assert failed(3, *verify(folder)) == (
        f"{folder}/root.pb: root version 1, but {folder}/installed was accepted under root version 2; "
        "name the root that the device has now"
    )


def test_another_trusted_root_of_that_version(folder: Path) -> None:
    other = e.root(1, targets_keys=[TARGETS_KEY_2])
    (folder / "installed").write_bytes(e.manifest(e.targets(CONTENTS, 6), None, (1, other)))
    text = failed(3, *verify(folder))
    assert text.startswith(
        f"{folder}/root.pb: differs from the root version 1 under which {folder}/installed was accepted"
    )
    assert text.endswith("); name that root")


def test_the_installed_root_is_given(folder: Path) -> None:
    (folder / "installed").write_bytes(e.manifest(e.targets(CONTENTS, 8), None, (1, ROOT_1)))
    (folder / "good.bundle").write_bytes(
        e.targets_entry(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY_2)) + e.payloads(CONTENTS)
    )
    args = verify(folder, "root2.pb")
    assert (
        "name that root as the installed one; use --installed-root FILE; do not install it"
        in failed(1, *args)
    )
    result = done(*args, f"--installed-root={folder}/root.pb")
    assert (
        "  not checked: rollback of the targets version: root 2 removed targets keys of root 1, at "
        "least its threshold of 1\n"
    ) in result.out


def test_the_installed_root_is_another_one(folder: Path) -> None:
    (folder / "installed").write_bytes(e.manifest(e.targets(CONTENTS, 6), None, (1, ROOT_1)))
    text = failed(3, *verify(folder, "root2.pb"), f"--installed-root={folder}/root2.pb")
    assert text.startswith(
        f"{folder}/root2.pb: not the root that {folder}/installed names (version 1"
    )
    # The manifest names none, and the device cannot have gone back to root 1.
    (folder / "installed").write_bytes(e.manifest(e.targets(CONTENTS, 6)))
    text = failed(3, *verify(folder), f"--installed-root={folder}/root2.pb")
    assert "root version 1, but" in text


def test_the_root_of_an_installed_bundle_is_another_one(folder: Path) -> None:
    (folder / "installed").write_bytes(e.bundle(CONTENTS, version=6))
    text = failed(3, *verify(folder, "root2.pb"), f"--installed-root={folder}/root2.pb")
    assert text.startswith(
        f"{folder}/root2.pb: not the root that {folder}/installed names (version 1"
    )


def test_only_the_installed_root(folder: Path) -> None:
    args = [each for each in verify(folder) if not each.startswith("--installed")]
    assert failed(2, *args, f"--installed-root={folder}/root.pb") == (
        "--installed-root: only valid with --installed; add that or remove it"
    )
