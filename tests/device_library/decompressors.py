"""zstd for the device library: functions that it calls, on the `zstandard` of this machine."""

import ctypes
from typing import Any

import zstandard

OUT = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
BEGIN = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_uint64)
FEED = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p
)
_running: list[Any] = []
# Bytes of content that the library gets at once.
PIECE = 1000


def _begin(window: int) -> bool:
    """Begins a payload; one at a time."""
    _running[:] = [zstandard.ZstdDecompressor(max_window_size=8 * 1024**2).decompressobj()]
    return window >= 0


def _feed(data: int, size: int, out: int, context: int) -> bool:
    """Decompresses a piece. False: damaged, or `out` refused."""
    try:
        content = _running[0].decompress(ctypes.string_at(data, size))
    except zstandard.ZstdError:
        return False
    pass_on = OUT(out)
    pieces = (content[at : at + PIECE] for at in range(0, len(content), PIECE))
    return all(pass_on(context, piece, len(piece)) for piece in pieces)


# Called by the library, so they live as long as this module.
begin = BEGIN(_begin)
feed = FEED(_feed)
