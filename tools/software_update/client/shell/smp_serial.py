"""SMP over a serial line: the UpdateSmp of `smp`."""

import contextlib
import fcntl
import os
import select
import termios
import time

from software_update.client.shell.smp import SETTLE_SECONDS, Expected, SmpLink, content_of
from software_update.client.smp import SmpError
from software_update.client.smp_frame import FrameReader, lines_of

_READ_BYTES = 4096
# A device that does not tell the size of its buffer has at least this.
_SMALL_BUFFER_BYTES = 256
# The frame, the header, and all values of the first request but its data.
_OVERHEAD_BYTES = 96


class SerialSmp(SmpLink):
    """A device at a serial line, such as `/dev/ttyS1`. See `SmpLink`. `baud` is in bits a second."""

    def __init__(
        self,
        line: str,
        baud: int = 115200,
        *,
        timeout: float = 30.0,
        restart_timeout: float = 120.0,
        settle: float = SETTLE_SECONDS,
    ) -> None:
        super().__init__(line, timeout, restart_timeout, settle)
        self._line = line
        self._baud = baud

    def _chunk_bytes(self) -> int:
        return (self._buffer_bytes() or _SMALL_BUFFER_BYTES) - _OVERHEAD_BYTES

    def _exchange(self, request: bytes, expected: Expected, attempts: int) -> bytes:
        with contextlib.ExitStack() as stack:
            line = self._open()
            stack.callback(os.close, line)
            for _ in range(attempts):
                end = time.monotonic() + self._timeout
                if not _send(line, lines_of(request), end):
                    continue
                answer = _receive(line, expected, end)
                if answer is not None:
                    return answer
        raise self._no_answer()

    def _open(self) -> int:
        """Opens the line for bytes as they are: no echo, no control characters, no other program."""
        speed = getattr(termios, f"B{self._baud}", None)
        if speed is None:
            raise self._error(f"{self._baud} bits a second is not a speed; correct `baud`")
        line = os.open(self._line, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
            control = termios.CS8 | termios.CREAD | termios.CLOCAL
            controls = termios.tcgetattr(line)[6]
            termios.tcsetattr(line, termios.TCSANOW, [0, 0, control, 0, speed, speed, controls])
            # A late answer to an earlier request.
            termios.tcflush(line, termios.TCIFLUSH)
        except BlockingIOError:
            os.close(line)
            raise self._error("another program uses the line; stop it") from None
        except termios.error as error:
            os.close(line)
            raise SmpError(str(self._error(f"is not a serial line ({error.args[-1]})"))) from None
        return line


def _send(line: int, content: bytes, end: float) -> bool:
    """Sends all bytes. Returns False if the line does not take them in time."""
    while content:
        if not select.select([], [line], [], max(0.0, end - time.monotonic()))[1]:
            return False
        content = content[os.write(line, content) :]
    return True


def _receive(line: int, expected: Expected, end: float) -> bytes | None:
    """Returns the content of the expected answer; None without one in time. Ignores everything else."""
    reader = FrameReader()
    while (left := end - time.monotonic()) > 0:
        if not select.select([line], [], [], left)[0]:
            return None
        for packet in reader.packets(os.read(line, _READ_BYTES)):
            content = content_of(packet, expected)
            if content is not None:
                return content
    return None
