"""Reads a bundle from its front, and not one byte of a payload before the caller wants it.

The head of a bundle is its metadata and `user_manifest`: all that a device needs before it asks for consent.
A bundle has it first, so over a network the payloads cost nothing until they are wanted:

    head = read_head(source)
    ... verify head.envelope and head.user_manifest, ask ...
    rest = Rest(source, head)
    for payload in rest.payloads():
        ... read the payload's bytes, forward ...
    envelope = rest.envelope()
"""

from typing import NamedTuple

from software_update.bundle import envelope
from software_update.bundle.envelope import Envelope, Payload
from software_update.bundle.reader import Readable, Reader
from software_update.format import limits, wire
from software_update.format.metadata import Targets
from software_update.format.names import USER_MANIFEST

# A field has a tag and a length, of at least one byte each. A payload's bytes lie in a field in a field.
_FIELD_BYTES = 2
_ENTRY_BYTES = 4
_MAX_HEADER_BYTES = 20
_KEY_TAG = bytes([envelope.KEY_FIELD << 3 | wire.LENGTH_DELIMITED])
# The most that is read of an entry before its limits have been checked.
_AHEAD_BYTES = 64 * 1024


class MetadataAfterPayloads(Exception):
    """A bundle has metadata after its head, so what was verified before is not all of it.

    A device that reads forward only rejects it; `read_whole` reads it.
    """

    def __init__(self) -> None:
        super().__init__("the bundle has metadata after the first payload")


class Head(NamedTuple):
    """The part of a bundle before the first payload other than `user_manifest`.

    `envelope` has the size of the whole bundle, and of its payloads at most `user_manifest`, whose content
    is `user_manifest`: None if it did not come first, or has over `limits.MAX_USER_MANIFEST_BYTES`. `end`
    is the offset at which the next part begins.
    """

    envelope: Envelope
    user_manifest: bytes | None
    end: int

    def lacks(self, targets: Targets | None = None) -> bool:
        """Returns whether a part that a device needs before it asks comes after the head, if anywhere.

        That is the targets metadata or, with `targets`, a `user_manifest` that these list.
        """
        if self.end == self.envelope.size:
            return False
        if self.envelope.targets is None:
            return True
        return (
            targets is not None
            and any(each.name == USER_MANIFEST for each in targets.targets)
            and all(each.name != USER_MANIFEST for each in self.envelope.payloads)
        )


def read_head(source: Readable, first_part: int | None = None) -> Head:
    """Returns the head of a bundle. Raises Refused as `read_envelope` does.

    It reads metadata, `user_manifest`, and at most the name of the first other payload: of the payloads
    themselves not one byte, not even ahead. That takes about eight reads, each of a few kilobytes.

    With `first_part`, it reads nothing from that offset on, and raises Refused if a part goes over it. The
    head ends there, or before it if a payload begins there: compare `end` with it.
    """
    size = source.size()
    reader = _HeadReader(source, size if first_part is None else min(size, first_part))
    reader.read_head()
    return Head(reader.envelope()._replace(size=size), reader.manifest, reader.position)


def read_whole(source: Readable) -> Head:
    """Returns a head of all parts, in whatever order they are, so that it lacks none. Raises Refused.

    For sources in which going back costs nothing, such as a file: it reads the headers of all payloads.
    """
    reader = Reader(source.size(), lambda length, offset: source.read(offset, length))
    read = reader.read()
    return Head(read, reader.user_manifest(), read.size)


class _CarefulReader(Reader):
    """A reader that asks its source only for bytes that cannot be a payload's.

    A read may be a request to a server, so it reads as many of these at once as it can be sure of.
    """

    def __init__(self, source: Readable, size: int) -> None:
        super().__init__(size, lambda length, offset: source.read(offset, length))
        self._in_entry = False
        self._field_start = 0

    @property
    def position(self) -> int:
        """The offset of the next byte to read."""
        return self._position

    def _header(self, end: int) -> tuple[int, int]:
        if self._in_entry:
            # After a name, the header of the value comes before any byte of a payload.
            is_name = self._unread().startswith(_KEY_TAG)
            self._read_to(self._position + (2 * _FIELD_BYTES if is_name else _FIELD_BYTES))
        else:
            self._field_start = self._position
            self._read_to(self._position + _ENTRY_BYTES)
        while _is_incomplete(self._unread()) and self._window_end() < end:
            # At least one byte of the length is missing; the header of a name or value follows that of
            # an entry.
            self._read_to(self._window_end() + (1 if self._in_entry else 1 + _FIELD_BYTES))
        return super()._header(end)

    def _move_window(self) -> int:
        """Moves nothing: the window has the whole header already."""
        return self._position - self._window_start

    def _content(self, end: int, limit: int, what: str) -> bytes:
        if end - self._position <= limit:
            self._read_to(end + (_FIELD_BYTES if self._in_entry else _ENTRY_BYTES))
        return super()._content(end, limit, what)

    def _read_targets(self, end: int) -> None:
        self._read_entry_ahead(end)
        super()._read_targets(end)

    def _map_entry(self, end: int) -> tuple[str, int, int]:
        self._in_entry = True
        entry = super()._map_entry(end)
        self._in_entry = False
        return entry

    def _read_entry_ahead(self, end: int) -> None:
        """Reads an entry that is not a payload's, as far as its length is plausible."""
        self._read_to(min(end + _ENTRY_BYTES, self._position + _AHEAD_BYTES))

    def _unread(self) -> bytes:
        return self._window[self._position - self._window_start :][:_MAX_HEADER_BYTES]

    def _window_end(self) -> int:
        return self._window_start + len(self._window)

    def _read_to(self, end: int) -> None:
        """Extends the window to `end`. It keeps what it has of the field."""
        if not self._window_start <= self._position <= self._window_end():
            self._window, self._window_start = b"", self._position
        start = self._window_end()
        length = min(end, self._size) - start
        if length > 0:
            used = max(0, self._field_start - self._window_start)
            self._window = self._window[used:] + self._read_at(start, length)
            self._window_start += used


def _is_incomplete(header: bytes) -> bool:
    """Returns whether a header, a tag and a length, may go on after these bytes."""
    ends = sum(byte < 0x80 for byte in header)
    return ends < 2 and len(header) < _MAX_HEADER_BYTES


class _HeadEnds(Exception):
    """The field at the start of which the reader is begins another payload."""


class _HeadReader(_CarefulReader):
    """Reads to the first payload other than `user_manifest`."""

    def __init__(self, source: Readable, size: int) -> None:
        super().__init__(source, size)
        self.manifest: bytes | None = None

    def read_head(self) -> None:
        """Reads the head, and stops at its end."""
        try:
            self.read()
        except _HeadEnds:
            self._position = self._field_start

    def _read_payload(self, end: int) -> Payload:
        start = self._position
        if self._first_name(end) != USER_MANIFEST.encode():
            raise _HeadEnds
        self._position = start
        self._read_entry_ahead(end)
        payload = super()._read_payload(end)
        self.manifest = self.user_manifest()
        return payload

    def _first_name(self, end: int) -> bytes | None:
        """Returns the name of the entry at the position, None if it does not begin with that."""
        if self._position == end:
            return None
        self._in_entry = True
        number, name_end = self._header(end)
        if number != envelope.KEY_FIELD:
            return None
        name = self._content(name_end, limits.MAX_ENVELOPE_NAME_BYTES, "a name")
        self._in_entry = False
        return name


class Rest(_CarefulReader):
    """The part of a bundle after its head.

    `payloads` reads each header only when its next payload is asked for, and nothing beyond, so that the
    payload's own bytes are the next ones of the source. It raises Refused as `read_envelope` does, and
    MetadataAfterPayloads. After its end, `envelope` is that of the whole bundle.
    """

    def __init__(self, source: Readable, head: Head) -> None:
        super().__init__(source, source.size())
        read = head.envelope
        self._position = head.end
        self._root = read.root
        self._root_chain = list(read.root_chain)
        self._targets = read.targets
        self._payloads = {each.name: each for each in read.payloads}
        self._name_bytes = sum(map(len, self._payloads))

    def _read_root(self, end: int) -> None:
        super()._read_root(end)
        raise MetadataAfterPayloads

    def _read_chained_root(self, end: int) -> None:
        super()._read_chained_root(end)
        raise MetadataAfterPayloads

    def _read_targets(self, end: int) -> None:
        super()._read_targets(end)
        raise MetadataAfterPayloads
