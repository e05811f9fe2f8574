"""The slots of a domain with MCUboot, which swaps images: a slot is known by the hash of its image."""

from collections.abc import Sequence
from dataclasses import dataclass

from software_update.base.strict_json import parse_object, to_text
from software_update.client.boot_control import SlotState
from software_update.client.paths import read_whole, write_whole
from software_update.client.system import Storage

_MAX_RECORD_BYTES = 16 * 1024
# More than any microcontroller with MCUboot has.
_MAX_IMAGE_BYTES = 1 << 26
_HASH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot: the hash of its image in hexadecimal, empty if unknown, and its state before the last start."""

    hash: str = ""
    state: SlotState = SlotState.UNBOOTABLE


class KeptSlots:
    """The slots of a domain, in a folder of the client: `slots.json`, and the image of each slot.

    SMP cannot read an image back, so the client keeps the bytes that it sent.
    """

    def __init__(self, storage: Storage, folder: str, slots: Sequence[str]) -> None:
        self.storage = storage
        self.folder = folder
        self.slots = tuple(slots)
        self._path = f"{folder}/slots.json"

    def image_path(self, slot: str) -> str:
        """Returns the path of the image of a slot."""
        return f"{self.folder}/{slot}.image"

    def image(self, slot: str) -> bytes | None:
        """Returns the image of a slot; None if the client has not installed it. Raises OSError."""
        path = self.image_path(slot)
        content = read_whole(self.storage, path, _MAX_IMAGE_BYTES)
        if content is not None and len(content) > _MAX_IMAGE_BYTES:
            raise OSError(f"{path}: has more than {_MAX_IMAGE_BYTES} bytes; build a smaller image")
        return content

    def read(self) -> dict[str, KeptSlot]:
        """Returns all slots. Raises OSError if the file cannot be read, or is not a record of slots."""
        content = read_whole(self.storage, self._path, _MAX_RECORD_BYTES)
        try:
            values = parse_object(content) if content is not None else {}
            return {slot: _slot(values.get(slot)) for slot in self.slots}
        except (ValueError, TypeError, KeyError):
            raise OSError(
                f"{self._path}: is not a record of slots; remove it, and install again"
            ) from None

    def write(self, kept: dict[str, KeptSlot]) -> None:
        """Replaces the record, if it changes. Raises OSError."""
        values = {slot: {"hash": kept[slot].hash, "state": kept[slot].state.value} for slot in kept}
        content = to_text(values).encode()
        if read_whole(self.storage, self._path, _MAX_RECORD_BYTES) != content:
            self.storage.make_folder(self.folder)
            write_whole(self.storage, self._path, content)


def _slot(value: dict[str, str] | None) -> KeptSlot:
    if value is None:
        return KeptSlot()
    found = KeptSlot(value["hash"], SlotState(value["state"]))
    if len(bytes.fromhex(found.hash)) * 2 not in (0, _HASH_LENGTH):
        raise ValueError("hash")
    return found
