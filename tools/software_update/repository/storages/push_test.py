"""Tests of push.py. Those of the storage are in storages/oci_test.py."""

from pathlib import Path

from software_update.repository.bundle_file import describe
from software_update.repository.storage import UploadFile
from software_update.repository.storages.oci import OciStorage
from software_update.repository.storages.push import push, tag_of, type_of
from software_update.testing.repositories import Release, RepositoryFolder
from software_update.verify.device import Device
from software_update.verify.trust_files import read_trusted_root


class _Registry(OciStorage):
    def publish(self, tag: str, bundle: UploadFile, annotations: object) -> str:
        return f"{tag} {bundle.length} {annotations}"

    def attach(self, release: str, file: UploadFile, kind: str, name: str) -> str:
        return f"{kind} {name}"


def test_release_has_the_tag_of_its_version(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path / "repository")
    bundle = tmp_path / "meter.bundle"
    bundle.write_bytes(Release("2.0+b", 20).bundle)
    device = Device(read_trusted_root(str(repository.product_root)))
    with bundle.open("rb") as file:
        described = describe(str(bundle), file.fileno(), device)
        sbom = UploadFile("", -1, 2, "ab" * 32)
        pushed = push(_Registry("registry.example", "meter"), described, [("a.cdx.json", sbom)])
    assert (pushed.tag, pushed.length) == ("2.0_b", bundle.stat().st_size)
    assert pushed.digest.startswith(f"2.0_b {pushed.length} ")
    assert "2.0+b" in pushed.digest
    assert pushed.url == f"https://registry.example/v2/meter/blobs/sha256:{pushed.sha256}"
    assert pushed.attachments == {"a.cdx.json": "application/vnd.cyclonedx+json a.cdx.json"}


def test_tags_and_types() -> None:
    assert (tag_of("1.0"), tag_of("1.0+build.7")) == ("1.0", "1.0_build.7")
    assert type_of("a.spdx.json") == "application/spdx+json"
    assert type_of("notes.txt") == "application/octet-stream"
