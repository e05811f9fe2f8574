"""The Bazel server that all tests of the consumer share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nested.consumer.workspace import CONSUMER
from tests.nested.nested_bazel import Bazel, bazel, copy_sources


@pytest.fixture(name="sources", scope="session")
def sources_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The declared sources, read once: they may be edited while a test runs."""
    folder = tmp_path_factory.mktemp("pristine") / "sources"
    copy_sources(folder)
    return folder


@pytest.fixture(name="nested", scope="session")
def nested_fixture(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazel]:
    """The server that all tests share, with everything built."""
    folder = tmp_path_factory.mktemp("nested")
    shutil.copytree(sources, folder / "sources")
    with bazel(folder / "sources" / CONSUMER, folder / "scratch") as server:
        server.succeeds("build", "//...")
        yield server
