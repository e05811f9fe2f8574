"""Tests of step attachment."""

from pathlib import Path

from software_update.testing import attached
from software_update.testing.attached import AUDITOR, LISTED, SBOM, audit
from software_update.testing.command import done, failed


def test_attachments_of_a_release(tmp_path: Path) -> None:
    folder = attached.make(tmp_path)
    file = folder / "release.bundle.attachments" / LISTED.name
    step = ("step", "attachment", f"--bundle={folder}/release.bundle", f"--output={folder}/out")
    done(*step, file)
    assert (folder / "out").read_bytes() == SBOM
    (folder / "a.json").write_bytes(audit(AUDITOR))
    done(*step, folder / "a.json", f"--public={folder}/auditor.pem.pub")
    assert (folder / "out").read_bytes() == audit(AUDITOR)
    other = (*step, folder / "a.json", f"--public={folder}/auditor2.pem.pub", "--name=b.json")
    assert (
        failed(1, *other) == "ATTACHMENT_NOT_SIGNED: b.json: none of the given keys has signed it"
    )
    private = (*step, folder / "a.json", f"--public={folder}/auditor.pem")
    assert "holds a private key; name the public one" in failed(3, *private)
