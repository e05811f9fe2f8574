"""Tests of the files that accompany a release."""

import hashlib
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.disclosure import page_contents, page_files
from software_update.disclosure.page import PageComponent, PageSbom
from software_update.disclosure.page_files import accompanying_files, files_next_to
from software_update.format.claims import Attachment

SHA256 = hashlib.sha256(b"x").hexdigest()


@pytest.fixture(name="bundle")
def bundle_fixture(tmp_path: Path) -> Path:
    (tmp_path / "a.bundle.attachments/audits").mkdir(parents=True)
    return tmp_path / "a.bundle"


def write(bundle: Path, name: str) -> None:
    Path(f"{bundle}.attachments", name).write_bytes(b"x")


def test_listed_files_and_those_next_to_the_bundle(bundle: Path) -> None:
    for name in ("sbom.json", "other.json", "audits/one.json"):
        write(bundle, name)
    Path(f"{bundle}.tlog-proof").write_bytes(b"x")
    listed = [
        Attachment("sbom.json", 1, SHA256),
        Attachment("other.json", 1, "0" * 64),
        Attachment("missing.json", 7, SHA256),
    ]
    found = accompanying_files(files_next_to(str(bundle)), listed)
    assert found == (
        ("sbom.json", 1, SHA256, True, True, True, None),
        ("other.json", 1, "0" * 64, True, True, False, None),
        ("missing.json", 7, SHA256, True, False, True, None),
        ("a.bundle.tlog-proof", 1, SHA256, False, True, True, None),
        ("audits/one.json", 1, SHA256, False, True, True, None),
    )


def test_contents_of_sboms(bundle: Path) -> None:
    sbom = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "gcc"}]}'
    contents = PageSbom("CycloneDX 1.6", 1, (PageComponent("gcc", "", ""),))
    for name in ("same.json", "other.json", "late.json", "sbom.txt"):
        Path(f"{bundle}.attachments", name).write_bytes(sbom)
    listed = [
        Attachment("same.json", len(sbom), hashlib.sha256(sbom).hexdigest()),
        Attachment("other.json", len(sbom), "0" * 64),
    ]
    found = accompanying_files(files_next_to(str(bundle)), listed)
    assert {each.name: each.contents for each in found} == {
        "same.json": contents,
        "late.json": contents,
        # It is not what the signatures cover.
        "other.json": None,
        "sbom.txt": None,
    }


def test_large_files_are_not_read(bundle: Path) -> None:
    sbom = b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}'.ljust(page_contents.MAX_BYTES + 1)
    Path(f"{bundle}.attachments", "sbom.json").write_bytes(sbom)
    (found,) = accompanying_files(files_next_to(str(bundle)), ())
    assert (found.length, found.contents) == (len(sbom), None)


def test_no_link_is_followed(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    Path(f"{bundle}.attachments/link").symlink_to(tmp_path / "secret")
    Path(f"{bundle}.tlog-proof").symlink_to(tmp_path / "secret")
    assert files_next_to(str(bundle)) == {}
    other = tmp_path / "b.bundle"
    Path(f"{other}.attachments").symlink_to(f"{bundle}.attachments")
    write(bundle, "file")
    assert files_next_to(str(other)) == {}


def test_bundle_without_other_files(tmp_path: Path) -> None:
    assert files_next_to(str(tmp_path / "a.bundle")) == {}


def test_too_many_files(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_files, "_MAX_FILES", 1)
    write(bundle, "a")
    assert len(files_next_to(str(bundle))) == 1
    write(bundle, "b")
    with pytest.raises(InputError, match="contains more than 1 files"):
        files_next_to(str(bundle))
