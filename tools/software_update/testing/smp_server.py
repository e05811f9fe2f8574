"""An SMP server over UDP on loopback, in front of a microcontroller in memory."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cbor2

from software_update.client.smp import SmpError
from software_update.testing.mcuboot import FakeMcu

_HEADER = struct.Struct(">BBHHBB")
_BAD_STATE = 6
# (group, id), as in Zephyr's documentation.
_IMAGES, _UPLOAD, _ERASE, _RESET = (1, 0), (1, 1), (1, 5), (0, 5)


@dataclass
class SmpServer:
    """A server. `change` may replace an answer, and drops it with an empty one."""

    mcu: FakeMcu
    port: int
    change: Callable[[bytes], bytes] = lambda datagram: datagram
    datagrams: list[bytes] = field(default_factory=list)
    requests: list[tuple[int, int]] = field(default_factory=list)
    received: bytearray = field(default_factory=bytearray)
    length: int = 0

    def answer(self, datagram: bytes) -> bytes:
        """Returns the answer to a request."""
        operation, flags, length, group, sequence, command = _HEADER.unpack_from(datagram)
        assert length == len(datagram) - _HEADER.size
        self.datagrams.append(datagram)
        self.requests.append((group, command))
        values = cbor2.loads(datagram[_HEADER.size :])
        try:
            content = self._perform((group, command), operation & 7, values)
        except SmpError:
            content = _encode({"rc": _BAD_STATE})
        answer = (operation + 1, flags, len(content), group, sequence, command)
        return _HEADER.pack(*answer) + content

    def _perform(self, command: tuple[int, int], operation: int, values: dict[str, Any]) -> bytes:
        if command == _UPLOAD:
            return self._upload(values)
        if command == _RESET:
            self.mcu.reset()
        elif command == _ERASE:
            self.mcu.erase()
        elif command == _IMAGES and operation:
            change = self.mcu.confirm if values.get("confirm") else self.mcu.test
            change(values.get("hash") or self.mcu.images()[0].hash)
            return self._images()
        elif command == _IMAGES:
            return self._images()
        else:
            return _encode({"rc": 8})
        return _encode({})

    def _upload(self, values: dict[str, Any]) -> bytes:
        if values["off"] == 0:
            self.received.clear()
            self.length = values["len"]
        if values["off"] == len(self.received):
            self.received += values["data"]
            if len(self.received) == self.length:
                self.mcu.upload(0, bytes(self.received))
        return _encode({"off": len(self.received)})

    def _images(self) -> bytes:
        """Returns the list of images, with indefinite lengths, as Zephyr sends it."""
        images = b"".join(
            _encode(
                {
                    "slot": each.slot,
                    "version": "1.0.0",
                    "hash": each.hash,
                    "bootable": True,
                    "active": each.active,
                    "pending": each.pending,
                    "confirmed": each.confirmed,
                    "permanent": False,
                }
            )
            for each in self.mcu.images()
        )
        return b"\xbf\x66images\x9f" + images + b"\xff\x6bsplitStatus\x00\xff"


def _encode(values: dict[str, Any]) -> bytes:
    content: bytes = cbor2.dumps(values)
    return content


@contextlib.contextmanager
def serve_smp(mcu: FakeMcu) -> Iterator[SmpServer]:
    """Serves a device on a free port, until the end of the context."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        server = SmpServer(mcu, listener.getsockname()[1])

        def run() -> None:
            while True:
                datagram, peer = listener.recvfrom(1 << 16)
                if not datagram:
                    return
                answer = server.change(server.answer(datagram))
                if answer:
                    listener.sendto(answer, peer)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", listener.getsockname())
            thread.join()
