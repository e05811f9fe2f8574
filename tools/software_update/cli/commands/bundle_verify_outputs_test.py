"""Tests of bundle verify --extract, --write-root and --write-installed: outputs of an accepted bundle."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from software_update.cli.commands import bundle_verify
from software_update.steps import extract
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, command, done, environment, failed
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2
from software_update.testing.workspace import CONTENTS, snapshot
from software_update.verify import bundle_file

ROOT_1, ROOT_2 = e.root(1), e.root(2, targets_keys=[TARGETS_KEY_2])
SIGNED_2 = e.signed(ROOT_2, ROOT_KEY)
OLD = e.manifest(e.targets({"app": b"old"}, 6), None, (1, ROOT_1))
STOLEN = e.manifest(e.targets({"app": b"malware"}, 2**32 - 1), None, (1, ROOT_1))
NEW = e.manifest(e.targets(CONTENTS, 7), None, (2, ROOT_2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A device's files, and moving.bundle, which brings root 2 without root 1's targets key."""
    folder = workspace.make(tmp_path)
    (folder / "moving.bundle").write_bytes(
        e.bundle(CONTENTS, version=7, signed_root=SIGNED_2, signers=[TARGETS_KEY_2])
    )
    (folder / "bad.bundle").write_bytes((folder / "moving.bundle").read_bytes()[:-1] + b"!")
    (folder / "installed").write_bytes(OLD)
    return folder


def verify(folder: Path, name: str = "moving.bundle") -> list[str]:
    return ["bundle", "verify", f"{folder}/{name}", f"--trusted-root={folder}/root.pb"]


def in_place(folder: Path) -> list[str]:
    """The device's root and manifest are replaced."""
    return [
        f"--installed={folder}/installed",
        f"--write-root={folder}/root.pb",
        f"--write-installed={folder}/installed",
    ]


# The root


def test_the_root_is_written_as_it_is_in_the_bundle(folder: Path) -> None:
    before = (folder / "root.pb").read_bytes()
    result = done(*verify(folder), f"--write-root={folder}/kept.pb")
    assert result.err == ""
    assert (folder / "kept.pb").read_bytes() == SIGNED_2
    assert (folder / "root.pb").read_bytes() == before


def test_a_root_that_stays_is_written_as_the_device_has_it(folder: Path) -> None:
    """The bundle's copy has a signature more."""
    again = e.signed(ROOT_1, ROOT_KEY, TARGETS_KEY)
    (folder / "x").write_bytes(e.bundle(CONTENTS, signed_root=again))
    done(*verify(folder, "x"), f"--write-root={folder}/kept.pb")
    assert (folder / "kept.pb").read_bytes() == (folder / "root.pb").read_bytes() != again


def test_the_device_is_updated_in_place(folder: Path) -> None:
    done(*verify(folder), *in_place(folder))
    assert (folder / "root.pb").read_bytes() == SIGNED_2
    assert (folder / "installed").read_bytes() == NEW
    # The key that root 2 removed signs nothing any more.
    good = e.targets_entry(e.signed(e.targets(CONTENTS, 9), TARGETS_KEY)) + e.payloads(CONTENTS)
    (folder / "x").write_bytes(good)
    assert "THRESHOLD_NOT_MET" in failed(1, *verify(folder, "x"), *in_place(folder))
    done(*verify(folder), *in_place(folder))
    assert (folder / "installed").read_bytes() == NEW


def test_a_root_that_moved_and_was_not_written_is_reported(folder: Path) -> None:
    warning = (
        "the root moved from version 1 to 2 and was not written; a verification that starts from "
        "version 1 still accepts keys that were removed since; add --write-root FILE"
    )
    result = done(*verify(folder))
    assert result.err == f"software-update: warning: {folder}/moving.bundle: {warning}\n"
    result = done(*verify(folder), "--json")
    assert result.err == ""
    report = json.loads(result.out)
    assert (report["trusted_root_version"], report["root_version"]) == (1, 2)
    assert report["warnings"] == [warning]
    # Builds and tests keep no device; the report says it all the same.
    assert done(*verify(folder), "--expect=ACCEPT").err == ""
    assert done(*verify(folder), f"--report={folder}/report").err == ""
    assert json.loads((folder / "report").read_text())["warnings"] == [warning]
    done(*verify(folder), f"--write-root={folder}/kept.pb", f"--report={folder}/report")
    assert json.loads((folder / "report").read_text())["warnings"] == []
    assert done(*verify(folder, "good.bundle")).err == ""


def test_only_the_devices_own_files_are_replaced(folder: Path) -> None:
    (folder / "other.pb").write_bytes(e.signed(ROOT_1, ROOT_KEY))
    args = [
        *verify(folder),
        f"--installed={folder}/installed",
        f"--installed-root={folder}/other.pb",
    ]
    before = snapshot(folder)
    for name in ("moving.bundle", "installed", "other.pb"):
        text = failed(2, *args, f"--write-root={folder}/{name}")
        assert text.startswith(f"{folder}/{name}: the output would replace the input ")
    for name in ("moving.bundle", "root.pb", "other.pb"):
        text = failed(2, *args, f"--write-installed={folder}/{name}")
        assert text.startswith(f"{folder}/{name}: the output would replace the input ")
    assert snapshot(folder) == before


def test_an_installed_bundle_is_not_replaced(folder: Path) -> None:
    before = snapshot(folder)
    args = [f"--installed={folder}/good.bundle", f"--write-installed={folder}/good.bundle"]
    (folder / "moving.bundle").write_bytes(e.bundle(CONTENTS, version=8))
    before = snapshot(folder)
    assert "would replace the input" in failed(2, *verify(folder), *args)
    assert snapshot(folder) == before


def test_a_refused_bundle_leaves_nothing(folder: Path) -> None:
    before = snapshot(folder)
    for args in (
        verify(folder, "bad.bundle"),
        [*verify(folder, "bad.bundle"), "--expect=HASH_MISMATCH"],
        [*verify(folder), "--expect=HASH_MISMATCH"],
    ):
        call(*args, *in_place(folder), f"--extract={folder}/out")
        call(*args, f"--write-root={folder}/new", f"--extract={folder}/out")
        assert snapshot(folder) == before


# A stop between the root and the manifest


def stop_after_the_root(
    folder: Path, monkeypatch: pytest.MonkeyPatch, args: Sequence[str] = ()
) -> None:
    replace: Callable[..., None] = os.replace

    def stop_at_the_manifest(*args: object, **how: object) -> None:
        if str(args[1]).endswith("installed"):
            raise OSError("power cut")
        replace(*args, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop_at_the_manifest)
        assert call(*verify(folder), *in_place(folder), *args).status == 3


def test_a_stop_after_the_root_is_repeated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after_the_root(folder, monkeypatch)
    assert (folder / "root.pb").read_bytes() == SIGNED_2
    assert (folder / "installed").read_bytes() == OLD
    done(*verify(folder), *in_place(folder))
    assert (folder / "installed").read_bytes() == NEW


def test_a_stop_while_versions_start_again_needs_the_former_root(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "installed").write_bytes(STOLEN)
    (folder / "first.pb").write_bytes((folder / "root.pb").read_bytes())
    stop_after_the_root(folder, monkeypatch)
    text = failed(1, *verify(folder), *in_place(folder))
    assert "TARGETS_ROLLBACK" in text
    assert "name that root as the installed one; use --installed-root FILE" in text
    done(*verify(folder), *in_place(folder), f"--installed-root={folder}/first.pb")
    assert (folder / "installed").read_bytes() == NEW


def test_a_manifest_without_its_root_is_rejected(folder: Path) -> None:
    """The state that the order of the two writes prevents."""
    (folder / "installed").write_bytes(NEW)
    assert "name the root that the device has now" in failed(3, *verify(folder), *in_place(folder))


# Payloads


def test_payloads_are_extracted(folder: Path) -> None:
    result = done(*verify(folder), f"--extract={folder}/out", f"--write-root={folder}/kept")
    assert result.err == ""
    assert snapshot(folder / "out") == CONTENTS
    (folder / "empty").mkdir()
    done(*verify(folder), f"--extract={folder}/empty")
    assert snapshot(folder / "empty") == CONTENTS


def test_payloads_that_the_device_has_are_reported(folder: Path) -> None:
    (folder / "installed").write_bytes(e.manifest(e.targets(CONTENTS, 6), None, (1, ROOT_1)))
    targets = e.targets_entry(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    (folder / "small").write_bytes(targets + e.payload("app", CONTENTS["app"]))
    args = [*verify(folder, "small"), f"--installed={folder}/installed"]
    result = done(*args, f"--extract={folder}/out")
    assert "  left out, the device has it: boot\n" in result.out
    assert snapshot(folder / "out") == {"app": CONTENTS["app"]}
    assert json.loads(done(*args, "--json").out)["left_out"] == ["boot"]


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_verified(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/mine").write_bytes(b"mine")
    before = snapshot(folder)
    text = failed(2, *verify(folder, "bad.bundle"), f"--extract={folder}/out")
    assert text == f"{folder}/out: not empty; name a new folder, so no file is lost"
    assert snapshot(folder) == before


@pytest.mark.parametrize("exists", [False, True])
def test_a_bundle_that_changes_after_it_was_verified(
    folder: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    bundle = folder / "moving.bundle"
    if exists:
        (folder / "out").mkdir()
    before = snapshot(folder)
    good, judge = bundle.read_bytes(), bundle_file.verify_file

    def then_change(*args: object) -> object:
        verified = judge(*args)  # type: ignore[arg-type]
        # In place: the path still names the file that is open.
        bundle.write_bytes(good[:-1] + b"!")
        return verified

    monkeypatch.setattr(bundle_verify, "verify_file", then_change)
    text = failed(3, *verify(folder), *in_place(folder), f"--extract={folder}/out")
    assert text == (
        f"{bundle}: changed after it was verified (HASH_MISMATCH: target 'boot': not what the metadata "
        "lists); let its writer finish, and try again"
    )
    bundle.write_bytes(good)
    assert snapshot(folder) == before
    assert (folder / "out").exists() == exists


def test_a_bundle_whose_path_is_replaced_after_it_was_verified(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = bundle_file.verify_file

    def then_replace(*args: object) -> object:
        verified = judge(*args)  # type: ignore[arg-type]
        os.replace(folder / "bad.bundle", folder / "moving.bundle")
        return verified

    monkeypatch.setattr(bundle_verify, "verify_file", then_replace)
    done(*verify(folder), f"--extract={folder}/out", f"--write-root={folder}/kept")
    assert snapshot(folder / "out") == CONTENTS


@pytest.mark.parametrize("exists", [False, True])
def test_nothing_is_kept_if_the_payloads_cannot_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    """Payloads come first, so the root and the manifest stay as they are."""
    if exists:
        (folder / "out").mkdir()

    def full(*args: object, decompress: bool) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(extract, "write_payloads", full)
    before = snapshot(folder)
    assert call(*verify(folder), *in_place(folder), f"--extract={folder}/out").status == 3
    assert snapshot(folder) == before
    assert (folder / "out").exists() == exists


@pytest.mark.parametrize("exists", [False, True])
def test_an_interrupt_leaves_no_payload(folder: Path, exists: bool) -> None:
    if exists:
        (folder / "out").mkdir()
    size = 2**29
    sha256 = hashlib.sha256(bytes(size)).digest()
    targets = e.targets_of(e.common("targets"), [e.target_of("large", size, [(1, sha256)])])
    entry = e.text(1, "large") + e.varint(2 << 3 | 2) + e.varint(size)
    with open(folder / "x", "wb") as file:
        file.write(e.targets_entry(e.signed(targets, TARGETS_KEY)))
        file.write(e.varint(4 << 3 | 2) + e.varint(len(entry) + size) + entry)
        file.truncate(file.tell() + size)
    before = list(folder.rglob("*"))
    process = subprocess.Popen(
        command([*verify(folder, "x"), f"--extract={folder}/out"]),
        env=environment(),
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not list(folder.rglob("large")) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert list(folder.rglob("*")) == before
