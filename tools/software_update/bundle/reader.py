"""Reads a bundle's envelope strictly, without reading its payloads.

`read_envelope` is for files. `head` uses the same reader for sources of which each byte costs something.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from software_update.base.errors import shown
from software_update.base.files import read_range
from software_update.bundle import envelope
from software_update.bundle.envelope import Envelope, Payload
from software_update.format import limits, wire
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Refused, Verdict

_WINDOW_BYTES = 4096
_MAX_TAG_BYTES = 10
# A tag and a length.
_LOOKAHEAD_BYTES = 2 * _MAX_TAG_BYTES
# The tags of length-delimited fields 1 to 15.
_ONE_BYTE_TAGS = frozenset(number << 3 | wire.LENGTH_DELIMITED for number in range(1, 16))
# The fields that a bundle may begin with. Signed metadata and a device's manifest have none of them as bytes.
_BUNDLE_FIELDS = (
    envelope.TARGETS_FIELD,
    envelope.PAYLOAD_FIELD,
    envelope.ROOT_FIELD,
    envelope.ROOT_CHAIN_FIELD,
)


class Readable(Protocol):
    """Bytes that can be read from any offset, such as those of a bundle on a server."""

    def size(self) -> int:
        """Returns the number of bytes."""

    def read(self, offset: int, length: int) -> bytes:
        """Returns at most `length` bytes from `offset` on; nothing only at the end."""


def read_envelope(fd: int) -> Envelope:
    """Returns the ranges of a bundle file's parts. Raises Refused for uncovered bytes and duplicates."""
    return _file_reader(fd).read()


def begins_as_bundle(fd: int) -> bool:
    """Returns whether a file begins as a bundle does. Raises Refused if it does not begin with a field."""
    start = os.pread(fd, _MAX_TAG_BYTES, 0)
    number, wire_type = wire.split_tag(wire.decode_varint(start, 0, len(start))[0])
    return wire_type == wire.LENGTH_DELIMITED and number in _BUNDLE_FIELDS


def read_user_manifest(fd: int, envelope: Envelope) -> bytes | None:
    """Returns that payload, if the bundle has one that is small enough to read."""
    for entry in envelope.payloads:
        if entry.name == USER_MANIFEST and entry.length <= limits.MAX_USER_MANIFEST_BYTES:
            return b"".join(read_range(fd, entry.offset, entry.length, entry.length))
    return None


def read_fields(fd: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each field of an envelope, in order; those of payloads as in Envelope."""
    return _file_reader(fd).fields()


def _file_reader(fd: int) -> "Reader":
    return Reader(os.fstat(fd).st_size, partial(os.pread, fd))


class Reader:
    """A position in a bundle, and a window of its bytes round that.

    `pread` returns at most so many bytes from an offset on: `pread(length, offset)`.
    """

    def __init__(self, size: int, pread: Callable[[int, int], bytes]) -> None:
        self._pread = pread
        self._size = size
        self._position = 0
        self._window = b""
        self._window_start = 0
        self._root: bytes | None = None
        self._root_chain: list[bytes] = []
        self._targets: bytes | None = None
        self._payloads: dict[str, Payload] = {}
        self._name_bytes = 0

    def read(self) -> Envelope:
        """Reads to the end."""
        deque(self.payloads(), maxlen=0)
        return self.envelope()

    def payloads(self) -> Iterator[Payload]:
        """Yields each payload, in the bundle's order, when its header has been read."""
        while self._position < self._size:
            number, end = self._header(self._size)
            if number == envelope.PAYLOAD_FIELD:
                yield self._read_payload(end)
            elif number == envelope.TARGETS_FIELD:
                self._read_targets(end)
            elif number == envelope.ROOT_FIELD:
                self._read_root(end)
            elif number == envelope.ROOT_CHAIN_FIELD:
                self._read_chained_root(end)
            else:
                raise Refused(Verdict.UNEXPECTED_FIELD, f"no signature covers field {number}")

    def envelope(self) -> Envelope:
        """Returns all that has been read."""
        return Envelope(
            self._size,
            self._root,
            tuple(self._root_chain),
            self._targets,
            tuple(self._payloads.values()),
        )

    def user_manifest(self) -> bytes | None:
        """Reads that payload, if one has been read that is small enough."""
        entry = self._payloads.get(USER_MANIFEST)
        if entry is None or entry.length > limits.MAX_USER_MANIFEST_BYTES:
            return None
        after, self._position = self._position, entry.offset
        content = self._content(entry.offset + entry.length, entry.length, USER_MANIFEST)
        self._position = after
        return content

    def fields(self) -> Iterator[tuple[int, int, int]]:
        """Number, start and end of each field, in order."""
        while self._position < self._size:
            start = self._position
            number, self._position = self._header(self._size)
            yield number, start, self._position

    def _read_root(self, end: int) -> None:
        if self._root is not None:
            raise Refused(Verdict.DUPLICATE_FIELD, "root metadata appears twice")
        self._root = self._content(end, limits.MAX_ROOT_METADATA_BYTES, "root metadata")

    def _read_chained_root(self, end: int) -> None:
        if len(self._root_chain) == limits.MAX_ROOT_CHAIN:
            raise Refused(
                Verdict.TOO_LARGE, f"the chain has more than {limits.MAX_ROOT_CHAIN} roots"
            )
        self._root_chain.append(
            self._content(end, limits.MAX_ROOT_METADATA_BYTES, "a root of the chain")
        )

    def _read_targets(self, end: int) -> None:
        name, start, length = self._map_entry(end)
        if name != "targets":
            raise Refused(
                Verdict.UNEXPECTED_FIELD, f"targets metadata under the name '{shown(name)}'"
            )
        if self._targets is not None:
            raise Refused(Verdict.DUPLICATE_FIELD, "targets metadata appears twice")
        self._position = start
        self._targets = self._content(
            start + length, limits.MAX_TARGETS_METADATA_BYTES, "targets metadata"
        )
        self._position = end

    def _read_payload(self, end: int) -> Payload:
        name, start, length = self._map_entry(end)
        if name in self._payloads:
            raise Refused(Verdict.DUPLICATE_FIELD, f"the payload '{shown(name)}' appears twice")
        if len(self._payloads) == limits.MAX_TARGETS:
            raise Refused(Verdict.TOO_LARGE, f"more than {limits.MAX_TARGETS} payloads")
        payload = Payload(name, start, length)
        self._payloads[name] = payload
        return payload

    def _map_entry(self, end: int) -> tuple[str, int, int]:
        """Key, and start and length of the value, of the map entry that ends at `end`."""
        key: bytes | None = None
        value: tuple[int, int] | None = None
        while self._position < end:
            number, field_end = self._header(end)
            if number == envelope.KEY_FIELD and key is None:
                key = self._content(field_end, limits.MAX_ENVELOPE_NAME_BYTES, "a name")
                # In memory, text that is not ASCII takes up to four bytes a character.
                self._name_bytes += len(key) if key.isascii() else 4 * len(key)
                if self._name_bytes > limits.MAX_ENVELOPE_NAMES_BYTES:
                    raise Refused(
                        Verdict.TOO_LARGE,
                        f"names of over {limits.MAX_ENVELOPE_NAMES_BYTES} bytes in all",
                    )
            elif number == envelope.VALUE_FIELD and value is None:
                value = (self._position, field_end - self._position)
                self._position = field_end
            elif number in (envelope.KEY_FIELD, envelope.VALUE_FIELD):
                raise Refused(Verdict.DUPLICATE_FIELD, "an entry has two names or two values")
            else:
                raise Refused(Verdict.UNEXPECTED_FIELD, f"field {number} in an entry")
        if key is None or value is None:
            raise Refused(Verdict.MALFORMED, "an entry lacks its name or its value")
        try:
            return key.decode(), *value
        except UnicodeDecodeError:
            raise Refused(Verdict.MALFORMED, "a name is not UTF-8") from None

    def _header(self, end: int) -> tuple[int, int]:
        """Number and end of the length-delimited field at the position; moves to its content."""
        at = self._position - self._window_start
        if at < 0 or at + _LOOKAHEAD_BYTES > len(self._window):
            at = self._move_window()
        window = self._window
        available = min(len(window), end - self._window_start)
        # Nearly all tags take one byte, and a call for it would take longer than the comparison.
        if at < available and window[at] in _ONE_BYTE_TAGS:
            number, at = window[at] >> 3, at + 1
        else:
            tag, at = wire.decode_varint(window, at, available)
            number, wire_type = wire.split_tag(tag)
            if wire_type != wire.LENGTH_DELIMITED:
                # Every field that a bundle may have is length-delimited.
                raise Refused(Verdict.UNEXPECTED_FIELD, f"field {number} of wire type {wire_type}")
        length, at = wire.decode_varint(window, at, available)
        self._position = self._window_start + at
        if length > end - self._position:
            raise Refused(
                Verdict.MALFORMED,
                f"field {number} claims {length} bytes, {end - self._position} are left",
            )
        return number, self._position + length

    def _move_window(self) -> int:
        """Moves the window so that a header at the position lies in it whole. Returns where in it."""
        length = min(_WINDOW_BYTES, self._size - self._position)
        self._window = self._read_at(self._position, length)
        self._window_start = self._position
        return 0

    def _content(self, end: int, limit: int, what: str) -> bytes:
        length = end - self._position
        if length > limit:
            raise Refused(Verdict.TOO_LARGE, f"{what} of {length} bytes; at most {limit}")
        at = self._position - self._window_start
        if at >= 0 and at + length <= len(self._window):
            content = self._window[at : at + length]
        else:
            content = self._read_at(self._position, length)
        self._position = end
        return content

    def _read_at(self, offset: int, length: int) -> bytes:
        content = self._pread(length, offset)
        while len(content) < length:
            more = self._pread(length - len(content), offset + len(content))
            if not more:
                raise Refused(Verdict.MALFORMED, "the file became shorter while it was read")
            content += more
        return content
