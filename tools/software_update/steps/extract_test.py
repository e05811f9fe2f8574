"""Tests of extract.py."""

from pathlib import Path

import pytest

from software_update.base import files
from software_update.base.errors import InputError, UsageError
from software_update.format.verdicts import Refused, Verdict
from software_update.steps.extract import extract_bundle, extract_verified
from software_update.testing import workspace
from software_update.testing.workspace import CONTENTS, snapshot
from software_update.verify.bundle_file import verify_file
from software_update.verify.device import Device
from software_update.verify.trust_files import read_trusted_root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def device(folder: Path) -> Device:
    return Device(read_trusted_root(f"{folder}/root.pb"))


def test_payloads_of_an_accepted_bundle(folder: Path) -> None:
    release = extract_bundle(f"{folder}/good.bundle", device(folder), f"{folder}/out")
    assert release.targets.common.version == 7
    assert snapshot(folder / "out") == CONTENTS


def test_refused_bundle_leaves_no_folder(folder: Path) -> None:
    bundle = folder / "good.bundle"
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"!")
    with pytest.raises(Refused) as caught:
        extract_bundle(str(bundle), device(folder), f"{folder}/out")
    assert caught.value.verdict == Verdict.HASH_MISMATCH
    assert not (folder / "out").exists()


def test_bundle_that_changes_after_its_verification_leaves_no_folder(folder: Path) -> None:
    bundle = folder / "good.bundle"
    with files.open_input(str(bundle)) as fd:
        verified = verify_file(fd, device(folder))
        bundle.write_bytes(bundle.read_bytes()[:-1] + b"!")
        with pytest.raises(InputError, match=f"^{bundle}: changed after it was verified "):
            extract_verified(fd, verified, f"{folder}/out", str(bundle))
    assert not (folder / "out").exists()


def test_folder_that_is_not_empty_is_rejected_before_the_bundle_is_verified(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/own.txt").write_bytes(b"mine")
    (folder / "bad.bundle").write_bytes(b"")
    with pytest.raises(UsageError, match=r"out: not empty; "):
        extract_bundle(f"{folder}/bad.bundle", device(folder), f"{folder}/out")
    assert snapshot(folder / "out") == {"own.txt": b"mine"}
