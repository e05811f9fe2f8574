"""Tests of MCUboot's hash of an image."""

import hashlib
import struct

import pytest

from software_update.client.mcuboot_image import image_hash
from software_update.testing.mcuboot import image

PLAIN = image(b"code" * 100)


def test_hash_covers_header_code_and_protected_entries() -> None:
    assert image_hash(PLAIN) == hashlib.sha256(PLAIN[:432]).digest()
    protected = image(b"code", protected=struct.pack("<HHHHI", 0x6908, 12, 0x50, 4, 7))
    assert image_hash(protected) == hashlib.sha256(protected[:48]).digest()


def test_bytes_after_the_entries_and_other_entries_do_not_matter() -> None:
    code, digest = PLAIN[:432], PLAIN[-32:]
    key = struct.pack("<HH", 0x01, 3) + b"key"
    entries = key + struct.pack("<HH", 0x10, 32) + digest
    padded = code + struct.pack("<HH", 0x6907, 4 + len(entries)) + entries + b"\xff" * 99
    assert image_hash(padded) == digest


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not a whole image"),
        (b"text" * 20, "is not an image of MCUboot"),
        (PLAIN[:400], "is not a whole image"),
        (PLAIN[:-1], "is not a whole image"),
        (PLAIN[:40] + b"X" + PLAIN[41:], "has another SHA-256"),
        (PLAIN[:432] + struct.pack("<HH", 0x6907, 4), "has no SHA-256"),
        (PLAIN[:432] + struct.pack("<HH", 0x6907, 6) + b"\x10\0", "is not a whole image"),
        (PLAIN[:432] + struct.pack("<HHHH", 0x6908, 8, 0x10, 0), "is not a whole image"),
        (image(b"code", flags=0x04), "is encrypted"),
    ],
)
def test_other_files_are_rejected_with_advice(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        image_hash(content)
