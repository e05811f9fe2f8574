"""Checks of a folder of attachments."""

import os
from pathlib import Path

import pytest

from software_update.attachments.folder import check_folder
from software_update.attachments.release import Release, unverified_release
from software_update.base import files
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.keys.public_key import PublicKey
from software_update.testing import attached
from software_update.testing.attached import AUDITOR, LISTED, SBOM, audit
from software_update.testing.signers import STRANGER, signer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return attached.make(tmp_path) / "release.bundle.attachments"


def release(folder: Path) -> Release:
    path = str(folder.parent / "release.bundle")
    with files.open_input(path) as fd:
        return unverified_release(fd, path)


def refusal(folder: Path, *keys: PublicKey) -> tuple[Refusal, str]:
    with pytest.raises(NotDisclosed) as caught:
        check_folder(str(folder), release(folder), keys)
    return caught.value.refusal, caught.value.subject


def test_listed_files_and_statements_are_found(folder: Path) -> None:
    (folder / "audits").mkdir()
    (folder / "audits/alice.dsse.json").write_bytes(audit(AUDITOR))
    key = signer(AUDITOR).public
    checked, envelopes = check_folder(str(folder), release(folder), [key])
    assert [(each.name, each.signers) for each in checked] == [
        ("audits/alice.dsse.json", (key,)),
        ("sbom.cdx.json", ()),
    ]
    assert envelopes == [("audits/alice.dsse.json", audit(AUDITOR))]


def test_a_missing_listed_file(folder: Path) -> None:
    (folder / LISTED.name).unlink()
    assert refusal(folder) == (Refusal.MISSING_ATTACHMENT, "sbom.cdx.json")


@pytest.mark.parametrize("content", [SBOM + b"\n", SBOM.upper()])
def test_another_content_of_a_listed_file(folder: Path, content: bytes) -> None:
    (folder / LISTED.name).write_bytes(content)
    assert refusal(folder) == (Refusal.ATTACHMENT_MISMATCH, "sbom.cdx.json")


def test_a_statement_about_another_release(folder: Path) -> None:
    (folder / "a.json").write_bytes(audit(AUDITOR, release_digest=bytes(32)))
    assert refusal(folder) == (Refusal.ATTACHMENT_OF_ANOTHER_RELEASE, "a.json")


def test_a_statement_that_no_given_key_has_signed(folder: Path) -> None:
    (folder / "a.json").write_bytes(audit(STRANGER))
    assert refusal(folder, signer(AUDITOR).public) == (Refusal.ATTACHMENT_NOT_SIGNED, "a.json")
    assert check_folder(str(folder), release(folder), ())[0][0].name == "a.json"


@pytest.mark.parametrize("content", [b"notes", b" " * (4 * 1024 * 1024 + 1)], ids=["text", "large"])
def test_a_file_that_is_neither_listed_nor_a_statement(folder: Path, content: bytes) -> None:
    (folder / "notes.txt").write_bytes(content)
    assert refusal(folder) == (Refusal.MALFORMED_ATTACHMENT, "notes.txt")


def test_a_pipe_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert refusal(folder) == (Refusal.MALFORMED_ATTACHMENT, "pipe")


def test_a_missing_folder_is_an_error_of_the_user(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_folder(f"{folder}/absent", release(folder), ())
