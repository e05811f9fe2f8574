"""Tests of bundle diff."""

import json
from pathlib import Path
from typing import Any

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, done, failed
from software_update.testing.peak import MIB, peak_bytes
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)

CLAIMS = {
    "app": {"component": "radio firmware", "area": "application", "reach": ["radio"]},
    "boot": {"component": "first stage", "area": "boot_loader"},
}
OLD_KEY, NEW_KEY = key_id(TARGETS_KEY).hex(), key_id(TARGETS_KEY_2).hex()


def manifest(counter: int, claims: Any = None, **more: Any) -> bytes:
    return json.dumps(
        {
            "schema": "software_update.release.v1",
            "product": "blinky",
            "version": f"1.{counter}",
            "release_counter": counter,
            "targets": CLAIMS if claims is None else claims,
            **more,
        }
    ).encode()


OLD = {"app": b"a\nb\n", "boot": b"\0", "same": b"", "user_manifest": manifest(4)}
NEW_CLAIMS = {
    **CLAIMS,
    "app": {
        "component": "radio firmware",
        "area": "application",
        "reach": ["keys", "radio"],
        "confined_by": "mpu",
        "reversible": False,
    },
}
NEW = {
    "app": b"a\nc\n",
    "boot": b"\1\0",
    "extra": b"x",
    "user_manifest": manifest(5, NEW_CLAIMS),
}
ROOT_2 = e.signed(e.root(2, targets_keys=[TARGETS_KEY_2]), ROOT_KEY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With old.bundle, and new.bundle, under a later root."""
    folder = workspace.make(tmp_path)
    (folder / "old.bundle").write_bytes(e.bundle(OLD, version=7))
    new = e.bundle(NEW, version=8, signed_root=ROOT_2, signers=[TARGETS_KEY_2])
    (folder / "new.bundle").write_bytes(new)
    return folder


def diff(folder: Path, *more: str, old: str = "old.bundle", new: str = "new.bundle") -> list[str]:
    return ["bundle", "diff", f"{folder}/{old}", f"{folder}/{new}", "--no-diffoscope", *more]


def trusted(folder: Path) -> str:
    return f"--trusted-root={folder}/root.pb"


def text(folder: Path, *more: str) -> list[str]:
    return done(*diff(folder, *more)).out.splitlines()


def test_text(folder: Path) -> None:
    digests = {name: e.sha256(content).hex() for name, content in NEW.items()}
    old_digests = {name: e.sha256(content).hex() for name, content in OLD.items()}
    releases = [e.sha256(e.targets(*each)).hex() for each in ((OLD, 7), (NEW, 8))]
    roots = [e.sha256(e.root()).hex(), e.sha256(e.root(2, targets_keys=[TARGETS_KEY_2])).hex()]
    sizes = [len(each["user_manifest"]) for each in (OLD, NEW)]
    lines = text(folder, trusted(folder), "--at=none")
    keys = sorted(
        [f"  removed targets key {OLD_KEY}", f"  added targets key {NEW_KEY}"],
        key=lambda line: line.split()[-1],
    )
    signatures = sorted(
        [
            f"signatures: {OLD_KEY} does not sign any more",
            f"signatures: {NEW_KEY} signs now",
        ],
        key=lambda line: line.split()[1],
    )
    assert lines == [
        "verified: a device that runs old.bundle accepts new.bundle",
        f"old: old.bundle: blinky 1.4, release counter 4, root 1, targets 7, release digest {releases[0]}",
        f"new: new.bundle: blinky 1.5, release counter 5, root 2, targets 8, release digest {releases[1]}",
        "not checked: expiry: no time was given",
        "not checked: rollback of the targets version: root 2 removed targets keys of root 1, at least its "
        "threshold of 1",
        "not checked: hardware: no hardware id was given",
        "warning: changes the boot loader together with other parts: boot",
        "warning: changes targets about which the vendor claims nothing: extra",
        "components, as the vendor claims:",
        "  changed first stage (boot_loader): boot",
        "  changed radio firmware (application): app",
        "powers gained, as the vendor claims:",
        "  radio firmware: keys",
        "confinement, as the vendor claims:",
        "  app: none -> mpu",
        "cannot be undone:",
        "  target app",
        "  root 2",
        "keys:",
        *keys,
        "fields:",
        "  release release counter: 4 -> 5",
        "  release version: 1.4 -> 1.5",
        f"  root sha256: {roots[0]} -> {roots[1]}",
        "  root version: 1 -> 2",
        "  targets version: 7 -> 8",
        *signatures,
        "targets: 1 added, 1 removed, 3 changed, 0 unchanged",
        "  changed app: 4 -> 4 bytes",
        f"    sha256 {old_digests['app']} -> {digests['app']}",
        "    text:",
        "      @@ -1,3 +1,3 @@",
        "       a",
        "      -b",
        "      +c",
        "       ",
        "  changed boot: 1 -> 2 bytes",
        f"    sha256 {old_digests['boot']} -> {digests['boot']}",
        "    binary: not compared",
        f"  added extra: 1 bytes, sha256 {digests['extra']}",
        f"  removed same: 0 bytes, sha256 {old_digests['same']}",
        f"  changed user_manifest: {sizes[0]} -> {sizes[1]} bytes",
        f"    sha256 {old_digests['user_manifest']} -> {digests['user_manifest']}",
        "    json:",
        "      -release_counter = 4",
        "      +release_counter = 5",
        '      +targets.app.confined_by = "mpu"',
        '      +targets.app.reach[] = "keys"',
        "      +targets.app.reversible = false",
        '      -version = "1.4"',
        '      +version = "1.5"',
    ]


def test_without_a_trusted_root_the_first_line_says_so(folder: Path) -> None:
    lines = text(folder)
    assert lines[0] == "NOT VERIFIED: no signature was checked; add --trusted-root FILE"
    assert "not checked: signatures, payloads, roots, versions and expiry" in lines
    assert "  radio firmware: keys" in lines


def test_json(folder: Path) -> None:
    report = json.loads(done(*diff(folder, trusted(folder), "--json")).out)
    assert report["schema"] == "software_update.diff.v1"
    assert report["verified"]
    assert report["differ"]
    assert report["blast_radius"]["powers_gained"] == [
        {"component": "radio firmware", "word": "keys"}
    ]
    assert not json.loads(done(*diff(folder, "--json")).out)["verified"]


def test_files(folder: Path) -> None:
    shown = done(*diff(folder)).out
    document = done(*diff(folder, "--json")).out
    outputs = [f"--report={folder}/diff.json", f"-o{folder}/diff.txt"]
    assert done(*diff(folder, *outputs)).out == ""
    assert (folder / "diff.txt").read_text() == shown
    assert (folder / "diff.json").read_text() == document
    failed(2, *diff(folder, f"--report={folder}/x", f"-o{folder}/x"))
    for option in (f"--report={folder}/old.bundle", f"-o{folder}/root.pb"):
        workspace.check_fails(folder, 2, "", *diff(folder, trusted(folder), option))


def test_equal_bundles(folder: Path) -> None:
    (folder / "copy.bundle").write_bytes((folder / "old.bundle").read_bytes())
    for new in ("copy.bundle", "old.bundle"):
        args = diff(folder, trusted(folder), "--exit-code", new=new)
        assert done(*args).out.splitlines()[-1] == "no differences"


def test_exit_code(folder: Path) -> None:
    assert call(*diff(folder, "--exit-code")).status == 4
    assert call(*diff(folder, trusted(folder), "--exit-code", "--json")).status == 4
    # The differences are shown, also then.
    assert call(*diff(folder, "--exit-code")).out == done(*diff(folder)).out


def test_refused_bundles(folder: Path) -> None:
    new = e.bundle(NEW, version=8, signers=[STRANGER])
    (folder / "new.bundle").write_bytes(new)
    line = failed(1, *diff(folder, trusted(folder)))
    assert f"THRESHOLD_NOT_MET: {folder}/new.bundle: targets metadata: " in line
    done(*diff(folder))
    (folder / "new.bundle").write_bytes(new[:-1])
    for more in ((), (trusted(folder),)):
        line = failed(1, *diff(folder, *more))
        assert f"MALFORMED: {folder}/new.bundle: " in line


def test_new_release_is_older(folder: Path) -> None:
    args = diff(folder, trusted(folder), old="new.bundle", new="old.bundle")
    assert "ROOT_ROLLBACK" in failed(1, *args)
    (folder / "new.bundle").write_bytes(e.bundle(NEW, version=8))
    assert "TARGETS_ROLLBACK" in failed(1, *args)


def test_claims_that_cannot_be_read(folder: Path) -> None:
    bad = {**NEW, "user_manifest": manifest(5, [])}
    (folder / "new.bundle").write_bytes(e.bundle(bad, version=8))
    line = failed(1, *diff(folder, trusted(folder)))
    assert f"MALFORMED_CLAIMS: {folder}/new.bundle: release manifest: " in line


def test_installed_manifest(folder: Path) -> None:
    done(
        *("bundle", "verify", f"{folder}/old.bundle", trusted(folder)),
        f"--write-installed={folder}/installed.pb",
    )
    lines = done(*diff(folder, trusted(folder), old="installed.pb")).out.splitlines()
    assert lines[1].startswith("old: installed.pb: installed manifest, blinky 1.4, ")
    assert "not checked: signatures of the old release: the manifest of a device has none" in lines
    assert f"  added targets key {NEW_KEY}" in lines
    # It has no payloads, but the release manifest.
    assert "    not compared: the old one is not at hand" in lines
    assert '      +version = "1.5"' in lines
    lines = done(*diff(folder, old="installed.pb")).out.splitlines()
    assert "keys: not compared: a root is not at hand" in lines


def test_trusted_root_that_cannot_be_read(folder: Path) -> None:
    assert "not a root to trust" in failed(3, *diff(folder, f"--trusted-root={folder}/old.bundle"))


def test_personalized_bundle(folder: Path) -> None:
    (folder / "new.bundle").write_bytes(e.bundle({**NEW, "same": b""}, version=8))
    done(
        *("bundle", "personalize", f"{folder}/new.bundle", f"--installed={folder}/old.bundle"),
        *("-o", f"{folder}/personal.bundle"),
    )
    done(*diff(folder, trusted(folder), new="personal.bundle"))
    (folder / "newest.bundle").write_bytes(e.bundle({**NEW, "same": b"1"}, version=9))
    args = diff(folder, trusted(folder), old="personal.bundle", new="newest.bundle")
    assert "    not compared: the old one is not at hand" in done(*args).out.splitlines()


def test_hostile_text_reaches_no_terminal(folder: Path) -> None:
    """The signer is hostile: the release is verified."""
    evil = "\x1b[2J\u202e\x07\r\x9b"
    claims = {"app": {"component": evil, "area": "application"}}
    texts = manifest(5, claims, notes=evil, hardware_ids=[evil], unavailable_functions=[evil])
    contents = {**NEW, "app": f"{evil}\n".encode(), "user_manifest": texts}
    (folder / "new.bundle").write_bytes(e.bundle(contents, version=8))
    for more in ((), (trusted(folder),), (trusted(folder), "--json")):
        out = done(*diff(folder, *more)).out
        assert "\\x1b[2J" in out or "\\u001b[2J" in out
        assert all(each == "\n" or each.isprintable() for each in out)


def test_file_names_are_escaped(folder: Path) -> None:
    name = "\x1b[2J.bundle"
    (folder / name).write_bytes((folder / "old.bundle").read_bytes())
    assert "\x1b" not in done(*diff(folder, trusted(folder), old=name)).out
    (folder / name).write_bytes(b"\x82")
    assert "\x1b" not in failed(3, *diff(folder, old=name))


def test_diffoscope_is_used_if_it_is_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = folder / "programs"
    programs.mkdir()
    (programs / "diffoscope").write_text("#!/bin/sh\nprintf '%s\\n' - + '\033found'; exit 1\n")
    (programs / "diffoscope").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    args = diff(folder)
    args.remove("--no-diffoscope")
    assert "    diffoscope:\n      \\x1bfound\n" in done(*args).out
    assert "found" not in done(*diff(folder)).out


def test_memory_for_many_targets(folder: Path) -> None:
    for name, version, content in (("old", 7, b"a"), ("new", 8, b"b")):
        contents = {f"{index:05}": content * 100 for index in range(10_000)}
        (folder / f"{name}.bundle").write_bytes(e.bundle(contents, version=version))
    assert peak_bytes(diff(folder, trusted(folder), f"-o{folder}/out")) < 64 * MIB
