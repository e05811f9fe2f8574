"""Small chunks, so that a slot takes several writes."""

import pytest
from software_update.client import staging

from tests.crashes.device import CHUNK_BYTES


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads and writes a few sectors at a time."""
    for name in ("CHUNK_BYTES", "_PART_BYTES"):
        monkeypatch.setattr(staging, name, CHUNK_BYTES)
