"""The framing of SMP on a serial line: base64 in lines, with a length and a CRC. Pure.

Source: the page "SMP protocol specification" of Zephyr's documentation, "SMP over console".
"""

import binascii
import struct
from collections.abc import Iterator

_FIRST, _NEXT = b"\x06\x09", b"\x04\x14"
# A line has at most 127 bytes, with its mark and its end: 93 bytes in base64.
_LINE_BYTES = 93
_WORD = struct.Struct(">H")
# More than a line has; a line of a log that is longer is ignored in pieces.
_MAX_LINE_BYTES = 4096


def lines_of(packet: bytes) -> bytes:
    """Returns a packet as lines to send."""
    crc = _WORD.pack(binascii.crc_hqx(packet, 0))
    frame = _WORD.pack(len(packet) + len(crc)) + packet + crc
    parts = [frame[at : at + _LINE_BYTES] for at in range(0, len(frame), _LINE_BYTES)]
    marks = [_FIRST, *[_NEXT] * len(parts)]
    return b"".join(
        mark + binascii.b2a_base64(part) for mark, part in zip(marks, parts, strict=False)
    )


class FrameReader:
    """Puts packets together from the bytes of a line. It ignores other lines, and damaged packets."""

    def __init__(self) -> None:
        self._line = b""
        self._frame: bytes | None = None

    def packets(self, received: bytes) -> Iterator[bytes]:
        """Yields the packets that these bytes complete."""
        *lines, rest = (self._line + received).split(b"\n")
        self._line = rest[-_MAX_LINE_BYTES:]
        for line in lines:
            packet = self._take(line)
            if packet is not None:
                yield packet

    def _take(self, line: bytes) -> bytes | None:
        first, following = line.rfind(_FIRST), line.rfind(_NEXT)
        if max(first, following) < 0:
            return None
        before = b"" if first >= 0 else self._frame
        self._frame = None
        if before is None:
            return None
        text = line[max(first, following) + len(_FIRST) :].rstrip(b"\r")
        try:
            frame = before + binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            return None
        length = _WORD.unpack_from(frame)[0] if len(frame) >= _WORD.size else -1
        found = frame[_WORD.size :]
        if len(found) < length:
            self._frame = frame
            return None
        if not _WORD.size <= length == len(found) or binascii.crc_hqx(found, 0) != 0:
            return None
        return found[: -_WORD.size]
