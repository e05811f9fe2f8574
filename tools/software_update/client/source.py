"""The interface of a source, from which the client reads one bundle."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable


class SourceError(OSError):
    """A source that cannot be read now, such as a server that does not answer. The client tries again.

    `retry_after` is the number of seconds that the source asks to wait, None if it does not.
    """

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class BundleChanged(SourceError):
    """The source has other content than it had when the bundle was opened, or may have.

    Open it again and read its head. If the release digest is the same, the download goes on where it ended.
    """


class OpenBundle(Protocol):
    """The bytes of one bundle, opened once: all reads see the same content, or fail.

    Metadata and the release manifest are read first; payloads only after the consumer has agreed.

        head = read_head(bundle)                        # asks a server for these bytes only
        bundle.expect(head.end, bundle.size() - head.end)
        for payload in Rest(bundle, head).payloads():
            bundle.read(payload.offset, chunk_length)   # from one request, read forward
    """

    def size(self) -> int:
        """Returns the length of the whole bundle in bytes, known without reading payloads."""

    def read(self, offset: int, length: int) -> bytes:
        """Returns exactly `length` bytes from `offset` on.

        Raises SourceError if it cannot, after which the same call may be tried again, and BundleChanged.
        Outside of the expected range, it asks the source for no other byte, so that a payload costs nothing
        before it is wanted. Going back is cheap only if `can_reread`.
        """

    def expect(self, offset: int, length: int) -> None:
        """Announces that the bytes of this range are going to be read, forward. Repeatable.

        Within it, the source may fetch bytes before they are read, at most 1 MiB. A server may send more,
        so name the bytes that are going to be read, and no more.
        """

    @property
    def can_reread(self) -> bool:
        """Tells whether reading a range again costs nothing, as for a file."""

    @property
    def identity(self) -> str:
        """Returns a text that changes if the content may have changed: for HTTP the ETag, otherwise empty."""

    def close(self) -> None:
        """Closes the bundle."""


@runtime_checkable
class HasFirstPart(Protocol):
    """An `OpenBundle` of which the length of the first part is known before it is read.

    It is the end of metadata and release manifest, in bytes, and None if it is not known after all. A
    repository says so, and nothing has verified it.
    """

    first_part: int | None


def first_part_of(bundle: OpenBundle) -> int | None:
    """Returns the length of a bundle's first part, None if its source does not know it."""
    return bundle.first_part if isinstance(bundle, HasFirstPart) else None


@runtime_checkable
class HasAttachments(Protocol):
    """An `OpenBundle` whose source may have files next to it: the proof of a log, and attachments."""

    def attachment(self, name: str, limit: int) -> bytes | None:
        """Returns a file's content; None if there is no file, and `limit` + 1 bytes if it is longer.

        The proof has the name `format.names.PROOF`. Nothing has verified the content. Raises SourceError.
        """


def attachment_of(bundle: OpenBundle, name: str, limit: int) -> bytes | None:
    """Returns the content of a file next to a bundle, as `HasAttachments`; None if its source has none."""
    return bundle.attachment(name, limit) if isinstance(bundle, HasAttachments) else None


class Source(Protocol):
    """A place that offers at most one bundle at a time, such as a USB stick or a URL.

    `open` starts a check. It returns None if the source offers nothing now (no stick, an empty folder), and
    raises SourceError if it cannot tell.

        bundle = source.open()
        if bundle is not None:
            head = bundle.read(0, 4096)
            bundle.close()
    """

    def open(self) -> OpenBundle | None:
        """Opens the bundle that the source offers now."""

    def describe(self) -> str:
        """Returns the place in words for a person, without credentials: a path, or a URL's host and path."""


@runtime_checkable
class Deploys(Protocol):
    """A source whose server decides which bundle a device is offered, and follows what becomes of it.

    Nothing that the server says replaces an answer of a person or a policy, or a check of the bundle.
    """

    offer: str
    """The server's name of the offer that `open` returned last; empty if there was none."""
    interval: float | None
    """The seconds between checks that the server wishes, within the configured limits; None: no wish."""
    cancelled: str
    """The server's name of a request to cancel an offer, in the last poll; empty if there was none."""
    outbox: Callable[[dict[str, Any]], None]
    """Takes each message for the server. Until the service sets it, messages are dropped."""

    def poll(self) -> object:
        """Asks the server what it wants, without opening a bundle. Raises SourceError."""

    def is_cancelled(self, offer: str) -> bool:
        """Returns whether the server asked in the last poll to cancel this offer."""

    def send(self, message: dict[str, Any]) -> None:
        """Passes a message to `outbox`, unless it has done so before. It never fails, and never waits."""

    def deliver(self, message: dict[str, Any]) -> None:
        """Sends a message to the server. Raises SourceError if the server may take it later."""
