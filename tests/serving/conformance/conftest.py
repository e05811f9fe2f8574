"""The fixture of all cases: a client that trusts the first root of a repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conformance.run import Run, started


@pytest.fixture(name="run")
def run_fixture(tmp_path: Path) -> Iterator[Run]:
    with started(tmp_path) as run:
        assert run.init() == 0
        yield run
