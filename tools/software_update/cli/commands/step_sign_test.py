"""Tests of step sign."""

from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import (
    done,
)
from software_update.testing.signers import (
    TARGETS_KEY,
)
from software_update.testing.workspace import CONTENTS, check_fails


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_sign_step_never_replaces_an_input(folder: Path) -> None:
    (folder / "t").write_bytes(e.targets(CONTENTS, 7))
    sign = ["step", "sign", f"--metadata={folder}/t", f"--root={folder}/root.pb"]
    sign += [f"--dev-signing-key={folder}/targets.pem", "-o"]
    done(*sign, f"{folder}/o")
    for name in ("t", "root.pb", "targets.pem"):
        check_fails(folder, 2, "the output would replace the input", *sign, f"{folder}/{name}")


def test_sign_step_errors(folder: Path) -> None:
    (folder / "t").write_bytes(e.targets(CONTENTS))
    sign = ["step", "sign", "-o", f"{folder}/o", f"--metadata={folder}/t"]
    key = ["--dev-signing-key", f"{folder}/targets.pem"]
    root = f"--root={folder}/root.pb"
    stranger = ["--dev-signing-key", f"{folder}/stranger.pem"]
    check_fails(folder, 3, "stranger.pem (", *sign, *stranger, root)
    check_fails(folder, 3, "app.bin: not root metadata", *sign, *key, f"--root={folder}/app.bin")
    done(*sign, *key, root)
    signed = (folder / "o").read_bytes()
    assert signed == e.signed(e.targets(CONTENTS), TARGETS_KEY)
    # What is signed already is not signed again as if it were not.
    (folder / "t").write_bytes(signed)
    check_fails(folder, 3, "t: not targets metadata (", *sign, *key)
    check_fails(folder, 2, "--unsigned: not allowed with argument --dev", *sign, *key, "--unsigned")
    check_fails(folder, 2, "one of the arguments --dev-signing-key --unsigned is req", *sign)
    app = f"--root={folder}/app.bin"
    (folder / "t").write_bytes(e.targets(CONTENTS))
    check_fails(folder, 3, "app.bin: not root metadata", *sign, "--unsigned", app)


def test_sign_step_notes_a_root_that_hides_its_dev_keys(folder: Path) -> None:
    (folder / "t").write_bytes(e.targets(CONTENTS))
    sign = ["step", "sign", f"--metadata={folder}/t", "-o", f"{folder}/o"]
    sign += [f"--root={folder}/root.pb"]
    key = f"--dev-signing-key={folder}/targets.pem"
    assert done(*sign, key).err == (
        f"software-update: note: {folder}/root.pb does not say DEV KEYS, and dev keys sign under it; "
        "make it with: root create --dev-keys\n"
    )
    assert done(*sign, "--unsigned").err == ""
    (folder / "root.pb").write_bytes(e.signed(e.root() + e.number(255, 1)))
    assert done(*sign, key).err == ""


def test_sign_step_without_a_key(folder: Path) -> None:
    (folder / "t").write_bytes(e.targets(CONTENTS, 7))
    sign = ["step", "sign", f"--metadata={folder}/t", "--unsigned"]
    done(*sign, f"--root={folder}/root.pb", "-o", folder / "o")
    assert (folder / "o").read_bytes() == e.signed(e.targets(CONTENTS, 7))
    assemble = ["step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/o"]
    targets = ["--target", f"app={folder}/app.bin", f"boot={folder}/boot.bin"]
    done(*assemble, *targets, "-o", folder / "out.bundle")
    assert (folder / "out.bundle").read_bytes() == e.bundle(CONTENTS, version=7, signers=())


def test_sign_step_rejects_a_root(folder: Path) -> None:
    (folder / "r").write_bytes(e.root())
    sign = ["step", "sign", f"--metadata={folder}/r", "-o", f"{folder}/o"]
    sign += [f"--dev-signing-key={folder}/root.pem"]
    check_fails(folder, 3, "r: not targets metadata (WRONG_ROLE: ", *sign)
    check_fails(folder, 2, "unrecognized argument: --role; ", *sign, "--role=root")
