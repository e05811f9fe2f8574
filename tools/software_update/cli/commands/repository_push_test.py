"""Tests of repository_push.py, without a registry; tests/serving has one."""

import hashlib
from pathlib import Path

import pytest

from software_update.repository.storage import UploadFile
from software_update.repository.storages.oci import OciStorage
from software_update.testing.command import done, failed
from software_update.testing.repositories import RepositoryFolder, releases


@pytest.fixture(name="files")
def files_fixture(tmp_path: Path) -> tuple[str, str]:
    """A bundle, and the root that accepts it."""
    repository = RepositoryFolder(tmp_path / "repository")
    [release] = releases(1)
    (tmp_path / "meter.bundle").write_bytes(release.bundle)
    return str(tmp_path / "meter.bundle"), str(repository.product_root)


class _Registry:
    """The requests to a registry, in place of `OciStorage`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.published: list[tuple[str, str]] = []
        self.attached: list[tuple[str, str]] = []
        monkeypatch.setattr(OciStorage, "publish", lambda _, *given: self._publish(*given))
        monkeypatch.setattr(OciStorage, "attach", lambda _, *given: self._attach(*given))

    def _publish(self, tag: str, file: UploadFile, annotations: dict[str, str]) -> str:
        self.published.append((tag, annotations["org.opencontainers.image.version"]))
        return "sha256:one"

    def _attach(self, release: str, file: UploadFile, kind: str, name: str) -> str:
        assert release == "sha256:one"
        self.attached.append((kind, name))
        return "sha256:two"


def test_release_is_pushed_with_its_attachments(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registry = _Registry(monkeypatch)
    sbom = tmp_path / "meter.cdx.json"
    sbom.write_text("{}")
    bundle, root = files
    Path(f"{bundle}.tlog-proof").write_text("proof")
    printed = done(
        *("repository", "push", "oci://registry.example/meter", bundle),
        *("--trusted-root", root, "--attach", str(sbom)),
    ).out.splitlines()
    assert printed[0] == "meter 1.1: is oci://registry.example/meter:1.1"
    assert printed[1].startswith("its bundle: https://registry.example/v2/meter/blobs/sha256:")
    blob = "https://registry.example/v2/meter/blobs/sha256:"
    assert printed[2:] == [
        f"attached: meter.cdx.json: {blob}{hashlib.sha256(b'{}').hexdigest()}",
        f"attached: tlog-proof: {blob}{hashlib.sha256(b'proof').hexdigest()}",
    ]
    assert registry.published == [("1.1", "1.1")]
    assert registry.attached == [
        ("application/vnd.cyclonedx+json", "meter.cdx.json"),
        ("application/vnd.software-update.tlog-proof.v1", "tlog-proof"),
    ]


def test_bundle_that_a_device_rejects_is_not_pushed(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = _Registry(monkeypatch)
    bundle, root = files
    content = Path(bundle).read_bytes()
    Path(bundle).write_bytes(content[:-2] + b"x\n")
    args = ("repository", "push", "oci://registry.example/meter", bundle, "--trusted-root", root)
    assert "meter.bundle" in failed(1, *args)
    assert registry.published == []


def test_bad_address(files: tuple[str, str]) -> None:
    bundle, root = files
    args = ("repository", "push", "https://registry.example/meter", bundle, "--trusted-root", root)
    assert "write oci://HOST/REPOSITORY" in failed(2, *args)
