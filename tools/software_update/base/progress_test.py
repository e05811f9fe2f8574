"""Tests of progress.py."""

import io

import pytest

from software_update.base import progress
from software_update.base.progress import Progress, Stopped

MIB = 1024 * 1024


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The text that a terminal gets."""
    text = io.StringIO()
    monkeypatch.setattr(Progress, "terminal", text)
    return text


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_on_a_terminal_after_two_seconds(terminal: io.StringIO, clock: Clock) -> None:
    shown = Progress("bundle", 8 * MIB)
    shown.add(MIB)
    clock.now += 1.9
    shown.add(MIB)
    assert terminal.getvalue() == ""
    clock.now += 0.2
    shown.add(2 * MIB)
    shown.add(MIB)  # Too soon to say again.
    clock.now += 0.3
    shown.add(3 * MIB)
    shown.close()
    shown.close()
    assert terminal.getvalue() == ("\rbundle: 4 of 8 MiB, 50 %\rbundle: 8 of 8 MiB, 100 %\r\x1b[K")


def test_quick_work_leaves_no_trace(terminal: io.StringIO, clock: Clock) -> None:
    shown = Progress("bundle", 0)
    shown.add(0)
    shown.close()
    assert terminal.getvalue() == ""
    assert clock.now == 100.0


def test_without_a_terminal_nothing_is_shown(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Progress("bundle", MIB)
    clock.now += 60
    shown.add(MIB)
    shown.close()
    assert capsys.readouterr() == ("", "")


def test_progress_of_no_work_is_complete(terminal: io.StringIO, clock: Clock) -> None:
    shown = Progress("verify", 0)
    clock.now += 60
    shown.add(0)
    assert "0 of 0 MiB" in terminal.getvalue()


def test_adding_to_stopped_progress_raises() -> None:
    shown = Progress("bundle", 10)
    shown.add(1)
    shown.stop()
    with pytest.raises(Stopped):
        shown.add(1)
    shown.close()
