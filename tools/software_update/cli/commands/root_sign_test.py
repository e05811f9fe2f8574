"""Tests of root sign."""

from pathlib import Path

import pytest

from software_update.format import limits
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    key_id,
    signer,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_sign(folder: Path) -> None:
    root = e.root(1, [ROOT_KEY, ROOT_KEY_2], root_threshold=2)
    path = folder / "unsigned.pb"
    path.write_bytes(e.signed(root))
    by_id = sorted((ROOT_KEY, ROOT_KEY_2), key=key_id)
    done("root", "sign", path, "--dev-signing-key", folder / "root.pem", "-o", folder / "one.pb")
    assert path.read_bytes() == e.signed(root)
    assert (folder / "one.pb").read_bytes() == e.signed(root, ROOT_KEY)
    done("root", "sign", folder / "one.pb", "--dev-signing-key", folder / "root2.pem")
    assert (folder / "one.pb").read_bytes() == e.signed(root, *by_id)
    # Once more, and both in one go: the same bytes.
    done("root", "sign", folder / "one.pb", "--dev-signing-key", folder / "root2.pem")
    done("root", "sign", path, "--dev-signing-key", folder / "root2.pem", folder / "root.pem")
    assert (folder / "one.pb").read_bytes() == path.read_bytes() == e.signed(root, *by_id)


def test_sign_keeps_signatures_of_unknown_keys(folder: Path) -> None:
    # Of the same key, but over other bytes: replaced. Of a key that the root does not list: kept.
    root = e.root()
    stale = e.blob(1, key_id(ROOT_KEY)) + e.blob(2, signer(ROOT_KEY).sign(b"old"))
    (folder / "r.pb").write_bytes(e.signed_of(root, [stale, e.signature(root, STRANGER)]))
    done("root", "sign", folder / "r.pb", "--dev-signing-key", folder / "root.pem")
    expected = e.signed(root, *sorted((ROOT_KEY, STRANGER), key=key_id))
    assert (folder / "r.pb").read_bytes() == expected


def test_sign_keeps_unknown_fields_of_a_project(folder: Path) -> None:
    root = e.root() + e.text(65, "a project's")
    (folder / "r.pb").write_bytes(e.signed(root))
    done("root", "sign", folder / "r.pb", "--dev-signing-key", folder / "root.pem")
    assert (folder / "r.pb").read_bytes() == e.signed(root, ROOT_KEY)


def test_sign_errors_leave_the_file(folder: Path) -> None:
    before = workspace.snapshot(folder)
    sign = ["root", "sign", f"{folder}/root.pb", "--dev-signing-key", f"{folder}/root2.pem"]
    assert "name each key once" in failed(3, *sign, f"{folder}/root2.pem")
    assert "not root metadata" in failed(3, "root", "sign", folder / "app.bin", *sign[3:])
    assert "would replace the input" in failed(2, *sign, "-o", f"{folder}/root2.pem")
    assert "not a regular file" in failed(2, *sign, "-o", "/dev/null")
    many = [e.signature(e.root(), each) for each in range(100, 100 + limits.MAX_SIGNATURES)]
    (folder / "many.pb").write_bytes(e.signed_of(e.root(), many))
    text = failed(3, "root", "sign", folder / "many.pb", *sign[3:])
    assert "more than 64 signatures" in text
    (folder / "many.pb").unlink()
    assert workspace.snapshot(folder) == before
