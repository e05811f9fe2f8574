"""Tests of step assemble."""

from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import (
    done,
)
from software_update.testing.signers import (
    ROOT_KEY,
    TARGETS_KEY,
)
from software_update.testing.workspace import BOOT, CONTENTS, check_fails


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_assemble_step_never_replaces_an_input(folder: Path) -> None:
    (folder / "t").write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    assemble = ["step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/t"]
    assemble += ["--target", f"app={folder}/app.bin", f"boot={folder}/boot.bin", "-o"]
    done(*assemble, f"{folder}/o")
    for name in ("t", "root.pb", "app.bin"):
        check_fails(folder, 2, "the output would replace the input", *assemble, f"{folder}/{name}")


def test_assemble_step_errors(folder: Path) -> None:
    (folder / "t").write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    step = ["step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/t"]
    step += ["-o", f"{folder}/o", "--target", f"app={folder}/app.bin"]
    boot = f"boot={folder}/boot.bin"
    check_fails(folder, 3, "t: target 'boot' has no payload; add its payload", *step)
    check_fails(folder, 3, "t: target 'x' is not listed in it", *step, boot, f"x={folder}/app.bin")
    check_fails(folder, 3, "good.bundle: not the payload that", *step, f"boot={folder}/good.bundle")
    (folder / "boot.bin").write_bytes(BOOT[:-1] + b"!")
    check_fails(
        folder, 3, "boot.bin: not the payload that the metadata lists for 'boot'", *step, boot
    )
    (folder / "t").write_bytes(e.targets(CONTENTS, 7))
    check_fails(folder, 3, "t: not signed targets metadata", *step, boot)


def test_assemble_step_rejects_a_later_root_as_the_first(folder: Path) -> None:
    (folder / "t").write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    (folder / "2.pb").write_bytes(e.signed(e.root(2), ROOT_KEY))
    step = ["step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/t"]
    step += ["--target", f"app={folder}/app.bin", f"boot={folder}/boot.bin", "-o", f"{folder}/o"]
    later = f"--first-root={folder}/2.pb"
    text = "2.pb: previous is this file, of version 2, so the build does not know the roots before"
    check_fails(folder, 3, text, *step, later)
    done(*step, f"--first-root={folder}/root.pb")
    text = "the output would replace the input"
    (folder / "1.pb").write_bytes((folder / "root.pb").read_bytes())
    first = [f"--first-root={folder}/1.pb", "-o", f"{folder}/1.pb"]
    check_fails(folder, 2, text, *step, *first)


def test_assemble_step_rejects_a_bundle_beyond_the_device(folder: Path) -> None:
    (folder / "t").write_bytes(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    limits = folder / "limits.json"
    limits.write_text('{"schema": "software_update.device_limits.v1", "targets": 1}')
    step = ["step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/t"]
    step += ["--target", f"app={folder}/app.bin", f"boot={folder}/boot.bin", "-o", f"{folder}/o"]
    device = [f"--device-limits={limits}", f"--trusted-root={folder}/root.pb"]
    text = f"{folder}/o: beyond the device's limits: 2 targets, at most 1; make the release smaller"
    check_fails(folder, 1, text, *step, *device)
    for option in device:
        check_fails(folder, 2, "only valid together; add the other one", *step, option)
    limits.write_text('{"schema": "software_update.device_limits.v1", "targets": 2}')
    done(*step, *device)
    for name in ("limits.json", "root.pb"):
        check_fails(
            folder,
            2,
            "the output would replace the input",
            *step,
            *device,
            f"--output={folder}/{name}",
        )
