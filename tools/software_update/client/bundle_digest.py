"""The release digest of a bundle that nothing has verified. Pure."""

from software_update.base.errors import SoftwareUpdateError
from software_update.bundle.head import read_whole
from software_update.client.release import offered_digest


class _Bytes:
    """Bytes as a source of a bundle."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def size(self) -> int:
        return len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]


def bundle_digest(content: bytes) -> bytes:
    """Returns the 32 bytes of the release digest. Raises ValueError for a file that is not a bundle."""
    try:
        digest = offered_digest(read_whole(_Bytes(content)).envelope)
    except SoftwareUpdateError as error:
        raise ValueError(f"is not a bundle ({error})") from None
    if not digest:
        raise ValueError("is a bundle without targets metadata; make it again")
    return bytes.fromhex(digest)
