"""The file about an unfinished download into a slot: which bytes of a target are on the medium already.

It saves only time. Bytes are verified when the target is complete, and again when they are read back from the
slot, so a wrong number costs another download and nothing else.
"""

import contextlib
import json
from dataclasses import dataclass

from software_update.client.codec import from_json, to_json
from software_update.client.paths import read_whole, write_whole
from software_update.client.system import Storage

FILE_NAME = "fetched.json"
_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Fetched:
    """The first `length` bytes of a target are on the medium, in one slot of one domain.

    `release` is the release digest. Without a target, the slot has no part of one, but may have whole ones.
    `spooled` says that the bytes are in the client's folder instead, because the payload is compressed.
    """

    domain: str
    slot: str
    release: str
    target: str = ""
    length: int = 0
    spooled: bool = False


class FetchedFile:
    """The file in the client's folder. One write into a slot at a time uses it."""

    def __init__(self, storage: Storage, folder: str) -> None:
        self._storage = storage
        self._folder = folder
        self._path = f"{folder}/{FILE_NAME}"

    def read(self, domain: str, slot: str, release: str) -> Fetched | None:
        """Returns what was saved about the release in a slot; None if nothing was, or it is damaged."""
        content = read_whole(self._storage, self._path, _MAX_BYTES)
        if content is None:
            return None
        try:
            found: Fetched = from_json(Fetched, json.loads(content))
        except (ValueError, RecursionError):
            return None
        same = (found.domain, found.slot, found.release) == (domain, slot, release)
        return found if same and found.length >= 0 else None

    def save(self, fetched: Fetched) -> None:
        """Replaces the file. The bytes that it is about must be on the medium.

        A failure, such as a full disk, is ignored: the download goes on, and cannot be continued from here.
        """
        with contextlib.suppress(OSError):
            write_whole(self._storage, self._path, json.dumps(to_json(fetched)).encode())

    def remove(self) -> None:
        """Returns when the file is not on the medium any more. Call it before a slot is written anew."""
        self._storage.remove(self._path)
        self._storage.sync_folder(self._folder)
