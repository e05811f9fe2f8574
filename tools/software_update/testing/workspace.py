"""A folder with keys, a signed root and two artifacts, as a user would have it."""

import os
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from software_update.bundle import extract
from software_update.steps import create
from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    write_keys,
)

APP, BOOT = b"application\n", b"bootloader\n" * 100
CONTENTS = {"app": APP, "boot": BOOT}
# Targets metadata of these contents, without signatures.
TARGETS = e.targets(CONTENTS, 7)


def make(parent: Path) -> Path:
    """The folder; its name has a space."""
    folder = parent / "my work"
    folder.mkdir()
    write_keys(
        folder,
        root=ROOT_KEY,
        root2=ROOT_KEY_2,
        targets=TARGETS_KEY,
        targets2=TARGETS_KEY_2,
        stranger=STRANGER,
    )
    (folder / "root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    (folder / "app.bin").write_bytes(APP)
    (folder / "boot.bin").write_bytes(BOOT)
    (folder / "good.bundle").write_bytes(e.bundle(CONTENTS, version=7))
    return folder


def make_with_targets(parent: Path) -> Path:
    """As `make`, with the bytes TARGETS in the file targets.pb."""
    folder = make(parent)
    (folder / "targets.pb").write_bytes(TARGETS)
    return folder


def create_args(folder: Path, out: str = "out.bundle", version: int = 7) -> list[str]:
    """Arguments of `bundle create`."""
    return [
        "bundle",
        "create",
        f"--version={version}",
        f"--root={folder}/root.pb",
        f"--dev-signing-key={folder}/targets.pem",
        "--target",
        f"app={folder}/app.bin",
        f"boot={folder}/boot.bin",
        "-o",
        f"{folder}/{out}",
    ]


def root_create_args(folder: Path, *more: str, version: str = "1") -> list[str]:
    """Arguments of `root create`, which writes new.pb."""
    return [
        "root",
        "create",
        f"--version={version}",
        f"--root-key={folder}/root.pem.pub",
        f"--targets-key={folder}/targets.pem.pub",
        "-o",
        f"{folder}/new.pb",
        *more,
    ]


def snapshot(folder: Path) -> dict[str, bytes]:
    """Returns the content of every file in a folder, including temporary files."""
    return {
        os.fspath(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run_steps(folder: Path, out: Path, *more: str) -> None:
    """Makes OUT/steps.bundle, the bundle of `create_args`, with the four steps and a file of arguments."""
    done("step", "digest", "--target", f"boot={folder}/boot.bin", "-o", out / "boot.json")
    done("step", "digest", "--target", f"app={folder}/app.bin", "-o", out / "app.json")
    done(
        "step",
        "targets",
        "--digests",
        out / "boot.json",
        out / "app.json",
        "--version=7",
        "-o",
        out / "unsigned.pb",
    )
    done(
        "step",
        "sign",
        f"--metadata={out}/unsigned.pb",
        f"--root={folder}/root.pb",
        f"--dev-signing-key={folder}/targets.pem",
        "-o",
        out / "signed.pb",
    )
    (out / "args").write_text(
        f"--root\n{folder}/root.pb\n--targets-metadata\n{out}/signed.pb\n--target\n"
        f"boot={folder}/boot.bin\n--target\napp={folder}/app.bin\n-o\n{out}/steps.bundle\n"
    )
    done("step", "assemble", f"@{out}/args", *more)


def manifest_that_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the path of a user_manifest that changes after `create_bundle` has checked it."""
    path = folder / "release.json"
    path.write_bytes(b"{}")
    check = extract.check_user_manifest

    def then_change(
        checked: str | None, names: Collection[str], warn: Callable[[str], None]
    ) -> bytes | None:
        sha256 = check(checked, names, warn)
        path.write_bytes(b"[]")
        return sha256

    monkeypatch.setattr(create, "check_user_manifest", then_change)
    return path


def check_fails(folder: Path, status: int, text: str, *args: str) -> None:
    """Checks that a command fails with an error that contains `text`, and changes no file."""
    before = snapshot(folder)
    assert text in failed(status, *args)
    assert snapshot(folder) == before
