"""SMP over UDP, and what it has in common with other links: the Smp of `smp`.

Group 1 is images, and group 0 the operating system. Group 65 is that of the device library.

The library smpclient could do the rest of this module. But it does not send a lost datagram again, takes a
late answer for the next one, rejects an answer with a field that it does not know, and needs 20 MiB.
Source: the page "SMP protocol specification" of Zephyr's documentation.
"""

import abc
import contextlib
import hashlib
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

import cbor2

from software_update.base.errors import shown
from software_update.client.smp import ConsentNeeded, DeviceQuestion, ImageState, SmpError

_HEADER = struct.Struct(">BBHHBB")
_READ, _WRITE = 0, 2
_SYSTEM, _IMAGES, _UPDATES = 0, 1, 65
_STATE, _UPLOAD, _ERASE = 0, 1, 5
_RESET, _PARAMETERS = 5, 6
_QUESTION, _APPROVE = 0, 1
# A datagram with its header fits into the buffers of an ordinary Zephyr.
_CHUNK_BYTES = 1024
_MAX_DATAGRAM = 1 << 16
_ATTEMPTS = 3
# The server answers a reset before it goes down.
SETTLE_SECONDS = 1.0
_REFUSED_SECONDS = 0.5
_UNKNOWN_COMMAND, _ACCESS_DENIED = 8, 11

_Values = Mapping[str, int | bool | str | bytes]
# Operation, group, sequence number and command of an answer.
Expected = tuple[int, int, int, int]


class NoAnswer(SmpError):
    """A device that did not answer in time."""


class SmpLink(abc.ABC):
    """A device that answers packets. `place` names it in errors. See `smp.Smp`.

    `timeout` is the time in seconds for an answer, before a request is sent again, three times at most.
    `restart_timeout` is the time in seconds after a reset in which the device must answer again.
    """

    def __init__(self, place: str, timeout: float, restart_timeout: float, settle: float) -> None:
        self._place = place
        self._timeout = timeout
        self._restart_timeout = restart_timeout
        self._settle = settle
        self._sequence = 0

    @abc.abstractmethod
    def _exchange(self, request: bytes, expected: Expected, attempts: int) -> bytes:
        """Sends a request until its answer comes, and returns its content. Raises NoAnswer and OSError."""

    def _chunk_bytes(self) -> int:
        """Returns the number of bytes of an image in one request."""
        return _CHUNK_BYTES

    def images(self) -> list[ImageState]:
        """See `smp.Smp.images`."""
        return self._images(self._ask(_READ, _IMAGES, _STATE, {}))

    def upload(self, image: int, content: bytes) -> None:
        """See `smp.Smp.upload`. The device says which byte it wants next."""
        digest = hashlib.sha256(content).digest()
        offset, length = 0, self._chunk_bytes()
        while True:
            chunk = content[offset : offset + length]
            values: dict[str, int | bool | str | bytes] = {"off": offset, "data": chunk}
            if offset == 0:
                values |= {"image": image, "len": len(content), "sha": digest}
            answer = self._ask(_WRITE, _IMAGES, _UPLOAD, values)
            wanted = answer.get("off")
            if not isinstance(wanted, int) or not offset < wanted <= len(content):
                raise self._error(
                    f"wants byte {wanted} of {len(content)} after {offset + len(chunk)}"
                )
            if answer.get("match") is False:
                raise self._error("has other bytes than were sent; install again")
            offset = wanted
            if offset == len(content):
                return

    def test(self, image_hash: bytes) -> None:
        """See `smp.Smp.test`."""
        self._ask(_WRITE, _IMAGES, _STATE, {"hash": image_hash, "confirm": False})

    def confirm(self, image_hash: bytes) -> None:
        """See `smp.Smp.confirm`."""
        self._ask(_WRITE, _IMAGES, _STATE, {"hash": image_hash, "confirm": True})

    def erase(self) -> None:
        """See `smp.Smp.erase`."""
        self._ask(_WRITE, _IMAGES, _ERASE, {})

    def reset(self) -> None:
        """See `smp.Smp.reset`. It sends one request: a second one would start the device twice."""
        end = time.monotonic() + self._restart_timeout
        with contextlib.suppress(NoAnswer):  # It may be going down.
            self._ask(_WRITE, _SYSTEM, _RESET, {}, attempts=1)
        time.sleep(self._settle)
        while True:
            try:
                self._ask(_READ, _IMAGES, _STATE, {}, attempts=1)
                return
            except NoAnswer:
                if time.monotonic() > end:
                    raise self._error(
                        f"does not answer {self._restart_timeout:.0f} s after its reset; look at the device"
                    ) from None

    def question(self) -> DeviceQuestion | None:
        """See `smp.UpdateSmp.question`."""
        answer = self._ask(_READ, _UPDATES, _QUESTION, {})
        release, root, phase = (answer.get(name) for name in ("release", "root", "phase"))
        if not isinstance(release, bytes) or not isinstance(root, bytes):
            return None
        return DeviceQuestion(release, root, phase) if isinstance(phase, int) else None

    def approve(self, question: DeviceQuestion) -> None:
        """See `smp.UpdateSmp.approve`."""
        values = {"release": question.release, "root": question.root}
        self._ask(_WRITE, _UPDATES, _APPROVE, {**values, "phase": question.phase})

    def _buffer_bytes(self) -> int | None:
        """Returns the size of the device's buffer for a request; None if it does not tell."""
        try:
            found = self._ask(_READ, _SYSTEM, _PARAMETERS, {}).get("buf_size")
        except NoAnswer:
            raise
        except SmpError:
            return None
        return found if isinstance(found, int) else None

    def _images(self, answer: Mapping[str, Any]) -> list[ImageState]:
        listed = answer.get("images")
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self._error("lists no images")
        found = [_image(each) for each in listed]
        if None in found:
            raise self._error("lists an image without slot or hash")
        return [each for each in found if each]

    def _ask(
        self, operation: int, group: int, command: int, values: _Values, attempts: int = _ATTEMPTS
    ) -> dict[str, Any]:
        """Sends a request until it is answered. Raises SmpError, also for an answer that is an error."""
        self._sequence = (self._sequence + 1) % 256
        content = cbor2.dumps(values)
        request = (operation, 0, len(content), group, self._sequence, command)
        expected = (operation + 1, group, self._sequence, command)
        try:
            answer = self._exchange(_HEADER.pack(*request) + content, expected, attempts)
        except SmpError:
            raise
        except OSError as error:
            raise self._error(f"cannot be reached ({error.strerror or error})") from error
        try:
            found = cbor2.loads(answer)
        except cbor2.CBORError:
            raise self._error("sent an answer that is not CBOR") from None
        if not isinstance(found, dict):
            raise self._error("sent an answer that is not a map")
        problem = found.get("rc", 0)
        nested = found.get("err")
        if isinstance(nested, dict):
            problem = nested.get("rc", 0)
        if problem == _UNKNOWN_COMMAND:
            raise self._error(f"does not support command {command} of group {group}; enable it")
        reason = f" ({shown(found['rsn'])})" if isinstance(found.get("rsn"), str) else ""
        if problem == _ACCESS_DENIED:
            text = f"denies command {command} of group {group}{reason}; agree on the device"
            raise ConsentNeeded(str(self._error(text)))
        if problem != 0:
            text = f"rejects command {command} of group {group} with error {problem}{reason}"
            raise self._error(text)
        return found

    def _error(self, problem: str) -> SmpError:
        return SmpError(f"SMP device {self._place}: {problem}")

    def _no_answer(self) -> NoAnswer:
        return NoAnswer(str(self._error(f"does not answer within {self._timeout:g} s")))


class UdpSmp(SmpLink):
    """A device at an address, over UDP. See `SmpLink`."""

    def __init__(
        self,
        host: str,
        port: int = 1337,
        *,
        timeout: float = 5.0,
        restart_timeout: float = 120.0,
        settle: float = SETTLE_SECONDS,
    ) -> None:
        super().__init__(f"{host}:{port}", timeout, restart_timeout, settle)
        self._address = (host, port)

    def _exchange(self, request: bytes, expected: Expected, attempts: int) -> bytes:
        family, kind, protocol, _, address = socket.getaddrinfo(
            *self._address, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind, protocol) as connection:
            connection.connect(address)
            for _ in range(attempts):
                connection.send(request)
                answer = _receive(connection, expected, self._timeout)
                if answer is not None:
                    return answer
        raise self._no_answer()


def content_of(packet: bytes, expected: Expected) -> bytes | None:
    """Returns the content of the expected answer; None if the packet is another one."""
    if len(packet) < _HEADER.size:
        return None
    operation, _, length, group, sequence, command = _HEADER.unpack_from(packet)
    content = packet[_HEADER.size :]
    if (operation & 7, group, sequence, command) == expected and length == len(content):
        return content
    return None


def _receive(connection: socket.socket, expected: Expected, timeout: float) -> bytes | None:
    """Returns the content of the expected answer; None without one in time. Ignores other datagrams."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            datagram = connection.recv(_MAX_DATAGRAM)
        except TimeoutError:
            return None
        except ConnectionRefusedError:
            # Nothing listens there yet, and the next request may come too early.
            time.sleep(min(left, _REFUSED_SECONDS))
            return None
        content = content_of(datagram, expected)
        if content is not None:
            return content
    return None


def _image(values: Mapping[str, Any]) -> ImageState | None:
    image, slot, found = values.get("image", 0), values.get("slot"), values.get("hash")
    if not isinstance(image, int) or not isinstance(slot, int) or not isinstance(found, bytes):
        return None
    flags = [values.get(name, False) is True for name in ("active", "pending", "confirmed")]
    return ImageState(image, slot, found, *flags)
