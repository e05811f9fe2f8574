"""The interface of an installer, which puts a target's bytes into a slot."""

from typing import Protocol, runtime_checkable


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
    each method may find a half-written slot; `ResumesTargets` spares a download from that. Bytes are those
    of the target after decompression.

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


class PartWriter(TargetWriter, Protocol):
    """A writer whose target can be continued by another one after a power cut."""

    def sync(self) -> None:
        """Returns when the bytes written so far are on the medium, where `read_part` finds them."""


@runtime_checkable
class ResumesTargets(Protocol):
    """An installer that continues a target after a power cut or a restart of the client.

    The client keeps the number of bytes that a download has put on the medium, and fetches only the rest.
    It calls neither `clear` nor `begin` then, and `finish` only if the SHA-256 of all bytes is the listed
    one. Without these methods, an interrupted download of the installer's targets starts over.

        writer = installer.resume("B", "rootfs", length, 0)
        writer.write(first)
        writer.sync()
        # The power fails here.
        assert installer.read_part("B", "rootfs", 0, len(first)) == first
        writer = installer.resume("B", "rootfs", length, len(first))
        writer.write(rest)
        writer.finish()
    """

    def read_part(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns at most `length` bytes of a target that has not been finished; empty at its end.

        A slot without an own length may return bytes beyond those that were written. Raises
        FileNotFoundError if the slot contains no part of the target.
        """

    def sync_target(self, slot: str, target: str) -> None:
        """Returns when a finished target is on the medium, under its name.

        The client may have been killed in `finish`: the target can be read then, but may be lost in a power
        cut. Raises FileNotFoundError if the slot does not contain the target.
        """

    def resume(self, slot: str, target: str, length: int, offset: int) -> PartWriter:
        """Starts to write a target of `length` bytes after its first `offset` bytes, which stay.

        With `offset` 0, it is `begin`. Raises InstallError if there are fewer bytes.
        """
