"""Tests of bundle verify, as a command. What it decides is tested beside the verifier."""

import json
import os
import stat
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import tree, workspace
from software_update.testing.command import call, done, error_line, failed, run
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, key_id
from software_update.testing.workspace import CONTENTS

BAD = e.bundle(CONTENTS, version=7)[:-1] + b"!"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "bad.bundle").write_bytes(BAD)
    (folder / "installed").write_bytes(e.manifest(e.targets({"app": b"old"}, 6)))
    return folder


def verify(folder: Path, name: str = "good.bundle") -> list[str]:
    return ["bundle", "verify", f"{folder}/{name}", f"--trusted-root={folder}/root.pb"]


def test_accepted_text(folder: Path) -> None:
    assert done(*verify(folder)).out.splitlines() == [
        f"{folder}/good.bundle: ACCEPT",
        "  root 1, targets 7, 2 targets",
        "  never expires: root, targets",
        "  not checked: rollback: no installed manifest was given",
    ]
    result = done(*verify(folder), f"--installed={folder}/installed", "--at=none")
    assert result.out.splitlines()[3:] == ["  not checked: expiry: no time was given"]


def test_accepted_json(folder: Path) -> None:
    """The schema software_update.verdict.v1, whole, of a bundle that is accepted."""
    found = json.loads(done(*verify(folder), "--json", "--at=none").out)
    assert found == {
        "schema": "software_update.verdict.v1",
        "verdict": "ACCEPT",
        "role": "",
        "subject": "",
        "detail": "",
        "root_version": 1,
        "targets_version": 7,
        "targets": 2,
        "signers": [key_id(TARGETS_KEY).hex()],
        "never_expires": ["root", "targets"],
        "dev_keys": False,
        "not_checked": [
            "expiry: no time was given",
            "rollback: no installed manifest was given",
        ],
    }


def test_refused_json(folder: Path) -> None:
    """The same schema of a bundle that is refused."""
    result = call(*verify(folder, "bad.bundle"), "--json")
    assert (result.status, result.err) == (1, "")
    assert json.loads(result.out) == {
        "schema": "software_update.verdict.v1",
        "verdict": "HASH_MISMATCH",
        "role": "targets",
        "subject": "target 'boot'",
        "detail": "its SHA-256 is not the one in the metadata",
        "not_checked": ["everything after this: the first failure decides"],
    }


def test_refused_text(folder: Path) -> None:
    assert failed(1, *verify(folder, "bad.bundle")) == (
        f"{folder}/bad.bundle: HASH_MISMATCH: target 'boot': "
        "its SHA-256 is not the one in the metadata; do not install it"
    )


def test_names_in_a_bundle_do_not_reach_the_terminal(folder: Path) -> None:
    (folder / "x").write_bytes(e.bundle(CONTENTS) + e.payload("\x1b]0;evil\x07\n\u202e", b""))
    text = failed(1, *verify(folder, "x"))
    assert "UNLISTED_PAYLOAD: target '\\x1b]0;evil\\x07\\n\\u202e': " in text
    result = run(*verify(folder, "x"), "--json")
    assert result.out.isascii()
    assert "\x1b" not in result.out


def test_report(folder: Path) -> None:
    for name, status in (("good.bundle", 0), ("bad.bundle", 1)):
        report = folder / "report.json"
        result = call(*verify(folder, name), "--report", report)
        assert (result.status, result.out) == (status, "")
        shown = call(*verify(folder, name), "--json").out
        assert report.read_text() == shown


def test_no_report_of_what_could_not_be_judged(folder: Path) -> None:
    report = folder / "report.json"
    failed(3, *verify(folder, "absent"), "--report", f"{report}")
    assert not report.exists()


def test_reports_do_not_replace_inputs(folder: Path) -> None:
    before = workspace.snapshot(folder)
    args = [*verify(folder), f"--installed={folder}/installed", "--report"]
    for name in ("good.bundle", "root.pb", "installed"):
        assert "would replace the input" in failed(2, *args, f"{folder}/{name}")
    assert workspace.snapshot(folder) == before
    failed(2, *args, "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_time(folder: Path) -> None:
    (folder / "x").write_bytes(e.bundle(CONTENTS, expires=1924992000))
    before, then = "--at=2030-12-31T23:59:59Z", "--at=2031-01-01T00:00:00Z"
    assert call(*verify(folder, "x"), before).status == 0
    assert "TARGETS_EXPIRED: targets metadata: " in failed(1, *verify(folder, "x"), then)
    assert call(*verify(folder, "x"), "--at=none").status == 0
    # Now is the default.
    for expires, status in ((1_000_000_000, 1), (2**33, 0)):
        (folder / "x").write_bytes(e.bundle(CONTENTS, expires=expires))
        for args in ([], ["--at=now"]):
            assert call(*verify(folder, "x"), *args).status == status
    assert "--at: 'tomorrow' is no date" in failed(2, *verify(folder), "--at=tomorrow")


def test_installed(folder: Path) -> None:
    installed = f"--installed={folder}/installed"
    (folder / "x").write_bytes(e.bundle(CONTENTS, version=5))
    assert done(*verify(folder), installed).status == 0
    assert "TARGETS_ROLLBACK: targets metadata: version 5, version 6 is installed" in failed(
        1, *verify(folder, "x"), installed
    )


def test_what_a_verdict_starts_from_is_the_users(folder: Path) -> None:
    bundle = f"{folder}/good.bundle"
    for bad in ("app.bin", "good.bundle"):
        text = failed(3, "bundle", "verify", bundle, f"--trusted-root={folder}/{bad}")
        assert text.startswith(f"{folder}/{bad}: no root to trust (")
        text = failed(3, *verify(folder), f"--installed={folder}/{bad}")
        assert text.startswith(f"{folder}/{bad}: no manifest of an installed release (")
    failed(2, "bundle", "verify", bundle)
    failed(3, "bundle", "verify", f"{folder}", f"--trusted-root={folder}/root.pb")


def test_dev_keys_are_called_so(folder: Path) -> None:
    done(
        "root",
        "create",
        "--version=1",
        f"--root-key={tree.DEV_KEYS}/throwaway_dev_root_key.pem.pub",
        f"--targets-key={tree.DEV_KEYS}/throwaway_dev_targets_key.pem.pub",
        "-o",
        folder / "root.pb",
    )
    done("root", "sign", folder / "root.pb", "--key", tree.DEV_KEYS / "throwaway_dev_root_key.pem")
    args = [
        each.replace(f"{folder}/targets.pem", f"{tree.DEV_KEYS}/throwaway_dev_targets_key.pem")
        for each in workspace.create_args(folder)
    ]
    done(*args)
    text = done(*verify(folder, "out.bundle")).out
    assert text.endswith("  DEV KEYS: anyone can sign this\n")
    assert json.loads(done(*verify(folder, "out.bundle"), "--json").out)["dev_keys"] is True


def test_a_bundle_with_a_new_root(folder: Path) -> None:
    new = e.signed(e.root(2), ROOT_KEY)
    (folder / "x").write_bytes(e.bundle(CONTENTS, signed_root=new))
    assert json.loads(done(*verify(folder, "x"), "--json").out)["root_version"] == 2


def test_the_process(folder: Path) -> None:
    result = run(*verify(folder, "bad.bundle"))
    assert (result.status, result.out) == (1, "")
    assert "HASH_MISMATCH" in error_line(result)
