"""Tests of bundle verify, as a command. What it decides is tested next to the verifier."""

import json
import os
import re
import stat
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import tree, workspace
from software_update.testing.command import call, done, error_line, failed, run
from software_update.testing.signers import ROOT_KEY, STRANGER, TARGETS_KEY, TARGETS_KEY_2, key_id
from software_update.testing.workspace import CONTENTS

MANIFEST = (
    b'{"schema": "software_update.release.v1", "product": "blinky\\u001b", "version": "1.2.0",'
    b' "release_counter": 5, "hardware_ids": ["board-a", "board-b"]}'
)
RELEASE = e.bundle({**CONTENTS, "user_manifest": MANIFEST}, version=7)
BAD = e.bundle(CONTENTS, version=7)[:-1] + b"!"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "bad.bundle").write_bytes(BAD)
    (folder / "installed").write_bytes(e.manifest(e.targets({"app": b"old"}, 6)))
    return folder


def verify(folder: Path, name: str = "good.bundle") -> list[str]:
    return ["bundle", "verify", f"{folder}/{name}", f"--trusted-root={folder}/root.pb"]


LONG = "\x1b" + "x" * 200


@pytest.mark.parametrize(
    ("bundle", "verdict"),
    [
        (e.targets_entry(b"", LONG), "UNEXPECTED_FIELD"),
        (e.payload(LONG, b"x") * 2, "DUPLICATE_FIELD"),
        (e.bundle({LONG: b"x"}), "UNSAFE_NAME"),
        (e.bundle({LONG.upper(): b"x", LONG: b"x"}), "UNSAFE_NAME"),
        (e.bundle({"a" * 200: b"x", "A" * 200: b"x"}), "DUPLICATE_TARGET"),
        (e.bundle({"a" * 200: b"x"}).replace(b"\x12\x01x", b"\x12\x01y"), "HASH_MISMATCH"),
        (
            e.targets_entry(e.signed(e.targets_of(e.common(LONG), []), TARGETS_KEY)),
            "WRONG_ROLE",
        ),
        (
            e.targets_entry(
                e.signed(e.targets_of(e.common("targets", spec=LONG), []), TARGETS_KEY)
            ),
            "UNSUPPORTED_SPEC_VERSION",
        ),
        (
            e.bundle(
                {
                    "user_manifest": json.dumps(
                        {**json.loads(MANIFEST), "hardware_ids": [LONG] * 1000}
                    ).encode()
                }
            ),
            "WRONG_HARDWARE",
        ),
        (
            e.targets_entry(e.signed(e.targets(CONTENTS), *[STRANGER] * 60)),
            "THRESHOLD_NOT_MET",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_show_a_bounded_part_of_untrusted_text(
    folder: Path, bundle: bytes, verdict: str
) -> None:
    (folder / "long.bundle").write_bytes(bundle)
    report = folder / "report"
    args = [*verify(folder, "long.bundle"), f"--hardware-id=z{LONG}", f"--report={report}"]
    line = failed(1, *args).removeprefix(f"{folder}/long.bundle: ")
    assert line.startswith(f"{verdict}: ")
    assert "..." in line or "more" in line
    assert len(line) < 500
    # Each of the texts has more than 64 equal characters.
    assert not re.search(r"(.)\1{64}", line)
    described = json.loads(report.read_bytes())
    text = described["subject"] + described["detail"]
    assert len(text) < 500
    assert text.isprintable()


def test_accepted_text(folder: Path) -> None:
    assert done(*verify(folder)).out.splitlines() == [
        f"{folder}/good.bundle: ACCEPT",
        "  root 1, targets 7, 2 targets",
        "  never expires: root, targets",
        "  not checked: rollback: no installed manifest was given",
        "  not checked: hardware: no hardware id was given",
    ]
    args = [f"--installed={folder}/installed", "--hardware-id=board-a", "--at=none"]
    assert done(*verify(folder), *args).out.splitlines()[3:] == [
        "  not checked: expiry: no time was given",
        "  not checked: root of the installed release: not stated; assumed: trusted root 1",
        "  not checked: release counter: the release has no release manifest",
        "  not checked: hardware: the release does not say what it is for",
    ]


def test_accepted_json(folder: Path) -> None:
    """The schema software_update.verdict.v1, whole, of a bundle that is accepted."""
    found = json.loads(done(*verify(folder), "--json", "--at=none").out)
    assert found == {
        "schema": "software_update.verdict.v1",
        "verdict": "ACCEPT",
        "role": "",
        "subject": "",
        "detail": "",
        "trusted_root_version": 1,
        "root_version": 1,
        "targets_version": 7,
        "targets": 2,
        "left_out": [],
        "no_longer_listed": [],
        "beyond_device": None,
        "warnings": [],
        "signers": [key_id(TARGETS_KEY).hex()],
        "uncounted_signatures": [],
        "release": None,
        "never_expires": ["root", "targets"],
        "allowed_targets": None,
        "dev_keys": False,
        "refusal": None,
        "log": None,
        "attachments": None,
        "auditors": None,
        "not_checked": [
            "expiry: no time was given",
            "rollback: no installed manifest was given",
            "hardware: no hardware id was given",
        ],
    }


def test_allowed_targets_of_the_root_in_force(folder: Path) -> None:
    root = e.signed(e.root(2) + e.text(254, "boot") + e.text(254, "app"), ROOT_KEY)
    (folder / "x").write_bytes(e.bundle(CONTENTS, version=7, signed_root=root))
    assert done(*verify(folder, "x")).out.splitlines()[2] == "  allowed targets: boot, app"
    assert json.loads(done(*verify(folder, "x"), "--json").out)["allowed_targets"] == [
        "boot",
        "app",
    ]


def test_release(folder: Path) -> None:
    (folder / "x").write_bytes(RELEASE)
    text = done(*verify(folder, "x"), "--hardware-id=board-a").out
    assert text.splitlines()[2:] == [
        r"  release: blinky\x1b 1.2.0, release counter 5",
        "  never expires: root, targets",
        "  not checked: rollback: no installed manifest was given",
    ]
    assert json.loads(done(*verify(folder, "x"), "--json").out)["release"] == {
        "product": "blinky\x1b",
        "version": "1.2.0",
        "release_counter": 5,
    }


def test_hardware_id(folder: Path) -> None:
    (folder / "x").write_bytes(RELEASE)
    text = failed(1, *verify(folder, "x"), "--hardware-id=board-c")
    assert "WRONG_HARDWARE: targets metadata: for board-a, board-b, not for board-c" in text


def test_signatures_that_do_not_count(folder: Path) -> None:
    signed_root = e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2]), ROOT_KEY)
    (folder / "root.pb").write_bytes(signed_root)
    targets = e.targets(CONTENTS, 7)
    signed = e.signed_of(
        targets,
        [
            e.signature(targets, TARGETS_KEY),
            e.signature(b"other", TARGETS_KEY_2),
            e.signature(targets, STRANGER),
        ],
    )
    (folder / "x").write_bytes(
        e.root_entry(signed_root) + e.targets_entry(signed) + e.payloads(CONTENTS)
    )
    expected = [
        f"{key_id(TARGETS_KEY_2).hex()[:16]} bad signature",
        f"{key_id(STRANGER).hex()[:16]} unknown key",
    ]
    found = json.loads(done(*verify(folder, "x"), "--json").out)
    assert found["uncounted_signatures"] == expected
    assert found["signers"] == [key_id(TARGETS_KEY).hex()]
    assert done(*verify(folder, "x")).out.splitlines()[2:4] == [
        f"  signature that does not count: {each}" for each in expected
    ]


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


# --expect


def test_expected(folder: Path) -> None:
    result = done(*verify(folder, "bad.bundle"), "--expect=HASH_MISMATCH")
    assert (result.out, result.err) == (
        f"{folder}/bad.bundle: HASH_MISMATCH, as expected: target 'boot': "
        "its SHA-256 is not the one in the metadata\n",
        "",
    )
    accepted = done(*verify(folder), "--expect=ACCEPT")
    assert accepted == done(*verify(folder))
    for name, verdict in (("good.bundle", "ACCEPT"), ("bad.bundle", "HASH_MISMATCH")):
        result = done(*verify(folder, name), f"--expect={verdict}", "--json")
        assert result.err == ""
        assert json.loads(result.out)["verdict"] == verdict


@pytest.mark.parametrize(
    ("name", "expected", "text"),
    [
        ("good.bundle", "TARGETS_EXPIRED", "got ACCEPT: root 1, targets 7, 2 targets"),
        (
            "bad.bundle",
            "ACCEPT",
            "got HASH_MISMATCH: target 'boot': its SHA-256 is not the one in the metadata",
        ),
        (
            "bad.bundle",
            "LENGTH_MISMATCH",
            "got HASH_MISMATCH: target 'boot': its SHA-256 is not the one in the metadata",
        ),
    ],
)
def test_another_verdict_than_expected(folder: Path, name: str, expected: str, text: str) -> None:
    args = [*verify(folder, name), f"--expect={expected}"]
    line = f"{folder}/{name}: expected {expected}, {text}"
    assert failed(1, *args) == line
    assert failed(1, *args, f"--report={folder}/report") == line
    report = (folder / "report").read_text()
    assert json.loads(report)["verdict"] != expected
    result = call(*args, "--json")
    assert (result.status, result.out, error_line(result)) == (1, report, line)


def test_expected_with_a_report_prints_nothing(folder: Path) -> None:
    for name, verdict in (("good.bundle", "ACCEPT"), ("bad.bundle", "HASH_MISMATCH")):
        result = done(*verify(folder, name), f"--expect={verdict}", f"--report={folder}/{verdict}")
        assert (result.out, result.err) == ("", "")
        assert json.loads((folder / verdict).read_text())["verdict"] == verdict


def test_expected_names(folder: Path) -> None:
    text = failed(2, *verify(folder), "--expect=HASH_MISSMATCH")
    assert text == (
        "--expect: 'HASH_MISSMATCH' is not a verdict; did you mean HASH_MISMATCH or LENGTH_MISMATCH"
        " or KEY_ID_MISMATCH?"
    )
    text = failed(2, *verify(folder), "--expect=7")
    assert text == "--expect: '7' is not a verdict; see: software-update explain"


# --write-installed


def test_write_installed(folder: Path) -> None:
    """The next bundle is compared with it: version, release counter, missing payloads."""
    manifest = folder / "manifest"
    (folder / "x").write_bytes(RELEASE)
    result = done(*verify(folder, "x"), f"--write-installed={manifest}")
    assert result == done(*verify(folder, "x"))
    targets = e.targets({**CONTENTS, "user_manifest": MANIFEST}, 7)
    assert manifest.read_bytes() == e.manifest(targets, MANIFEST, (1, e.root()))
    installed = f"--installed={manifest}"
    done(*verify(folder, "x"), installed)
    assert "TARGETS_MIX_UP" in failed(1, *verify(folder), installed)
    (folder / "x").write_bytes(e.bundle(CONTENTS, version=6))
    assert "TARGETS_ROLLBACK" in failed(1, *verify(folder, "x"), installed)
    (folder / "x").write_bytes(e.bundle(CONTENTS, version=8))
    assert "RELEASE_ROLLBACK" in failed(1, *verify(folder, "x"), installed)


def test_write_installed_after_a_bundle_that_leaves_out_payloads(folder: Path) -> None:
    """The new manifest still contains the device's previous content."""
    first, second = folder / "first", folder / "second"
    (folder / "x").write_bytes(RELEASE)
    done(*verify(folder, "x"), f"--write-installed={first}")
    targets = e.targets({**CONTENTS, "user_manifest": MANIFEST}, 8)
    (folder / "x").write_bytes(e.targets_entry(e.signed(targets, TARGETS_KEY)))
    done(*verify(folder, "x"), f"--installed={first}", f"--write-installed={second}")
    assert second.read_bytes() == e.manifest(targets, MANIFEST, (1, e.root()))
    done(*verify(folder, "x"), f"--installed={second}")


def test_rejected_bundle_writes_no_manifest(folder: Path) -> None:
    (folder / "manifest").write_bytes(b"old")
    before = workspace.snapshot(folder)
    for args in (
        verify(folder, "bad.bundle"),
        [*verify(folder, "bad.bundle"), "--expect=HASH_MISMATCH"],
        [*verify(folder), "--expect=HASH_MISMATCH"],
    ):
        call(*args, f"--write-installed={folder}/manifest")
        call(*args, f"--write-installed={folder}/new")
        assert workspace.snapshot(folder) == before


def test_a_manifest_does_not_replace_inputs(folder: Path) -> None:
    before = workspace.snapshot(folder)
    args = [*verify(folder), f"--installed={folder}/installed", "--write-installed"]
    for name in ("good.bundle", "root.pb"):
        assert "would replace the input" in failed(2, *args, f"{folder}/{name}")
    for option in ("--report", "--write-root", "--extract"):
        text = failed(2, *args, f"{folder}/x", option, f"{folder}/../{folder.name}/x")
        assert f"{option} and --write-installed need a file each" in text
    assert workspace.snapshot(folder) == before


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
    assert "--at: 'tomorrow' is not a date" in failed(2, *verify(folder), "--at=tomorrow")


def test_installed(folder: Path) -> None:
    installed = f"--installed={folder}/installed"
    (folder / "x").write_bytes(e.bundle(CONTENTS, version=5))
    assert done(*verify(folder), installed).status == 0
    assert "TARGETS_ROLLBACK: targets metadata: version 5, version 6 is installed" in failed(
        1, *verify(folder, "x"), installed
    )


def test_the_user_decides_the_start_of_a_verdict(folder: Path) -> None:
    bundle = f"{folder}/good.bundle"
    for bad in ("app.bin", "good.bundle"):
        text = failed(3, "bundle", "verify", bundle, f"--trusted-root={folder}/{bad}")
        assert text.startswith(f"{folder}/{bad}: not a root to trust (")
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
    done(
        "root",
        "sign",
        folder / "root.pb",
        "--dev-signing-key",
        tree.DEV_KEYS / "throwaway_dev_root_key.pem",
    )
    args = [
        each.replace(f"{folder}/targets.pem", f"{tree.DEV_KEYS}/throwaway_dev_targets_key.pem")
        for each in workspace.create_args(folder)
    ]
    done(*args)
    text = done(*verify(folder, "out.bundle")).out
    assert text.endswith("  DEV KEYS: anyone can sign this\n")
    assert json.loads(done(*verify(folder, "out.bundle"), "--json").out)["dev_keys"] is True


def test_a_root_that_says_dev_keys(folder: Path) -> None:
    """Both in the bundle and on the device."""
    marked = e.root() + e.number(255, 1)
    (folder / "root.pb").write_bytes(e.signed(marked, ROOT_KEY))
    (folder / "whole").write_bytes(
        e.bundle(CONTENTS, signed_root=(folder / "root.pb").read_bytes())
    )
    (folder / "without").write_bytes(
        e.targets_entry(e.signed(e.targets(CONTENTS), TARGETS_KEY)) + e.payloads(CONTENTS)
    )
    for name in ("whole", "without"):
        text = done(*verify(folder, name)).out
        assert text.endswith("  DEV KEYS: anyone can sign this\n")
        assert json.loads(done(*verify(folder, name), "--json").out)["dev_keys"] is True


@pytest.mark.parametrize("dev", [1, 2, 3])
def test_dev_keys_of_any_root_on_the_path(folder: Path, dev: int) -> None:
    """The device's root, a link of the chain, and the root in force; the others do not say it."""
    signed = [
        e.signed(e.root(version) + (e.number(255, 1) if version == dev else b""), ROOT_KEY)
        for version in (1, 2, 3)
    ]
    (folder / "root.pb").write_bytes(signed[0])
    (folder / "x").write_bytes(e.chain(*signed[:2]) + e.bundle(CONTENTS, signed_root=signed[2]))
    assert done(*verify(folder, "x")).out.endswith("  DEV KEYS: anyone can sign this\n")
    assert json.loads(done(*verify(folder, "x"), "--json").out)["dev_keys"] is True


def test_dev_keys_of_a_root_that_the_device_has_passed(folder: Path) -> None:
    """The device uses no key of such a root."""
    passed = e.signed(e.root(1) + e.number(255, 1), ROOT_KEY)
    new = e.signed(e.root(2), ROOT_KEY)
    (folder / "root.pb").write_bytes(new)
    (folder / "x").write_bytes(e.chain(passed) + e.bundle(CONTENTS, signed_root=new))
    assert json.loads(done(*verify(folder, "x"), "--json").out)["dev_keys"] is False


def test_a_bundle_with_a_new_root(folder: Path) -> None:
    new = e.signed(e.root(2), ROOT_KEY)
    (folder / "x").write_bytes(e.bundle(CONTENTS, signed_root=new))
    assert json.loads(done(*verify(folder, "x"), "--json").out)["root_version"] == 2


def test_the_process(folder: Path) -> None:
    result = run(*verify(folder, "bad.bundle"))
    assert (result.status, result.out) == (1, "")
    assert "HASH_MISMATCH" in error_line(result)
