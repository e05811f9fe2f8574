"""Tests of root check."""

import hashlib
import json
from pathlib import Path

import pytest

from software_update.signing import holders
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, done, error_line, failed
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)

# From one key to two of three.
NEW = e.root(2, [ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3], root_threshold=2)
SHA256 = hashlib.sha256(NEW).hexdigest()
BY_ID = sorted((ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3), key=key_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With root.pb, which has room for the two keys that NEW adds: see test_strict_pigweed."""
    folder = workspace.make(tmp_path)
    (folder / "root.pb").write_bytes(e.signed(e.root(), ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, STRANGER))
    return folder


def check(folder: Path, new: bytes, *more: str) -> list[str]:
    (folder / "new.pb").write_bytes(new)
    return ["root", "check", f"{folder}/new.pb", f"--previous={folder}/root.pb", *more]


def ids(*signers: int) -> list[str]:
    return [key_id(each).hex() for each in sorted(signers, key=key_id)]


def test_complete(folder: Path) -> None:
    text = done(*check(folder, e.signed(NEW, ROOT_KEY, ROOT_KEY_3))).out
    assert text.splitlines() == [
        f"{folder}/new.pb: version 2, follows version 1",
        f"  sha256 {SHA256}",
        "  the previous root's keys: 1 signed, 1 must",
        f"    signed: {key_id(ROOT_KEY).hex()}",
        "  its own keys: 2 signed, 2 must",
        *(f"    signed: {each}" for each in ids(ROOT_KEY, ROOT_KEY_3)),
        f"    not signed: {key_id(ROOT_KEY_2).hex()}",
        "  not checked: expiry: the verification of a bundle checks it",
        "  complete",
    ]


def test_incomplete(folder: Path) -> None:
    text = done(*check(folder, e.signed(NEW, ROOT_KEY_2))).out
    assert text.splitlines() == [
        f"{folder}/new.pb: version 2, follows version 1",
        f"  sha256 {SHA256}",
        "  the previous root's keys: 0 signed, 1 must",
        f"    not signed: {key_id(ROOT_KEY).hex()}",
        "  its own keys: 1 signed, 2 must",
        f"    signed: {key_id(ROOT_KEY_2).hex()}",
        *(f"    not signed: {each}" for each in ids(ROOT_KEY, ROOT_KEY_3)),
        "  not checked: expiry: the verification of a bundle checks it",
        "  incomplete: 1 more of the previous root's keys and 1 more of its own keys must sign",
    ]


def test_a_first_root(folder: Path) -> None:
    first = e.root(1, [ROOT_KEY, ROOT_KEY_2], root_threshold=2)
    path = folder / "first.pb"
    path.write_bytes(e.signed(first, ROOT_KEY_2))
    report = folder / "report.json"
    assert done("root", "check", path, f"--report={report}").out.splitlines() == [
        f"{path}: version 1, the first root",
        f"  sha256 {hashlib.sha256(first).hexdigest()}",
        "  its own keys: 1 signed, 2 must",
        f"    signed: {key_id(ROOT_KEY_2).hex()}",
        f"    not signed: {key_id(ROOT_KEY).hex()}",
        "  not checked: expiry: the verification of a bundle checks it",
        "  incomplete: 1 more of its own keys must sign",
    ]
    found = json.loads(report.read_text())
    assert (found["complete"], found["previous"]) == (False, None)
    path.write_bytes(e.signed(first, *sorted((ROOT_KEY, ROOT_KEY_2), key=key_id)))
    assert done("root", "check", path).out.endswith("  complete\n")
    path.write_bytes(e.signed(e.root(1, [ROOT_KEY], [ROOT_KEY])))
    assert failed(1, "root", "check", path).startswith(f"INVALID_KEY: {path}: key ")


def test_dev_keys_are_called_so(folder: Path) -> None:
    """Of the root itself: the one before it may be of development."""
    (folder / "root.pb").write_bytes(e.signed(e.root() + e.number(255, 1), ROOT_KEY))
    report = folder / "report.json"
    lines = done("root", "check", folder / "root.pb", f"--report={report}").out
    assert lines == ""
    assert json.loads(report.read_text())["dev_keys"] is True
    lines = done("root", "check", folder / "root.pb").out
    assert lines.splitlines()[2] == "  DEV KEYS: anyone can sign this"
    lines = done(*check(folder, e.signed(NEW, *BY_ID)), f"--report={report}").out
    assert lines == ""
    assert json.loads(report.read_text())["dev_keys"] is False


def test_every_other_root_has_one_before_it(folder: Path) -> None:
    (folder / "new.pb").write_bytes(e.signed(NEW, *BY_ID))
    text = failed(2, "root", "check", folder / "new.pb")
    assert text == (
        f"{folder}/new.pb: version 2 follows another root; name that one: --previous FILE"
    )


def test_require_complete(folder: Path) -> None:
    report = folder / "report.json"
    args = check(folder, e.signed(NEW, ROOT_KEY_2), "--require-complete")
    result = call(*args, f"--report={report}")
    assert result.status == 1
    assert result.out.endswith(
        "  incomplete: 1 more of the previous root's keys and 1 more of its own keys must sign\n"
    )
    assert error_line(result) == (
        f"THRESHOLD_NOT_MET: {folder}/new.pb: 1 more of the previous root's keys and 1 more "
        "of its own keys must sign; merge their signatures with: root merge"
    )
    assert json.loads(report.read_text())["complete"] is False
    done(*check(folder, e.signed(NEW, *BY_ID), "--require-complete"))


def test_report(folder: Path) -> None:
    """The schema software_update.root_check.v1, whole."""
    signatures = [
        e.signature(NEW, ROOT_KEY),
        e.signature(NEW, ROOT_KEY),
        e.signature(b"other", ROOT_KEY_2),
        e.signature(NEW, STRANGER),
    ]
    report = f"--report={folder}/report.json"
    text = done(*check(folder, e.signed_of(NEW, signatures), report)).out
    assert "  incomplete: 1 more of its own keys must sign\n" in text
    names = {each: key_id(each).hex()[:16] for each in (ROOT_KEY, ROOT_KEY_2, STRANGER)}
    assert json.loads((folder / "report.json").read_text()) == {
        "schema": "software_update.root_check.v1",
        "version": 2,
        "sha256": SHA256,
        "allowed_targets": None,
        "dev_keys": False,
        "complete": False,
        "previous": {
            "version": 1,
            "allowed_targets": None,
            "threshold": 1,
            "signers": ids(ROOT_KEY),
            "not_signed": [],
        },
        "own": {
            "threshold": 2,
            "signers": ids(ROOT_KEY),
            "not_signed": ids(ROOT_KEY_2, ROOT_KEY_3),
        },
        "also_for": [],
        "uncounted_signatures": [
            f"{names[ROOT_KEY]} repeated",
            f"{names[STRANGER]} unknown key",
            f"{names[ROOT_KEY_2]} bad signature",
        ],
        "not_checked": ["expiry: the verification of a bundle checks it"],
    }
    assert f"  signature that does not count: {names[STRANGER]} unknown key\n" in text
    result = done(*check(folder, e.signed(NEW, *BY_ID), report))
    assert (result.out, result.err) == ("", "")
    assert json.loads((folder / "report.json").read_text())["complete"] is True


def test_report_of_allowed_targets(folder: Path) -> None:
    (folder / "root.pb").write_bytes(e.signed(e.root() + e.text(254, "app"), ROOT_KEY))
    new = e.signed(e.root(2) + e.text(254, "boot/*"), ROOT_KEY)
    text = done(*check(folder, new)).out
    assert "  allowed targets: boot/*\n    no longer: app\n    new: boot/*\n" in text
    done(*check(folder, new, f"--report={folder}/report.json"))
    report = json.loads((folder / "report.json").read_text())
    assert report["allowed_targets"] == ["boot/*"]
    assert report["previous"]["allowed_targets"] == ["app"]


def test_strict_pigweed_and_allowed_targets(folder: Path) -> None:
    """More than 99 bytes of names in a later root are longer than a first signature."""
    (folder / "root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    listed = e.text(254, "a" * 40) + e.text(254, "b" * 64)
    new = e.signed(e.root(2) + listed, ROOT_KEY)
    assert "warning" in done(*check(folder, new)).err
    assert "list fewer keys or allowed targets" in failed(
        2, *check(folder, new, "--strict-pigweed")
    )
    done(*check(folder, e.signed(e.root(2) + e.text(254, "b" * 64), ROOT_KEY), "--strict-pigweed"))


@pytest.mark.parametrize(
    ("signers", "complete"),
    [
        ((), False),
        ((ROOT_KEY,), False),
        ((ROOT_KEY_2, ROOT_KEY_3), False),
        ((ROOT_KEY, ROOT_KEY_2), True),
        ((ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3), True),
        ((ROOT_KEY, STRANGER), False),
    ],
)
def test_complete_is_what_a_device_takes(
    folder: Path, signers: tuple[int, ...], complete: bool
) -> None:
    new = e.signed(NEW, *signers)
    done(*check(folder, new, f"--report={folder}/report.json"))
    assert json.loads((folder / "report.json").read_text())["complete"] is complete
    (folder / "x").write_bytes(e.bundle({"app": b"x"}, signed_root=new))
    expected = "ACCEPT" if complete else "THRESHOLD_NOT_MET"
    args = [f"--trusted-root={folder}/root.pb", f"--expect={expected}"]
    done("bundle", "verify", folder / "x", *args)


@pytest.mark.parametrize(
    ("new", "text"),
    [
        (e.root(3), "ROOT_VERSION_GAP: FILE: version 3 after 1"),
        (e.root(1), "ROOT_ROLLBACK: FILE: version 1 is the previous root itself"),
        (e.root(1, [ROOT_KEY_2]), "ROOT_MIX_UP: FILE: version 1 differs"),
        (e.root(0), "INVALID_VERSION: FILE: version 0"),
        (e.root(2, [ROOT_KEY], [ROOT_KEY]), "INVALID_KEY: FILE: key "),
        (e.root(2, root_threshold=2), "THRESHOLD_INVALID: FILE: its own threshold is 2 of 1 keys"),
        (e.root(2, targets_threshold=0), "THRESHOLD_INVALID: FILE: its targets threshold is 0 of"),
        (
            e.root_of(e.common("root", 2), [e.key(ROOT_KEY)], *[e.role([key_id(ROOT_KEY)])] * 2),
            "SHARED_KEY: FILE: key ",
        ),
        (
            e.root_of(
                e.common("root", 2),
                [e.key(ROOT_KEY, id_=key_id(STRANGER))],
                e.role([key_id(STRANGER)]),
                e.role([]),
            ),
            "KEY_ID_MISMATCH: FILE: key ",
        ),
        (e.root_of(e.common(None, 2), [], b"", b""), "WRONG_ROLE: FILE: has no role"),
        (b"\0", "MALFORMED: FILE: "),
    ],
)
def test_refused(folder: Path, new: bytes, text: str) -> None:
    args = check(folder, e.signed(new, ROOT_KEY), f"--report={folder}/report.json")
    assert failed(1, *args).startswith(text.replace("FILE", f"{folder}/new.pb"))
    assert not (folder / "report.json").exists()


def test_rollback(folder: Path) -> None:
    (folder / "root.pb").write_bytes(e.signed(e.root(3), ROOT_KEY))
    text = failed(1, *check(folder, e.signed(NEW, ROOT_KEY)))
    assert text == f"ROOT_ROLLBACK: {folder}/new.pb: version 2, the trusted root has 3"


def test_strict_pigweed(folder: Path) -> None:
    (folder / "root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    args = check(folder, e.signed(NEW, ROOT_KEY))
    problem = (
        f"{folder}/new.pb: its signed bytes end at {len(e.signed(NEW))}, after the "
        f"{len(e.signed(e.root(), ROOT_KEY))} bytes of {folder}/root.pb; Pigweed's client rejects it on the "
        "first attempt and accepts it on the second; list fewer keys or allowed targets, or let "
        "devices try again"
    )
    assert done(*args).err == f"software-update: warning: {problem}\n"
    report = folder / "report.json"
    assert failed(2, *args, "--strict-pigweed", f"--report={report}") == problem
    assert not report.exists()
    (folder / "newer.pb").write_bytes(e.signed(e.root(3), ROOT_KEY))
    newer = ["root", "check", f"{folder}/newer.pb", f"--previous={folder}/new.pb"]
    assert done(*newer, "--strict-pigweed").err == ""
    also_for = [f"--also-for={folder}/root.pb", "--strict-pigweed"]
    assert done(*newer, *also_for).err == ""
    new = e.signed(e.root(2, [ROOT_KEY], [TARGETS_KEY_2]), ROOT_KEY)
    text = failed(2, *check(folder, new), "--strict-pigweed")
    assert f"{folder}/new.pb: targets versions start again" in text


def test_files(folder: Path) -> None:
    args = check(folder, e.signed(NEW, ROOT_KEY))
    assert "not a root to trust" in failed(3, *args, f"--previous={folder}/app.bin")
    assert "No such file" in failed(3, *args, f"--previous={folder}/absent")
    for name in ("new.pb", "root.pb"):
        assert "would replace the input" in failed(2, *args, f"--report={folder}/{name}")
    # Only keys decide about a removed targets key: that is not a fault of a root.
    new = e.signed(e.root(2, [ROOT_KEY], [TARGETS_KEY_2]), ROOT_KEY)
    assert done(*check(folder, new)).out.endswith("  complete\n")
    assert TARGETS_KEY != TARGETS_KEY_2


def test_names_of_keys(folder: Path) -> None:
    names = {key_id(ROOT_KEY): "quality", key_id(ROOT_KEY_3): "managing director"}
    (folder / "holders.json").write_bytes(holders.build({**names, key_id(TARGETS_KEY): "other"}))
    new = e.signed_of(NEW, [e.signature(NEW, ROOT_KEY), e.signature(b"other", ROOT_KEY_3)])
    args = check(folder, new, f"--holders={folder}/holders.json")
    lines = done(*args).out.splitlines()
    assert f"    signed: quality ({key_id(ROOT_KEY).hex()})" in lines
    assert f"    not signed: {key_id(ROOT_KEY_2).hex()}" in lines
    assert f"    not signed: managing director ({key_id(ROOT_KEY_3).hex()})" in lines
    short = key_id(ROOT_KEY_3).hex()[:16]
    assert f"  signature that does not count: managing director ({short}) bad signature" in lines
    done(*args, f"--report={folder}/report.json")
    report = json.loads((folder / "report.json").read_text())
    assert report["holders"] == holders.as_json(names, names)
    text = failed(3, *check(folder, new, f"--holders={folder}/root.pb"))
    assert text.startswith(f"{folder}/root.pb: not a file of holders")
