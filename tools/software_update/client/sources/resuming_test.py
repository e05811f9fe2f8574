"""Tests of downloads that go on after failures."""

from collections.abc import Iterator

import pytest

from software_update.client.repository import Problem, RepositoryRejected
from software_update.client.simulator.machine import SimulatedClock
from software_update.client.source import BundleChanged, OpenBundle, SourceError
from software_update.client.sources.resuming import MAX_FAILURES, ResumingSource

CONTENT = bytes(range(100))


class Failing:
    """A source whose reads fail with the next of `errors`, if that is not None."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.errors: Iterator[SourceError | None] = iter(())
        self.open_errors: Iterator[SourceError | None] = iter(())
        self.offers = True
        self.opened: list[Bundle] = []

    def open(self) -> OpenBundle | None:
        fail(self.open_errors)
        if not self.offers:
            return None
        self.opened.append(Bundle(self, self.content))
        return self.opened[-1]

    def describe(self) -> str:
        return "a.example/b"


class Bundle:
    can_reread = False

    def __init__(self, source: Failing, content: bytes) -> None:
        self.source = source
        self.content = content
        self.expected: list[tuple[int, int]] = []
        self.reads: list[tuple[int, int]] = []
        self.closed = False
        self.identity = f"{len(source.opened)}"

    def size(self) -> int:
        return len(self.content)

    def expect(self, offset: int, length: int) -> None:
        self.expected.append((offset, length))

    def read(self, offset: int, length: int) -> bytes:
        assert not self.closed
        self.reads.append((offset, length))
        fail(self.source.errors)
        return self.content[offset : offset + length]

    def close(self) -> None:
        self.closed = True


def fail(errors: Iterator[SourceError | None]) -> None:
    error = next(errors, None)
    if error is not None:
        raise error


@pytest.fixture(name="source")
def source_fixture() -> Failing:
    return Failing()


@pytest.fixture(name="clock")
def clock_fixture() -> SimulatedClock:
    return SimulatedClock()


def downloading(source: Failing, clock: SimulatedClock) -> OpenBundle:
    """Returns a bundle whose first 20 bytes have been read, and whose others are expected."""
    bundle = ResumingSource(source, clock, clock.advance).open()
    assert bundle is not None
    bundle.read(0, 10)
    bundle.read(10, 10)
    bundle.expect(20, 80)
    return bundle


def test_read_is_tried_again(source: Failing, clock: SimulatedClock) -> None:
    bundle = downloading(source, clock)
    source.errors = iter([SourceError("cut"), SourceError("cut"), None, SourceError("cut")])
    assert (bundle.read(20, 30), bundle.read(50, 50)) == (CONTENT[20:50], CONTENT[50:])
    assert 0 < clock.since_boot() < 10
    assert source.opened[0].expected == [(20, 80)]
    bundle.close()
    assert source.opened[0].closed


def test_waits_grow_until_the_error_is_the_callers(source: Failing, clock: SimulatedClock) -> None:
    bundle = downloading(source, clock)
    source.errors = iter([SourceError(str(number)) for number in range(MAX_FAILURES)])
    with pytest.raises(SourceError, match=f"^{MAX_FAILURES - 1}$"):
        bundle.read(20, 10)
    assert 0 < clock.since_boot() <= 2 + 4 + 8 + 16 + 30
    # Progress in between starts the count again.
    for _ in range(3):
        source.errors = iter([SourceError("cut")] * (MAX_FAILURES - 1))
        assert bundle.read(20, 10) == CONTENT[20:30]


def test_wait_that_the_server_asks_for_is_kept(source: Failing, clock: SimulatedClock) -> None:
    bundle = downloading(source, clock)
    source.errors = iter([SourceError("busy", 20)])
    bundle.read(20, 10)
    assert 20 <= clock.since_boot() < 22
    source.errors = iter([SourceError("busy", 31)])
    with pytest.raises(SourceError, match="busy"):
        bundle.read(30, 10)
    assert clock.since_boot() < 22


def test_error_of_a_check_is_not_tried_again(source: Failing, clock: SimulatedClock) -> None:
    bundle = ResumingSource(source, clock, clock.advance).open()
    assert bundle is not None
    source.errors = iter([SourceError("cut")])
    with pytest.raises(SourceError):
        bundle.read(0, 10)
    source.open_errors = iter([SourceError("cut")])
    with pytest.raises(SourceError):
        ResumingSource(source, clock, clock.advance).open()
    assert clock.since_boot() == 0


def test_changed_file_with_the_same_head_goes_on(source: Failing, clock: SimulatedClock) -> None:
    bundle = downloading(source, clock)
    source.errors = iter([BundleChanged("another ETag")])
    assert bundle.read(20, 30) == CONTENT[20:50]
    first, second = source.opened
    assert (first.closed, second.closed, second.expected) == (True, False, [(20, 80)])
    assert second.reads == [(0, 10), (10, 10), (20, 30)]
    assert bundle.identity == "1"


@pytest.mark.parametrize(
    "content", [CONTENT[:99], b"\xff" + CONTENT[1:], CONTENT[:19] + b"\xff" + CONTENT[20:]]
)
def test_changed_file_with_another_head_is_an_error(
    source: Failing, clock: SimulatedClock, content: bytes
) -> None:
    bundle = downloading(source, clock)
    source.errors = iter([BundleChanged("another ETag")])
    source.content = content
    with pytest.raises(BundleChanged, match="another ETag"):
        bundle.read(20, 30)
    assert [each.closed for each in source.opened] == [False, True]
    assert bundle.size() == 100


def test_changed_file_of_which_nothing_is_known_is_an_error(
    source: Failing, clock: SimulatedClock
) -> None:
    bundle = ResumingSource(source, clock, clock.advance).open()
    assert bundle is not None
    bundle.expect(0, 100)
    source.errors = iter([BundleChanged("another ETag")])
    with pytest.raises(BundleChanged):
        bundle.read(0, 30)


def test_opening_again_is_tried_again(source: Failing, clock: SimulatedClock) -> None:
    bundle = downloading(source, clock)
    source.errors = iter([BundleChanged("another ETag"), SourceError("cut"), None, None])
    source.open_errors = iter([SourceError("cut"), SourceError("cut")])
    assert bundle.read(20, 30) == CONTENT[20:50]
    source.errors = iter([BundleChanged("another ETag")])
    source.offers = False
    with pytest.raises(SourceError, match=r"^a.example/b: offers no bundle now$"):
        bundle.read(20, 30)


def test_file_that_changes_each_time_is_an_error(source: Failing, clock: SimulatedClock) -> None:
    bundle = downloading(source, clock)
    source.errors = iter([BundleChanged("another ETag"), None, None] * 100)
    with pytest.raises(BundleChanged):
        bundle.read(20, 30)
    assert len(source.opened) == MAX_FAILURES


def test_wait_may_end_the_download(source: Failing) -> None:
    class Stopped(Exception):
        pass

    def stop(_: float) -> None:
        raise Stopped

    bundle = ResumingSource(source, SimulatedClock(), stop).open()
    assert bundle is not None
    bundle.expect(0, 100)
    source.errors = iter([SourceError("cut")])
    with pytest.raises(Stopped):
        bundle.read(0, 30)


def test_source_that_can_be_read_again_is_left_as_it_is(
    source: Failing, clock: SimulatedClock
) -> None:
    class File(Bundle):
        can_reread = True

    file = File(source, CONTENT)
    source.open = lambda: file  # type: ignore[method-assign]
    resuming = ResumingSource(source, clock, clock.advance)
    assert resuming.open() is file
    source.open = lambda: None  # type: ignore[method-assign]
    assert resuming.open() is None
    assert resuming.describe() == "a.example/b"


def test_server_that_is_too_slow_has_a_few_attempts_in_all(
    source: Failing, clock: SimulatedClock
) -> None:
    bundle = downloading(source, clock)
    slow = RepositoryRejected(Problem.TOO_SLOW, "too slow")
    source.errors = iter([slow, None] * (MAX_FAILURES - 1) + [slow])
    for _ in range(MAX_FAILURES - 1):
        bundle.read(20, 10)
    with pytest.raises(RepositoryRejected, match="too slow"):
        bundle.read(20, 10)
