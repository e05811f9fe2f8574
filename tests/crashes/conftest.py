"""Small chunks, so that a slot takes several writes."""

import pytest
from software_update.client import payload_copy, staging

from tests.crashes.device import CHUNK_BYTES


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads and writes a few sectors at a time."""
    monkeypatch.setattr(staging, "_PART_BYTES", CHUNK_BYTES)
    for name in ("CHUNK_BYTES", "FETCHED_CHUNK_BYTES", "SYNCED_BYTES"):
        monkeypatch.setattr(payload_copy, name, CHUNK_BYTES)
