"""Goes on with a download after a short failure, without starting over."""

import hashlib
from collections.abc import Callable

from software_update.client.repository import Problem, RepositoryRejected
from software_update.client.source import (
    BundleChanged,
    OpenBundle,
    Source,
    SourceError,
    attachment_of,
    first_part_of,
)
from software_update.client.sources.backoff import wait_seconds
from software_update.client.system import Clock

# In a row, without a byte in between: about a minute in all.
MAX_FAILURES = 6
_FIRST_WAIT = 2.0
LONGEST_WAIT = 30.0


class ResumingSource:
    """A source whose bundles try again what fails within the expected range: that is a download.

    After a few failures in a row, or if the server asks for a longer wait, the error is the caller's, and so
    are errors of a check. A server that is too slow has a few attempts in all: each may bring some bytes.
    `sleep` waits for seconds; an exception that it raises ends the download.
    """

    def __init__(self, source: Source, clock: Clock, sleep: Callable[[float], None]) -> None:
        self._source = source
        self._clock = clock
        self._sleep = sleep

    def open(self) -> OpenBundle | None:
        """See `Source.open`."""
        bundle = self._source.open()
        if bundle is None or bundle.can_reread:
            return bundle
        return _ResumingBundle(self._source, bundle, self._wait)

    def describe(self) -> str:
        """See `Source.describe`."""
        return self._source.describe()

    def _wait(self, failures: int, error: SourceError) -> None:
        """Waits after a number of failures in a row. Raises the last one if another attempt is useless."""
        if failures >= MAX_FAILURES or (error.retry_after or 0) > LONGEST_WAIT:
            raise error
        self._sleep(
            wait_seconds(
                failures - 1,
                self._clock.random(),
                error.retry_after,
                first=_FIRST_WAIT,
                longest=LONGEST_WAIT,
            )
        )


class _ResumingBundle:
    """An `OpenBundle` that is opened again if it has changed, and compared with what was read of it."""

    can_reread = False

    def __init__(
        self, source: Source, bundle: OpenBundle, wait: Callable[[int, SourceError], None]
    ) -> None:
        self.first_part = first_part_of(bundle)
        self._source = source
        self._bundle = bundle
        self._wait = wait
        self._slow = 0
        self._expected = (0, 0)
        # Offset, length and SHA-256 of what was read outside of the expected range: the bundle's head.
        self._known: list[tuple[int, int, bytes]] = []

    def size(self) -> int:
        return self._bundle.size()

    @property
    def identity(self) -> str:
        return self._bundle.identity

    def expect(self, offset: int, length: int) -> None:
        self._expected = (offset, length)
        self._bundle.expect(offset, length)

    def attachment(self, name: str, limit: int) -> bytes | None:
        return attachment_of(self._bundle, name, limit)

    def close(self) -> None:
        self._bundle.close()

    def read(self, offset: int, length: int) -> bytes:
        start, expected = self._expected
        if not start <= offset < start + expected:
            content = self._bundle.read(offset, length)
            self._known.append((offset, length, hashlib.sha256(content).digest()))
            return content
        failures = 0
        while True:
            try:
                return self._bundle.read(offset, length)
            except SourceError as error:
                failures = self._recover(failures + 1, error)

    def _recover(self, failures: int, error: SourceError) -> int:
        """Waits, and opens a changed bundle again. Returns the number of failures by then."""
        if isinstance(error, RepositoryRejected):
            self._slow += error.problem is Problem.TOO_SLOW
            failures = max(failures, self._slow)
        self._wait(failures, error)
        while isinstance(error, BundleChanged):
            try:
                self._open_again(error)
                break
            except BundleChanged:
                raise
            except SourceError as again:
                failures += 1
                self._wait(failures, again)
        return failures

    def _open_again(self, changed: BundleChanged) -> None:
        """Opens the bundle again. Raises BundleChanged if its size or head is another one."""
        bundle = self._source.open()
        if bundle is None:
            raise SourceError(f"{self._source.describe()}: offers no bundle now")
        try:
            same = bundle.size() == self._bundle.size() and all(
                hashlib.sha256(bundle.read(offset, length)).digest() == digest
                for offset, length, digest in self._known
            )
            if not same or not self._known:
                raise changed
        except BaseException:
            bundle.close()
            raise
        self._bundle.close()
        self._bundle = bundle
        bundle.expect(*self._expected)
