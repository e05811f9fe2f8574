"""Attachments that the release manifest lists."""

import pytest

from software_update.attachments.listed import check_listed, missing
from software_update.format.claims import Attachment
from software_update.format.refusals import NotDisclosed, Refusal

LISTED = Attachment("sbom.cdx.json", 3, "ab" * 32)


def test_the_listed_file_is_accepted() -> None:
    check_listed(LISTED, 3, b"\xab" * 32)


@pytest.mark.parametrize(
    ("length", "byte", "expected"),
    [
        (4, b"\xab", "has 4 bytes, and the release manifest lists 3"),
        (3, b"\xac", "has SHA-256 acac"),
    ],
)
def test_another_file_is_refused(length: int, byte: bytes, expected: str) -> None:
    with pytest.raises(NotDisclosed) as caught:
        check_listed(LISTED, length, byte * 32)
    assert caught.value.refusal == Refusal.ATTACHMENT_MISMATCH
    assert str(caught.value).startswith(f"ATTACHMENT_MISMATCH: sbom.cdx.json: {expected}")


def test_a_missing_file_is_named() -> None:
    assert missing(LISTED).refusal == Refusal.MISSING_ATTACHMENT
    assert "sbom.cdx.json: is listed" in str(missing(LISTED))
