"""Tests of --unchanged-from and --removes in step targets, step assemble and bundle create."""

import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import STRANGER
from software_update.testing.workspace import APP, BOOT, check_fails

NEW_APP = b"new application\n"
UNCHANGED = {"boot": BOOT}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with version 7 as good.bundle and installed.pb, and a new app."""
    folder = workspace.make(tmp_path)
    (folder / "new.bin").write_bytes(NEW_APP)
    (folder / "metadata.pb").write_bytes(workspace.TARGETS)
    done(
        *("bundle", "verify", folder / "good.bundle", "--at=none"),
        *(f"--trusted-root={folder}/root.pb", f"--write-installed={folder}/installed.pb"),
    )
    return folder


def create(folder: Path, *more: str, version: int = 8) -> list[str]:
    """Arguments of bundle create for a release with a new app."""
    return [
        *("bundle", "create", f"--version={version}", f"--root={folder}/root.pb"),
        *(f"--dev-signing-key={folder}/targets.pem", f"--target=app={folder}/new.bin"),
        *(*more, "-o", f"{folder}/new.bundle"),
    ]


def verify(folder: Path, *more: str, bundle: str = "new.bundle") -> list[str]:
    root = f"--trusted-root={folder}/root.pb"
    return ["bundle", "verify", f"{folder}/{bundle}", root, "--at=none", *more]


def partial(contents: dict[str, bytes], version: int = 8) -> bytes:
    """The bundle of `contents` without the payload of boot."""
    return e.bundle(contents, version=version).replace(e.payload("boot", BOOT), b"")


def test_claims_may_be_about_unchanged_targets_but_not_about_removed_ones(folder: Path) -> None:
    manifest = folder / "release.json"
    claims = {"boot": {"component": "boot loader", "area": "boot_loader"}}
    (folder / "claims.json").write_text(json.dumps(claims))
    make = ["step", "release-manifest", "--product=p", "--release-version=8", "--release-counter=8"]
    done(*make, f"--claims={folder}/claims.json", "-o", manifest)
    more = [f"--unchanged-from={folder}/installed.pb", f"--user-manifest={manifest}"]
    done(*create(folder, *more))
    said = failed(3, *create(folder, *more, "--removes=boot"))
    assert said.startswith(
        f"{manifest}: targets.boot: the release does not list this target; remove"
    )


@pytest.mark.parametrize("earlier", ["good.bundle", "installed.pb"])
def test_bundle_lists_the_unchanged_targets_without_their_payloads(
    folder: Path, earlier: str
) -> None:
    done(*create(folder, f"--unchanged-from={folder}/{earlier}"))
    assert (folder / "new.bundle").read_bytes() == partial({"app": NEW_APP, "boot": BOOT})
    out = done(*verify(folder, f"--installed={folder}/{earlier}")).out
    assert "left out, the device has it: boot" in out
    assert "no longer lists" not in out
    assert "MISSING_PAYLOAD" in failed(1, *verify(folder))


def test_partial_bundle_can_follow_a_partial_bundle(folder: Path) -> None:
    done(*create(folder, f"--unchanged-from={folder}/good.bundle"))
    again = create(folder, f"--unchanged-from={folder}/new.bundle", version=9)
    done(*again[:-1], folder / "next.bundle")
    assert (folder / "next.bundle").read_bytes() == partial({"app": NEW_APP, "boot": BOOT}, 9)


def test_removed_target_is_reported(folder: Path) -> None:
    done(*create(folder, f"--unchanged-from={folder}/installed.pb", "--removes", "boot"))
    assert (folder / "new.bundle").read_bytes() == e.bundle({"app": NEW_APP}, version=8)
    installed = f"--installed={folder}/installed.pb"
    assert "no longer lists: boot" in done(*verify(folder, installed)).out
    assert "no longer lists: boot" in done(*verify(folder, installed, "--expect=ACCEPT")).out
    report = json.loads(done(*verify(folder, installed, "--json")).out)
    assert report["no_longer_listed"] == ["boot"]


def test_steps_make_the_bytes_of_bundle_create(folder: Path) -> None:
    earlier = f"--unchanged-from={folder}/good.bundle"
    done(*create(folder, earlier))
    done("step", "digest", f"--target=app={folder}/new.bin", "-o", folder / "record")
    targets = ["step", "targets", "--version=8", f"--digests={folder}/record"]
    same = f"--unchanged-from-metadata={folder}/metadata.pb"
    done(*targets, earlier, f"--root={folder}/root.pb", "-o", folder / "unsigned")
    done(*targets, same, "-o", folder / "unsigned2")
    assert (folder / "unsigned").read_bytes() == (folder / "unsigned2").read_bytes()
    done(
        *("step", "sign", f"--metadata={folder}/unsigned", f"--root={folder}/root.pb"),
        *(f"--dev-signing-key={folder}/targets.pem", "-o", folder / "signed"),
    )
    assemble = [
        *("step", "assemble", f"--root={folder}/root.pb", f"--targets-metadata={folder}/signed"),
        *(f"--target=app={folder}/new.bin", "-o"),
    ]
    done(*assemble, folder / "a", earlier)
    done(*assemble, folder / "b", same)
    whole = (folder / "new.bundle").read_bytes()
    assert [(folder / name).read_bytes() for name in "ab"] == [whole, whole]
    text = "signed: target 'boot' has no payload; add its payload"
    check_fails(folder, 3, text, *assemble, f"{folder}/c")


def test_new_version_can_leave_everything_unchanged(folder: Path) -> None:
    """A release that only has a later expiry date."""
    step = ["step", "targets", "--version=8", f"--root={folder}/root.pb"]
    done(*step, f"--unchanged-from={folder}/installed.pb", "-o", folder / "out")
    assert (folder / "out").read_bytes() == e.targets({"app": APP, "boot": BOOT}, 8)


def test_errors(folder: Path) -> None:
    earlier = f"--unchanged-from={folder}/installed.pb"
    check_fails(folder, 2, "version 7: ", *create(folder, earlier, version=7))
    check_fails(folder, 2, "removes 'logo'", *create(folder, earlier, "--removes=logo"))
    check_fails(folder, 2, "--removes: only valid with", *create(folder, "--removes=boot"))
    step = ["step", "targets", "--version=8", "-o", f"{folder}/o"]
    check_fails(folder, 2, "no --digests; write", *step)
    check_fails(folder, 2, "--root and --unchanged-from: write both", *step, earlier)
    (folder / "good.bundle").write_bytes(
        e.bundle(workspace.CONTENTS, version=7, signers=[STRANGER])
    )
    bundle = f"--unchanged-from={folder}/good.bundle"
    check_fails(folder, 3, "does not accept this bundle", *create(folder, bundle))


@pytest.mark.parametrize("command", ["create", "targets"])
def test_earlier_release_is_never_replaced(folder: Path, command: str) -> None:
    earlier = folder / "installed.pb"
    args = create(folder)[:-2]
    if command == "targets":
        args = ["step", "targets", "--version=8", f"--root={folder}/root.pb"]
    text = "the output would replace the input"
    check_fails(folder, 2, text, *args, f"--unchanged-from={earlier}", "-o", str(earlier))


def test_installed_root_that_is_ignored(folder: Path) -> None:
    """A build with dev keys verifies that devices with the same targets accept the bundle."""
    other = e.manifest(workspace.TARGETS, None, (1, b"another root"))
    (folder / "other.pb").write_bytes(other)
    installed = f"--installed={folder}/other.pb"
    done(*create(folder, f"--unchanged-from={folder}/other.pb"))
    assert "differs from the root version 1" in failed(3, *verify(folder, installed))
    out = done(*verify(folder, installed, "--ignore-installed-root")).out
    assert "root of the installed release: not stated; assumed: trusted root 1" in out
    text = failed(2, *verify(folder, "--ignore-installed-root"))
    assert "--ignore-installed-root: only valid with --installed" in text
