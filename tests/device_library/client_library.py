"""The client and the boot decision of the device library as Python functions (ctypes), on flash in Python."""

from __future__ import annotations

import ctypes
import dataclasses
import enum
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class Status(enum.Enum):
    """As in journal.h, in its order."""

    OK = 0
    BAD_STATE = 1
    NEEDS_CONSENT = 2
    OTHER_QUESTION = 3
    REFUSED = 4
    UNKNOWN_TARGET = 5
    MISSING_TARGET = 6
    SLOT_TOO_SMALL = 7
    TOO_MANY_ROOTS = 8
    STORAGE_FAILED = 9
    CANCELLED = 10
    REJECTED = 11
    TRIAL_FAILED = 12


class State(enum.Enum):
    """As in journal.h."""

    READY = 0
    WRITING = 1
    CANDIDATE = 2
    STAGED = 3
    FAILED = 4
    TRIAL = 5
    REJECTED = 6
    UPDATED = 7


class Info(NamedTuple):
    """Members of Info in client.h; versions of the confirmed and the next release, 0 if there is none."""

    state: State
    slot: int
    running: int
    boots: int
    version: int
    counter: int
    has_counter: int
    status: Status
    outcome: int
    verdict: int
    beyond: int
    confirmed: int
    next: int


class Decision(ctypes.Structure):
    """software_update_decision."""

    _fields_ = (
        ("start", ctypes.c_bool),
        ("slot", ctypes.c_uint8),
        ("trial", ctypes.c_bool),
        ("boots", ctypes.c_uint8),
        ("version", ctypes.c_uint32),
    )


class Question(ctypes.Structure):
    """As TestQuestion in client_for_test.cc."""

    _fields_ = (
        ("asked", ctypes.c_uint32),
        ("phase", ctypes.c_uint32),
        ("version", ctypes.c_uint32),
        ("counter", ctypes.c_uint32),
        ("release", ctypes.c_uint8 * 32),
        ("root", ctypes.c_uint8 * 32),
    )


_READ = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t
)
_ERASE = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32)


class _Flash(ctypes.Structure):
    _fields_ = (
        ("context", ctypes.c_void_p),
        ("read", _READ),
        ("program", _READ),
        ("erase", _ERASE),
        ("program_unit", ctypes.c_uint32),
        ("erase_unit", ctypes.c_uint32),
    )


class _Slot(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_uint32 * 2),
        ("size", ctypes.c_uint32),
    )


class _Places(ctypes.Structure):
    _fields_ = (
        ("journal", ctypes.c_uint32 * 2),
        ("journal_bytes", ctypes.c_uint32),
        ("data", ctypes.c_uint32 * 2),
        ("data_bytes", ctypes.c_uint32),
        ("slot", ctypes.POINTER(_Slot)),
        ("slots", ctypes.c_uint32),
    )


# Says whether the Nth operation of a kind ("read", "program", "erase") in a region fails.
Fault = Callable[[str, str, int], bool]


class Flash:
    """NOR flash whose operations fail as `fault` says. `regions`: their names and first addresses."""

    def __init__(self, size: int, regions: dict[str, int], unit: int, sector: int) -> None:
        self.content = bytearray(b"\xff" * size)
        self.fault: Fault = lambda kind, region, number: False
        # The next bytes that are programmed change on their way.
        self.is_faulty = False
        self.counts: Counter[tuple[str, str]] = Counter()
        self._regions, self._sector = regions, sector
        self._functions = (_READ(self._read), _READ(self._program), _ERASE(self._erase))
        self.structure = _Flash(None, *self._functions, unit, sector)

    def fail(self, kind: str, region: str, number: int) -> None:
        """Lets one operation fail, counted from 1 and from now on."""
        self.counts.clear()
        self.fault = lambda *operation: operation == (kind, region, number)

    def work(self) -> None:
        """Lets no operation fail any more."""
        self.fault = lambda kind, region, number: False

    def _fails(self, kind: str, address: int) -> bool:
        region = max((at, name) for name, at in self._regions.items() if at <= address)[1]
        self.counts[kind, region] += 1
        return self.fault(kind, region, self.counts[kind, region])

    def _read(self, _: int, address: int, out: int, size: int) -> bool:
        if self._fails("read", address):
            return False
        ctypes.memmove(out, bytes(self.content[address : address + size]), size)
        return True

    def _program(self, _: int, address: int, data: int, size: int) -> bool:
        new = bytearray(ctypes.string_at(data, size))
        assert self.content[address : address + size] == b"\xff" * size
        if self._fails("program", address):
            return False
        if self.is_faulty and new:
            self.is_faulty = False
            new[0] ^= 1
        self.content[address : address + size] = new
        return True

    def _erase(self, _: int, address: int) -> bool:
        assert address % self._sector == 0
        if self._fails("erase", address):
            return False
        self.content[address : address + self._sector] = b"\xff" * self._sector
        return True


@dataclasses.dataclass(frozen=True)
class Layout:
    """Sizes of a device's flash, in bytes, and the names of its targets."""

    unit: int = 8
    sector: int = 512
    journal: int = 512
    data: int = 2048
    slot: int = 512
    names: tuple[str, ...] = ("app", "radio")
    anchor: bytes = b""


VERBS = ("finish", "install", "accept", "reject", "cancel", "clean")


class Device:
    """A device from its first start on."""

    def __init__(self, library: ctypes.CDLL, layout: Layout) -> None:
        self._library, self.layout = library, layout
        data, slots = 2 * layout.journal, 2 * (layout.journal + layout.data)
        size = slots + 2 * len(layout.names) * layout.slot
        regions = {"journal": 0, "data": data, "slots": slots}
        self.flash = Flash(size, regions, layout.unit, layout.sector)
        addresses = [slots + index * layout.slot for index in range(2 * len(layout.names))]
        self.addresses = list(zip(addresses[::2], addresses[1::2], strict=True))
        self.places = self._places(layout.slot)

    def _places(self, slot_bytes: int) -> _Places:
        layout = self.layout
        slots = (_Slot * len(layout.names))(
            *(
                _Slot(name.encode(), (ctypes.c_uint32 * 2)(*at), slot_bytes)
                for name, at in zip(layout.names, self.addresses, strict=True)
            )
        )
        data = 2 * layout.journal
        return _Places(
            (0, layout.journal),
            layout.journal,
            (data, data + layout.data),
            layout.data,
            slots,
            len(slots),
        )

    def boot(self, *, compares: bool = True, slot_bytes: int | None = None) -> Decision:
        """Returns the decision of the boot loader, which has another size of slots if one is given."""
        places = self.places if slot_bytes is None else self._places(slot_bytes)
        flash = ctypes.byref(self.flash.structure)
        boot = self._library.client_boot
        boot.restype = Decision
        decision: Decision = boot(flash, ctypes.byref(places), ctypes.c_bool(compares))
        return decision

    def load(self, running: int = 0) -> Status:
        flash, anchor = ctypes.byref(self.flash.structure), self.layout.anchor
        places = ctypes.byref(self.places)
        size = ctypes.c_size_t(len(anchor))
        return Status(self._library.client_load(flash, flash, places, anchor, size, running))

    def restart(self) -> Decision:
        """Boots and loads."""
        decision = self.boot()
        assert self.load(decision.slot) == Status.OK
        return decision

    def start(self, size: int = 1000) -> Status:
        return Status(self._library.client_start(ctypes.c_uint64(size)))

    def write(self, content: bytes) -> tuple[Status, int]:
        """Returns the status, and how many bytes were taken."""
        used, size = ctypes.c_size_t(), ctypes.c_size_t(len(content))
        status = self._library.client_write(content, size, ctypes.byref(used))
        return Status(status), used.value

    def verb(self, name: str) -> Status:
        return Status(self._library.client_verb(VERBS.index(name)))

    def question(self) -> Question:
        question = Question()
        self._library.client_question(ctypes.byref(question))
        return question

    def approve(self, question: Question | None = None) -> Status:
        given = self.question() if question is None else question
        return Status(self._library.client_approve(ctypes.byref(given)))

    def query(self) -> Info:
        out = (ctypes.c_uint32 * 13)()
        self._library.client_query(out)
        return Info._make((State(out[0]), *out[1:7], Status(out[7]), *out[8:]))

    # Longer parts of an update.

    def take(self, bundle: bytes) -> Status:
        """Writes a bundle with consent. Returns the first status that is neither OK nor a question."""
        status, at = self.start(len(bundle)), 0
        while status == Status.OK and at < len(bundle):
            status, used = self.write(bundle[at : at + 100])
            at += used
            if status == Status.NEEDS_CONSENT:
                status = self.approve()
        if status == Status.OK:
            status = self.verb("finish")
        if status == Status.NEEDS_CONSENT:
            status = self.approve()
            if status == Status.OK:
                status = self.verb("finish")
        return status

    def stage(self, bundle: bytes) -> Status:
        """Writes a bundle and stages it, with consent."""
        steps: Sequence[Callable[[], Status]] = (
            lambda: self.take(bundle),
            self.approve,
            lambda: self.verb("install"),
        )
        return _first_fault(steps)

    def update(self, bundle: bytes) -> Status:
        """Takes a bundle, tries it and accepts it."""
        status = self.stage(bundle)
        if status == Status.OK:
            status = self.load(self.boot().slot)
        return (
            _first_fault((lambda: self.verb("accept"), lambda: self.verb("clean")))
            if status == Status.OK
            else status
        )


def _first_fault(steps: Sequence[Callable[[], Status]]) -> Status:
    for step in steps:
        status = step()
        if status != Status.OK:
            return status
    return Status.OK


def load(path: Path) -> ctypes.CDLL:
    """Returns the shared library of client_for_test.cc."""
    return ctypes.CDLL(str(path.absolute()))


def from_environment() -> ctypes.CDLL:
    """Returns the library whose path is in the environment variable CLIENT."""
    return load(Path(os.environ["CLIENT"]))
