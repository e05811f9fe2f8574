"""Tests of bundle page."""

import json
from pathlib import Path

import pytest

from software_update.format.claims import Claims
from software_update.format.release_manifest import build_release
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.pages import APP, BOOT, RELEASE

CONTENTS = workspace.CONTENTS
OLD = {**CONTENTS, "app": b"old"}


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    more = APP._replace(reach=("actuators", "network"))
    for name, version, contents, release, claim in (
        ("old", 6, OLD, RELEASE._replace(version="1.0", counter=1), APP),
        ("new", 7, CONTENTS, RELEASE, more),
    ):
        manifest = build_release(release, Claims((claim, BOOT)))
        bundle = e.bundle({**contents, "user_manifest": manifest}, version=version)
        (folder / f"{name}.bundle").write_bytes(bundle)
    return folder


def page(folder: Path, *more: str) -> str:
    """Returns the page of new.bundle."""
    done("bundle", "page", folder / "new.bundle", "-o", folder / "page", *more)
    return (folder / "page").read_text()


def test_page_without_a_trusted_root_is_not_verified(folder: Path) -> None:
    html = page(folder)
    assert html.startswith("<!DOCTYPE html>")
    assert "NOT VERIFIED" in html
    assert "NOT VERIFIED" not in page(folder, f"--trusted-root={folder}/root.pb")


def test_page_as_json(folder: Path) -> None:
    document = json.loads(
        page(
            folder,
            "--format=json",
            f"--previous={folder}/old.bundle",
            f"--trusted-root={folder}/root.pb",
        )
    )
    assert document["verified"] is True
    assert (document["file"], document["release"]["version"]) == ("new.bundle", "1.1")
    assert document["size"] == (folder / "new.bundle").stat().st_size
    assert document["powers_gained"] == [{"component": "lamp control", "word": "network"}]
    changes = {each["name"]: each["change"] for each in document["targets"]}
    assert changes == {"app": "changed", "boot": "same", "user_manifest": "changed"}
    unverified = json.loads(page(folder, "--format=json", f"--previous={folder}/old.bundle"))
    assert unverified["verified"] is False
    assert unverified["powers_gained"] == document["powers_gained"]


def test_page_as_text_in_another_language(folder: Path) -> None:
    text = page(folder, "--format=text", "--language=de-AT")
    assert text.startswith("NICHT GEPRÜFT: ")
    assert "> Die Lampe blinkt gleichmäßig." in text


def test_previous_release_as_a_manifest(folder: Path) -> None:
    done(
        *("bundle", "verify", folder / "old.bundle", f"--trusted-root={folder}/root.pb"),
        f"--write-installed={folder}/installed",
    )
    options = (f"--previous={folder}/installed", f"--trusted-root={folder}/root.pb")
    assert "New since the previous release" in page(folder, *options)


def test_file_next_to_the_bundle(folder: Path) -> None:
    (folder / "new.bundle.attachments").mkdir()
    (folder / "new.bundle.attachments/sbom.cdx.json").write_bytes(b"{}")
    text = page(folder, "--format=text")
    assert "sbom.cdx.json" in text
    assert "--attachments new.bundle.attachments\n" in text
    assert "log verify" not in text
    (folder / "new.bundle.tlog-proof").write_bytes(b"proof")
    assert "log verify new.bundle" in page(folder, "--format=text")


def test_attachments_that_are_named(folder: Path) -> None:
    """A build declares them, and no other file next to the bundle may change its page."""
    (folder / "new.bundle.tlog-proof").write_bytes(b"proof")
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere/sbom.cdx.json").write_bytes(b"{}")
    (folder / "link").symlink_to(folder / "elsewhere/sbom.cdx.json")
    for paths, names in (
        ([], []),
        (["elsewhere/sbom.cdx.json", "link"], ["link", "sbom.cdx.json"]),
    ):
        options = ("--format=json", "--attachment", *(str(folder / each) for each in paths))
        document = json.loads(page(folder, *options))
        assert [each["name"] for each in document["files"]] == names
    same = ("--attachment", folder / "elsewhere/sbom.cdx.json", folder / "sbom.cdx.json")
    text = failed(2, "bundle", "page", folder / "new.bundle", "-o", folder / "page", *same)
    assert "two files have the name 'sbom.cdx.json'; rename one" in text


def test_commands_quote_the_name_of_the_file(folder: Path) -> None:
    (folder / "my $(file).bundle").write_bytes((folder / "new.bundle").read_bytes())
    done(
        *("bundle", "page", folder / "my $(file).bundle", "--format=text"),
        *("-o", folder / "page"),
    )
    assert "bundle inspect 'my $(file).bundle'" in (folder / "page").read_text()


def test_refused_bundle_has_no_page(folder: Path) -> None:
    stranger = e.signed(e.root(targets_keys=[e.STRANGER]), e.ROOT_KEY)
    (folder / "other.pb").write_bytes(stranger)
    before = workspace.snapshot(folder)
    command = ("bundle", "page", folder / "new.bundle", "-o", folder / "page")
    text = failed(1, *command, f"--trusted-root={folder}/other.pb")
    assert f"{folder}/new.bundle: " in text
    assert "UNEXPECTED_FIELD" in failed(
        1, "bundle", "page", folder / "app.bin", "-o", folder / "page"
    )
    assert workspace.snapshot(folder) == before


def test_claims_that_cannot_be_read(folder: Path) -> None:
    manifest = build_release(RELEASE).replace(b'{\n "schema"', b'{\n "targets": 7,\n "schema"')
    (folder / "new.bundle").write_bytes(
        e.bundle({**CONTENTS, "user_manifest": manifest}, version=7)
    )
    text = failed(1, "bundle", "page", folder / "new.bundle", "-o", folder / "page")
    assert text.startswith("MALFORMED_CLAIMS: ")


def test_wrong_usage(folder: Path) -> None:
    command = ("bundle", "page", folder / "new.bundle")
    text = failed(2, *command, "--language=de_AT!", "-o", folder / "page")
    assert "--language: 'de_AT!' is not a language tag" in text
    assert "would replace the input" in failed(2, *command, "-o", folder / "new.bundle")
