"""Forwards a person's consent to a microcontroller with the device library."""

from collections.abc import Callable, Sequence

from software_update.client.smp import ConsentNeeded, ImageState, SmpError, UpdateSmp

# Two phases, and one question that changes because the device learns a new root.
_MOST_QUESTIONS = 3


class ConsentingSmp:
    """An Smp whose client has asked a person already.

    The person agreed to the client's own release, which names the microcontroller's bundle by its SHA-256.
    So the consent covers the one release in that bundle: only for this one does it answer the device's
    questions, with the root that the device names. The device may still insist on its own answer.
    """

    def __init__(self, smp: UpdateSmp, digest_of: Callable[[bytes], bytes]) -> None:
        self._smp = smp
        self._digest_of = digest_of

    def images(self) -> Sequence[ImageState]:
        """See `Smp.images`."""
        return self._smp.images()

    def upload(self, image: int, content: bytes) -> None:
        """See `Smp.upload`. It goes on after each question."""
        self._answering(self._digest_of(content), lambda: self._smp.upload(image, content))

    def test(self, image_hash: bytes) -> None:
        """See `Smp.test`."""
        self._answering(image_hash, lambda: self._smp.test(image_hash))

    def confirm(self, image_hash: bytes) -> None:
        """See `Smp.confirm`."""
        self._smp.confirm(image_hash)

    def erase(self) -> None:
        """See `Smp.erase`."""
        self._smp.erase()

    def reset(self) -> None:
        """See `Smp.reset`."""
        self._smp.reset()

    def _answering(self, release: bytes, action: Callable[[], None]) -> None:
        for _ in range(_MOST_QUESTIONS):
            try:
                return action()
            except ConsentNeeded as needed:
                question = self._smp.question()
                if question is None or question.release != release:
                    raise SmpError(f"{needed}; it asks about another release") from None
                self._smp.approve(question)
        action()
