"""Putting attachments next to their bundle."""

from pathlib import Path

import pytest

from software_update.format.refusals import NotDisclosed, Refusal
from software_update.steps.attachment import lay_attachment
from software_update.testing import attached
from software_update.testing.attached import AUDITOR, LISTED, SBOM, audit
from software_update.testing.signers import STRANGER, signer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return attached.make(tmp_path)


def lay(folder: Path, content: bytes, name: str, *keys: int) -> bytes:
    (folder / "file").write_bytes(content)
    public = [signer(each).public for each in keys]
    lay_attachment(f"{folder}/file", name, f"{folder}/release.bundle", public, f"{folder}/laid")
    return (folder / "laid").read_bytes()


def test_listed_files_and_statements_are_copied(folder: Path) -> None:
    assert lay(folder, SBOM, LISTED.name) == SBOM
    assert lay(folder, audit(AUDITOR), "a.json", AUDITOR) == audit(AUDITOR)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"another", LISTED.name, Refusal.ATTACHMENT_MISMATCH),
        (SBOM, "other.json", Refusal.MALFORMED_ATTACHMENT),
        (audit(AUDITOR, release_digest=bytes(32)), "a", Refusal.ATTACHMENT_OF_ANOTHER_RELEASE),
        (audit(STRANGER), "a.json", Refusal.ATTACHMENT_NOT_SIGNED),
    ],
)
def test_other_files_are_not_copied(
    folder: Path, content: bytes, name: str, expected: Refusal
) -> None:
    with pytest.raises(NotDisclosed) as caught:
        lay(folder, content, name, AUDITOR)
    assert caught.value.refusal == expected
    assert not (folder / "laid").exists()
