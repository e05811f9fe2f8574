"""The interface of an installer, which puts a target's bytes into a slot."""

from typing import Protocol


class InstallError(OSError):
    """A slot that cannot be written, with the place and the reason in one line."""


class TargetWriter(Protocol):
    """A target that is being written into a slot, from its first byte to its last."""

    def write(self, content: bytes | memoryview) -> None:
        """Appends bytes. They are not trusted yet: the slot stays unbootable until all are verified."""

    def finish(self) -> None:
        """Returns when the target is on the medium, under its name. Call it exactly once."""

    def abort(self) -> None:
        """Gives up. The slot stays unbootable, and the target may be incomplete in it."""


class Installer(Protocol):
    """Puts targets into the slots of a device, and reads them back.

    The client calls it only for a slot that the boot loader does not start, in this order. For each target:
    `problem`, then `begin`, `write` and `finish`; when all targets have been written, `read` for each, to
    hash the bytes on the medium. A power cut at any point starts this order again from its beginning, so
    each method may find a half-written slot. Bytes are those of the target after decompression.

        writer = installer.begin("B", "rootfs", length)
        for chunk in chunks:
            writer.write(chunk)
        writer.finish()
        assert sha256(installer.read("B", "rootfs", offset, length) ...) == listed
    """

    def check(self) -> list[str]:
        """Returns the problems of its configuration, such as a missing device; empty if it is usable."""

    def problem(self, slot: str, target: str, length: int) -> str | None:
        """Returns why `length` bytes do not fit into the slot; None if they do. Writes nothing."""

    def clear(self, slot: str) -> None:
        """Removes what an earlier release left in the slot, where the slot is a folder. Repeatable."""

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        """Starts to write a target of `length` bytes into a slot."""

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns at most `length` bytes of a target in a slot, from the medium; empty at its end.

        A slot without an own length, such as a partition, returns bytes beyond the target too. Raises
        FileNotFoundError if the slot does not contain the target.
        """
