"""A microcontroller with MCUboot in memory, and images for it."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

from software_update.client.smp import ConsentNeeded, DeviceQuestion, ImageState, SmpError

HEADER_BYTES = 32


def image(code: bytes, version: int = 1, *, flags: int = 0, protected: bytes = b"") -> bytes:
    """Returns an image as imgtool makes it, with a hash and without a signature."""
    header = struct.pack(
        "<IIHHIIBBHII",
        0x96F3B83D,
        0,
        HEADER_BYTES,
        len(protected),
        len(code),
        flags,
        version,
        0,
        0,
        0,
        0,
    )
    content = header + code + protected
    digest = hashlib.sha256(content).digest()
    return content + struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + digest


def hash_of(content: bytes) -> bytes:
    """Returns MCUboot's hash of an image of `image`; empty bytes for others."""
    return content[-32:] if len(content) > HEADER_BYTES else b""


@dataclass
class FakeMcu:
    """A device that swaps its two slots, and swaps them back after a start without confirmation.

    `keeps_pending`: it rejects to erase an image that starts next, as Zephyr does. With two
    `starts_per_reset`, each image crashes once. So many `lost_resets` come first.
    """

    primary: bytes
    secondary: bytes = b""
    pending: bool = False
    confirmed: bool = True
    keeps_pending: bool = False
    loses_uploads: bool = False
    starts_per_reset: int = 1
    lost_resets: int = 0
    starts: int = 0
    hash_of: Callable[[bytes], bytes] = hash_of

    def images(self) -> list[ImageState]:
        found = [ImageState(0, 0, self.hash_of(self.primary), True, False, self.confirmed)]
        if self.hash_of(self.secondary):
            # MCUboot swaps back to this one.
            kept = not self.confirmed
            found.append(ImageState(0, 1, self.hash_of(self.secondary), False, self.pending, kept))
        return found

    def upload(self, image: int, content: bytes) -> None:
        if self.pending or not self.confirmed:
            raise SmpError("the other slot is in use")
        self.secondary = b"" if self.loses_uploads else content

    def test(self, image_hash: bytes) -> None:
        if self.hash_of(self.secondary) != image_hash:
            raise SmpError("there is no such image to test")
        self.pending = True

    def confirm(self, image_hash: bytes) -> None:
        if self.hash_of(self.primary) != image_hash:
            raise SmpError("there is no such image to confirm")
        self.confirmed = True

    def erase(self) -> None:
        if not self.confirmed or (self.pending and self.keeps_pending):
            raise SmpError("the other slot is in use")
        self.secondary, self.pending = b"", False

    def reset(self) -> None:
        if self.lost_resets:
            self.lost_resets -= 1
            return
        for _ in range(self.starts_per_reset):
            self._start()

    def _start(self) -> None:
        self.starts += 1
        swaps = self.pending or not self.confirmed
        if swaps:
            self.primary, self.secondary = self.secondary, self.primary
            self.confirmed, self.pending = not self.pending, False


ROOT_IN_FORCE = bytes(range(32))


@dataclass
class FakeMicrocontroller(FakeMcu):
    """A device with the device library: it asks before a download and a restart. See `UpdateSmp`.

    `approved` has the answers. With `insists`, it takes none over the line.
    """

    approved: tuple[DeviceQuestion, ...] = ()
    asked: DeviceQuestion | None = None
    insists: bool = False

    def upload(self, image: int, content: bytes) -> None:
        self._ask(DeviceQuestion(self.hash_of(content), ROOT_IN_FORCE, 0))
        super().upload(image, content)

    def test(self, image_hash: bytes) -> None:
        self._ask(DeviceQuestion(image_hash, ROOT_IN_FORCE, 2))
        super().test(image_hash)

    def question(self) -> DeviceQuestion | None:
        return self.asked

    def approve(self, question: DeviceQuestion) -> None:
        if self.insists:
            raise ConsentNeeded("SMP device: takes no answer over the line")
        if question != self.asked:
            raise SmpError("SMP device: asks another question")
        self.approved += (question,)
        self.asked = None

    def _ask(self, question: DeviceQuestion) -> None:
        if question not in self.approved:
            self.asked = question
            raise ConsentNeeded("SMP device: waits for consent")
