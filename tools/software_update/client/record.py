"""The record: the state in a file of two places, of which each transition writes the older one.

A place has 8 KiB: magic, sequence, length, JSON, SHA-256. A power cut during a write spoils only that
place, so the other one is the state. One write and one fsync suffice, because the file has its length
from the start.

    | "SURECORD" | sequence, 8 bytes | length, 4 bytes | JSON | SHA-256 of everything before |
"""

import dataclasses
import hashlib
import json
import struct
from dataclasses import dataclass

from software_update.base.errors import InputError
from software_update.client.codec import from_json, to_json
from software_update.client.state import DomainState, Installed, State
from software_update.client.system import File, Storage

PLACE_BYTES = 8192
RECORD_BYTES = 2 * PLACE_BYTES
SCHEMA = 1
# Texts that come from outside are cut to so many bytes of JSON.
MAX_TEXT_BYTES, MAX_PRODUCT_BYTES, MAX_WHO_BYTES, MAX_VERSION_BYTES = 240, 120, 100, 64
_MAGIC = b"SURECORD"
_HEADER = struct.Struct(">8sQI")
_DIGEST_BYTES = 32
MAX_STATE_BYTES = PLACE_BYTES - _HEADER.size - _DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class Record:
    """A state with its sequence number."""

    sequence: int
    state: State


def encode(record: Record) -> bytes:
    """Returns the bytes of one place. Raises InputError if the state is too large."""
    content = _content(record.state)
    if len(content) > MAX_STATE_BYTES:
        raise InputError(
            f"the client's state has {len(content)} bytes, more than its record takes; clear it"
        )
    body = _HEADER.pack(_MAGIC, record.sequence, len(content)) + content
    return body + hashlib.sha256(body).digest()


def state_bytes(state: State) -> int:
    """Returns how many bytes a state takes, of at most MAX_STATE_BYTES."""
    return len(_content(state))


def recorded(state: State) -> State:
    """Returns the state without the parts that are not recorded, because each start finds them anew."""
    return dataclasses.replace(state, checking="", root_refused={}, damaged={})


def _content(state: State) -> bytes:
    document = {"schema": SCHEMA, "state": to_json(recorded(state))}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def fitting(state: State) -> State:
    """Returns the state as the record takes it, whatever sources, policies and backends have said.

    It cuts texts that only people read. If the state is too large even so, it forgets the oldest answers that
    are not about the plan, so a person is asked again, and then the oldest failures. `largest_state` is what
    may be left.
    """
    state = _with_short_texts(state)
    about = (state.plan.release, state.plan.root) if state.plan else None
    while state_bytes(state) > MAX_STATE_BYTES:
        other = next((each for each in state.answers if (each.release, each.root) != about), None)
        if other is not None:
            answers = tuple(each for each in state.answers if each is not other)
            state = dataclasses.replace(state, answers=answers)
        elif state.failures:
            state = dataclasses.replace(state, failures=state.failures[1:])
        else:
            break
    return state


def _with_short_texts(state: State) -> State:
    plan, result = state.plan, state.result
    answers = tuple(
        dataclasses.replace(each, who=_cut(each.who, MAX_WHO_BYTES)) for each in state.answers
    )
    if plan is not None:
        plan = dataclasses.replace(
            plan,
            product=_cut(plan.product, MAX_PRODUCT_BYTES),
            version=_cut(plan.version, MAX_VERSION_BYTES),
            identity=_cut(plan.identity, MAX_VERSION_BYTES),
            reason=_cut(plan.reason, MAX_TEXT_BYTES),
            steps=tuple(_cut(each, MAX_VERSION_BYTES) for each in plan.steps),
        )
    if result is not None:
        result = dataclasses.replace(result, text=_cut(result.text, MAX_TEXT_BYTES))
    domains = {name: _with_short_versions(each) for name, each in state.domains.items()}
    return dataclasses.replace(state, plan=plan, result=result, answers=answers, domains=domains)


def _with_short_versions(domain: DomainState) -> DomainState:
    slots = {slot: _with_short_version(each) for slot, each in domain.slots.items()}
    floor = _with_short_version(domain.floor) if domain.floor else None
    return dataclasses.replace(domain, slots=slots, floor=floor)


def _with_short_version(release: Installed) -> Installed:
    return dataclasses.replace(release, version=_cut(release.version, MAX_VERSION_BYTES))


def _cut(text: str, most: int) -> str:
    text = text.encode(errors="replace")[:most].decode(errors="ignore")
    while len(json.dumps(text, ensure_ascii=False).encode()) > most + len('""'):
        text = text[:-1]
    return text


def decode(place: bytes) -> Record | None:
    """Returns the record in one place; None if the place is empty, torn or damaged."""
    if len(place) < _HEADER.size:
        return None
    magic, sequence, length = _HEADER.unpack_from(place)
    end = _HEADER.size + length
    if magic != _MAGIC or end + _DIGEST_BYTES > len(place):
        return None
    if hashlib.sha256(place[:end]).digest() != place[end : end + _DIGEST_BYTES]:
        return None
    document = json.loads(place[_HEADER.size : end])
    if document.get("schema") != SCHEMA:
        raise InputError(
            f"the client's record has schema {document.get('schema')}; this version reads {SCHEMA}"
        )
    try:
        return Record(sequence, from_json(State, document["state"]))
    except ValueError as error:
        raise InputError(f"the client's record was written by another version ({error})") from None


class RecordFile:
    """The file of the record, open for the life of the client.

    record = RecordFile(storage, "/var/lib/software-update", "record")
    state = record.state or State()
    record.write(new_state)
    """

    def __init__(self, storage: Storage, folder: str, name: str = "record") -> None:
        """Opens the file, and reserves its room if it is new.

        Raises InputError if both places are damaged.
        """
        path = f"{folder}/{name}"
        # A new file gets its name only when its room is on the medium.
        if not storage.exists(path):
            _reserve(storage, folder, f"{name}.new", path)
        self._file: File = storage.open_to_write(path)
        # A client that was killed may have written a place and not synced it. The next write goes to the
        # other place, so this one must be on the medium first. If a sync failed, only the cache has it.
        self._file.sync()
        self._file.drop_cache()
        if self._file.size() < RECORD_BYTES:
            raise InputError(
                f"{path}: has {self._file.size()} bytes instead of {RECORD_BYTES}: it was shortened; "
                "provision the device again"
            )
        places = [self._file.read(start, PLACE_BYTES) for start in (0, PLACE_BYTES)]
        records = [decode(place) for place in places]
        valid = [each for each in records if each is not None]
        self._current = max(valid, key=lambda each: each.sequence, default=None)
        if self._current is None and any(place.strip(b"\0") for place in places[1:]):
            raise InputError(
                f"{path}: both copies of the state are damaged; provision the device again"
            )

    @property
    def state(self) -> State | None:
        """The state that was written last; None if none was."""
        return self._current.state if self._current else None

    def write(self, state: State) -> None:
        """Writes a state and syncs it: one write, one fsync."""
        sequence = self._current.sequence + 1 if self._current else 1
        record = Record(sequence, state)
        # An odd sequence is in the first place, so the last write of a new file spoils nothing.
        offset = 0 if sequence % 2 else PLACE_BYTES
        self._file.write(offset, encode(record))
        self._file.sync()
        self._current = record

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _reserve(storage: Storage, folder: str, new_name: str, path: str) -> None:
    new_path = f"{folder}/{new_name}"
    file = storage.open_to_write(new_path)
    try:
        file.write(0, bytes(RECORD_BYTES))
        file.sync()
    finally:
        file.close()
    storage.rename(new_path, path)
    storage.sync_folder(folder)
