"""The Simple Management Protocol (SMP) of a microcontroller, as far as the client needs it."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


class SmpError(OSError):
    """A device that does not answer, or rejects a request, with the place and the reason in one line."""


class ConsentNeeded(SmpError):
    """A device that waits for consent before it goes on. `UpdateSmp.question` tells what it asks."""


@dataclass(frozen=True, slots=True)
class DeviceQuestion:
    """The question of a device with the device library: consent to a phase of one release under one root.

    `release` is the release digest, `root` the SHA-256 of the root in force on the device, and `phase` its
    number: 0 for the download with the installation, 2 for the restart.
    """

    release: bytes
    root: bytes
    phase: int


@dataclass(frozen=True, slots=True)
class ImageState:
    """An image that MCUboot has in one of its two slots.

    `hash` is MCUboot's own hash of the image. `pending`: it starts next. `confirmed`: it stays.
    """

    image: int
    slot: int
    hash: bytes
    active: bool
    pending: bool
    confirmed: bool


class Smp(Protocol):
    """A device with MCUboot that speaks SMP. Each method may raise SmpError, and may be repeated.

    smp.upload(0, content)          # into the slot that does not run
    smp.test(hash)                  # the next start swaps both slots, for one start
    smp.reset()
    smp.confirm(hash)               # otherwise the next start swaps them back
    """

    def images(self) -> Sequence[ImageState]:
        """Returns the images in the slots. An empty slot has no entry."""

    def upload(self, image: int, content: bytes) -> None:
        """Writes an image into the slot that does not run, and returns when the device has all of it."""

    def test(self, image_hash: bytes) -> None:
        """Lets MCUboot start an image once."""

    def confirm(self, image_hash: bytes) -> None:
        """Lets MCUboot keep the running image."""

    def erase(self) -> None:
        """Erases the slot that does not run."""

    def reset(self) -> None:
        """Starts the device again, once, and returns when it answers."""


class UpdateSmp(Smp, Protocol):
    """A device with the device library. Its images are releases, known by their release digests.

    `upload` and `test` raise ConsentNeeded until the question is approved, and then go on where they were.
    """

    def question(self) -> DeviceQuestion | None:
        """Returns the question that waits for an answer; None if there is none."""

    def approve(self, question: DeviceQuestion) -> None:
        """Answers it with yes. The device rejects an answer to another question."""


def images_of(smp: Smp, image: int) -> tuple[ImageState, ImageState | None]:
    """Returns the active image with a number, and the one in the other slot. Raises SmpError."""
    found = [each for each in smp.images() if each.image == image]
    active = [each for each in found if each.active and each.hash]
    if not active:
        raise SmpError(
            f"image {image}: the device lists no active image; correct the image's number"
        )
    others = [each for each in found if not each.active]
    return active[0], others[0] if others else None


@contextlib.contextmanager
def smp_errors_as(error: type[OSError]) -> Iterator[None]:
    """Turns each SmpError inside into an `error` with the same text."""
    try:
        yield
    except SmpError as caught:
        raise error(str(caught)) from caught
