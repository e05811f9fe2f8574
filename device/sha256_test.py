"""SHA-256 of the device library, compared with that of Python."""

import ctypes
import hashlib
import os
import random

import pytest

# The number of bytes at which the padding starts a new block is 56, and that of a block 64.
_EDGES = [*range(0, 130), 183, 184, 191, 192, 193, 1000, 4096]

_library = ctypes.CDLL(os.path.abspath(os.environ["LIBRARY"]))
_call = _library.sha256_in_pieces
_call.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.c_size_t,
    ctypes.c_char_p,
]
_call.restype = None


def sha256(content: bytes, first: int = 0, piece: int = 1 << 30, shift: int = 0) -> str:
    """The digest in hexadecimal; the content begins `shift` bytes after an aligned address."""
    memory = ctypes.create_string_buffer(bytes(shift) + content)
    digest = ctypes.create_string_buffer(32)
    _call(ctypes.addressof(memory) + shift, len(content), min(first, len(content)), piece, digest)
    return digest.raw.hex()


@pytest.mark.parametrize(
    ("content", "digest"),
    [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
    ],
    ids=["empty", "one_block", "two_blocks"],
)
def test_examples_of_fips_180(content: bytes, digest: str) -> None:
    assert sha256(content) == digest


def test_every_size_around_a_block() -> None:
    content = random.Random(1).randbytes(max(_EDGES))
    for size in _EDGES:
        assert sha256(content[:size]) == hashlib.sha256(content[:size]).hexdigest(), size


def test_pieces_of_every_size_and_alignment() -> None:
    content = random.Random(2).randbytes(400)
    expected = hashlib.sha256(content).hexdigest()
    for piece in range(1, 131):
        for first in (0, 1, 63, 64, 65):
            assert sha256(content, first, piece, shift=piece % 4) == expected, (piece, first)


def test_a_size_in_bits_of_four_bytes() -> None:
    content = bytes(1 << 20) * 3
    assert sha256(content) == hashlib.sha256(content).hexdigest()
