"""Tests of the command expiry."""

import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing.command import call, done, failed
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY

AT = 1_924_992_000
ROOT = e.signed(e.root(3, [ROOT_KEY], [TARGETS_KEY], 1, 1, AT + 86_400), ROOT_KEY)
TARGETS = e.signed(e.targets({"app": b"a"}, 7, AT), TARGETS_KEY)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("root.pb").write_bytes(ROOT)
    Path("app.bundle").write_bytes(e.root_entry(ROOT) + e.targets_entry(TARGETS))
    Path("forever.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_nothing_expires_soon() -> None:
    found = done("expiry", "root.pb", "forever.pb", "--at", "2030-12-01T00:00:00Z")
    assert found.out == (
        "root.pb: root version 3: expires on 2031-01-02T00:00:00Z, in 32 days\n"
        "forever.pb: root version 1: never expires\n"
    )
    assert found.err == ""


@pytest.mark.usefixtures("folder")
def test_says_how_to_renew_what_expires_soon_or_has_expired() -> None:
    found = call("expiry", "app.bundle", "--at", "2031-01-01T00:00:00Z", "--within", "1")
    assert found.status == 1
    root, renew_root, targets, renew_targets, devices = found.out.splitlines()
    assert root == "app.bundle: root version 3: expires on 2031-01-02T00:00:00Z, in 1 day"
    assert "root create --version 4 --expires DATE" in renew_root
    assert "keys of version 3 must sign it, too" in renew_root
    assert targets == "app.bundle: targets version 7: expired on 2031-01-01T00:00:00Z"
    assert "bundle create --version 8 --expires DATE" in renew_targets
    assert devices.startswith("on devices: a device keeps the release that it runs")
    assert found.err == (
        "software-update: app.bundle: root version 3, app.bundle: targets version 7: expired, "
        "or expires in at most 1 day; renew it as shown above\n"
    )


@pytest.mark.usefixtures("folder")
def test_json() -> None:
    found = call("expiry", "root.pb", "--at", "2031-01-01T00:00:00Z", "--json")
    assert found.status == 1
    report = json.loads(found.out)
    (file,) = report["files"]
    (each,) = file["metadata"]
    assert (file["file"], file["kind"]) == ("root.pb", "root")
    assert each.pop("renew").startswith("make version 4 with a later date")
    assert each == {
        "role": "root",
        "version": 3,
        "expires": "2031-01-02T00:00:00Z",
        "days_left": 1,
        "state": "expires_soon",
    }


@pytest.mark.usefixtures("folder")
def test_report_file_replaces_the_text_if_nothing_expires() -> None:
    expiry = ("expiry", "root.pb", "--report", "report.json", "--at")
    assert done(*expiry, "2030-01-01T00:00:00Z").out == ""
    assert json.loads(Path("report.json").read_text())["files"][0]["metadata"][0]["renew"] is None
    found = call(*expiry, "2031-01-01T00:00:00Z")
    assert found.status == 1 and "expires on" in found.out
    assert json.loads(Path("report.json").read_text())["files"][0]["metadata"][0]["renew"]


@pytest.mark.usefixtures("folder")
def test_reads_arguments_from_a_file() -> None:
    Path("arguments.txt").write_text("--at=2030-01-01T00:00:00Z\nroot.pb\n")
    assert done("expiry", "@arguments.txt").out.startswith("root.pb: root version 3: expires on")


@pytest.mark.usefixtures("folder")
def test_counts_from_now_by_default() -> None:
    Path("old.pb").write_bytes(e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY], 1, 1, 1), ROOT_KEY))
    assert call("expiry", "old.pb").status == 1
    assert call("expiry", "forever.pb").status == 0


@pytest.mark.usefixtures("folder")
def test_wrong_arguments() -> None:
    assert failed(2, "expiry", "root.pb", "--within", "0") == (
        "--within: '0' is not a number of days; write an integer from 1 to 4294967295"
    )
    assert failed(2, "expiry", "root.pb", "--at", "none").startswith("--at: 'none' is not a date")
    assert failed(3, "expiry", "missing.pb") == "missing.pb: No such file or directory"
