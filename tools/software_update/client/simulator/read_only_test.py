"""Tests of files in memory that can only be read."""

import pytest

from software_update.client.simulator.read_only import ReadOnlyFile


def test_content_is_read_in_parts_and_never_changes() -> None:
    file = ReadOnlyFile(b"content")
    assert (file.size(), file.read(3, 2), file.read(5, 9)) == (7, b"te", b"nt")
    with pytest.raises(PermissionError, match="read-only"):
        file.write(0, b"x")
    with pytest.raises(PermissionError, match="read-only"):
        file.truncate(0)
    file.sync()
    file.drop_cache()
    file.close()
    assert file.read(0, 9) == b"content"
