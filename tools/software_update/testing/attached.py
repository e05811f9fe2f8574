"""A release with attachments: a listed file, and statements that tests sign."""

import hashlib
from pathlib import Path

from software_update.attachments.audits import PASSED, REBUILD_TEST
from software_update.attachments.sign import sign_statement
from software_update.attachments.statement import TEST_RESULT, Statement, build_statement
from software_update.format.claims import Attachment, Claims
from software_update.format.names import USER_MANIFEST
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.signing.signers import FileSigner
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.signers import signer, write_keys
from software_update.testing.workspace import CONTENTS

SBOM = b'{"bomFormat": "CycloneDX"}\n'
LISTED = Attachment("sbom.cdx.json", len(SBOM), hashlib.sha256(SBOM).hexdigest())
MANIFEST = build_release(ReleaseManifest("lamp", "2.0", 7), Claims(attachments=(LISTED,)))
RELEASE_CONTENTS = {USER_MANIFEST: MANIFEST, **CONTENTS}
RELEASE_DIGEST = hashlib.sha256(e.targets(RELEASE_CONTENTS, 7)).digest()
AUDITOR, AUDITOR_2 = 201, 202


def make(parent: Path) -> Path:
    """A workspace with release.bundle, its folder of attachments, and the keys of two auditors."""
    folder = workspace.make(parent)
    write_keys(folder, auditor=AUDITOR, auditor2=AUDITOR_2)
    (folder / "release.bundle").write_bytes(e.bundle(RELEASE_CONTENTS, version=7))
    attachments = folder / "release.bundle.attachments"
    attachments.mkdir()
    (attachments / LISTED.name).write_bytes(SBOM)
    return folder


def audit(*numbers: int, release_digest: bytes = RELEASE_DIGEST) -> bytes:
    """An envelope in which auditors, by the numbers of their keys, say that a release is GOOD."""
    predicate = {"result": PASSED, "configuration": [], "passedTests": [REBUILD_TEST]}
    statement = build_statement(Statement(release_digest, TEST_RESULT, predicate))
    return sign_statement(statement, [FileSigner(f"file:{each}", signer(each)) for each in numbers])
