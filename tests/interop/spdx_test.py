"""An SPDX document stays one as an attachment: SPDX's own tools write it, and read it next to the bundle."""

from datetime import datetime
from pathlib import Path

import pytest
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.workspace import create_args
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    CreationInfo,
    Document,
    Package,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import (
    validate_full_spdx_document,
)
from spdx_tools.spdx.writer.json.json_writer import (
    write_document_to_file,
)


def write_sbom(path: Path) -> None:
    """Writes an SPDX 2.3 document with one package."""
    creation = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id="SPDXRef-DOCUMENT",
        name="lamp",
        document_namespace="https://example.test/lamp/2.0",
        creators=[Actor(ActorType.ORGANIZATION, "Example Lamps")],
        created=datetime(2031, 1, 1),
    )
    gcc = Package("SPDXRef-gcc", "gcc", SpdxNoAssertion(), version="14.2")
    describes = Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, "SPDXRef-gcc")
    document = Document(creation, packages=[gcc], relationships=[describes])
    write_document_to_file(document, str(path), validate=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with out.bundle, whose release manifest lists sbom.spdx.json, and with that attachment."""
    folder = workspace.make(tmp_path)
    sbom, manifest = folder / "sbom.spdx.json", folder / "release.json"
    write_sbom(sbom)
    release = ("--product=lamp", "--release-version=2.0", "--release-counter=7")
    done("step", "release-manifest", *release, f"--attachment={sbom}", "-o", manifest)
    done(*create_args(folder), f"--user-manifest={manifest}")
    laid = folder / "out.bundle.attachments"
    laid.mkdir()
    step = ("step", "attachment", sbom, f"--bundle={folder}/out.bundle")
    done(*step, "-o", laid / "sbom.spdx.json")
    return folder


def test_an_spdx_document_is_an_attachment(folder: Path) -> None:
    laid = folder / "out.bundle.attachments"
    verify = ("bundle", "verify", folder / "out.bundle", f"--trusted-root={folder}/root.pb")
    assert "attachments: sbom.spdx.json" in done(*verify, f"--attachments={laid}").out
    document = parse_file(str(laid / "sbom.spdx.json"))
    assert validate_full_spdx_document(document) == []
    assert [(each.name, each.version) for each in document.packages] == [("gcc", "14.2")]


def test_a_changed_spdx_document_is_refused(folder: Path) -> None:
    laid = folder / "out.bundle.attachments"
    path = laid / "sbom.spdx.json"
    path.write_text(path.read_text().replace("14.2", "13.1"))
    verify = ("bundle", "verify", folder / "out.bundle", f"--trusted-root={folder}/root.pb")
    assert "ATTACHMENT_MISMATCH: sbom.spdx.json" in failed(1, *verify, f"--attachments={laid}")
