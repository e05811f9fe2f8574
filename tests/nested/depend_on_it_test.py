"""docs/guides/depend_on_it.md, done by a reader who has a release, a clone, and no network."""

import os
import tarfile
from pathlib import Path

import own_registry
import pytest
from own_archive import archive_name, prefix
from own_sbom import module_version

from tests.nested.reader import follow, git

_PAGE = Path("docs/guides/depend_on_it.md")


def test_depend_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product = follow([_PAGE], tmp_path, monkeypatch, prepare=make_release)
    assert (product / "bazel-bin/bundle.bundle").is_file()


def make_release(folder: Path) -> None:
    """Makes a repository of the copy of the sources, and its archive and registry in `release`."""
    sources = folder / "rules_software_update"
    # The files of .bcr are not part of the product.
    for source in os.environ["TEMPLATES"].split():
        (sources / source).parent.mkdir(exist_ok=True)
        (sources / source).write_bytes(Path(source).read_bytes())
    version = module_version(sources)
    release = folder / "release"
    release.mkdir()
    with tarfile.open(release / archive_name(version), "w:gz") as file:
        file.add(sources, prefix(version))
    own_registry.write_registry(sources, version, "OWNER/rules_software_update", release)
    git(sources, "init", "--quiet")
    git(sources, "add", "--all")
    git(sources, "commit", "--quiet", "-m", "Sources")
