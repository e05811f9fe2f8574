"""MCUboot's hash of an image, from the image's file.

An image is a header, the code, and an area of entries with type and length (TLV). MCUboot's hash is the
SHA-256 of all before the unprotected entries, and is one of them.
Source: the page "Image format" of MCUboot's documentation.
"""

import hashlib
import struct

_HEADER = struct.Struct("<IIHHII")
_INFO = struct.Struct("<HH")
_MAGIC = 0x96F3B83D
_UNPROTECTED = 0x6907
_SHA256 = 0x10
_ENCRYPTED = 0x0C


def image_hash(content: bytes) -> bytes:
    """Returns the 32 bytes of MCUboot's hash. Raises ValueError for a file that is not a whole image."""
    try:
        magic, _, header_size, protected_size, code_size, flags = _HEADER.unpack_from(content)
        if magic != _MAGIC:
            raise ValueError("is not an image of MCUboot; sign it with imgtool")
        if flags & _ENCRYPTED:
            raise ValueError("is encrypted; sign it without encryption")
        end = header_size + code_size + protected_size
        stated = _entry(content, end, _SHA256)
    except struct.error:
        raise ValueError("is not a whole image of MCUboot; copy it again") from None
    found = hashlib.sha256(content[:end]).digest()
    if found != stated:
        raise ValueError("has another SHA-256 than its header says; sign it again with imgtool")
    return found


def _entry(content: bytes, offset: int, wanted: int) -> bytes:
    """Returns the value of an unprotected entry."""
    magic, total = _INFO.unpack_from(content, offset)
    end = offset + total
    if magic != _UNPROTECTED or end > len(content):
        raise struct.error
    offset += _INFO.size
    while offset < end:
        kind, length = _INFO.unpack_from(content, offset)
        offset += _INFO.size
        if kind == wanted:
            return content[offset : offset + length]
        offset += length
    raise ValueError("has no SHA-256; sign it with imgtool")
