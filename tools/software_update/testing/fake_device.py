"""A device in memory for tests of the client: one domain, two slots that are files, a boot loader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.domain import Domain, Place
from software_update.client.installers.raw import RawInstaller
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.source import OpenBundle, SourceError
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import File, System
from software_update.testing import encode as e
from software_update.testing.memory_storage import MemoryStorage

BUNDLE = "/stick/update.bundle"
STATE = "/state"


@dataclass
class FakeBoot:
    """A boot loader that keeps its state, and counts three tries."""

    booted: str = "A"
    slots: dict[str, SlotState] = field(
        default_factory=lambda: {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE}
    )
    tries: int = 0
    calls: list[str] = field(default_factory=list)

    def check(self) -> list[str]:
        return []

    def warnings(self) -> list[str]:
        return []

    def status(self) -> BootStatus:
        return BootStatus(self.booted, self._next(), dict(self.slots))

    def mark_unbootable(self, slot: str) -> None:
        self.calls.append(f"mark_unbootable {slot}")
        self.slots[slot] = SlotState.UNBOOTABLE

    def try_slot(self, slot: str) -> None:
        self.calls.append(f"try_slot {slot}")
        self.slots[slot], self.tries = SlotState.TRYING, 3

    def confirm(self, slot: str) -> None:
        self.calls.append(f"confirm {slot}")
        self.slots[slot] = SlotState.GOOD

    def start(self) -> None:
        """Starts the device, as its boot loader would."""
        trying = [slot for slot, state in self.slots.items() if state == SlotState.TRYING]
        if trying and self.tries == 0:
            self.slots[trying[0]] = SlotState.EXHAUSTED
        elif trying:
            self.tries -= 1
        self.booted = self._next() or "none"

    def _next(self) -> str | None:
        for wanted in (SlotState.TRYING, SlotState.GOOD):
            for slot, state in self.slots.items():
                if state == wanted and (wanted == SlotState.TRYING or slot == self.booted):
                    return slot
        good = [slot for slot, state in self.slots.items() if state == SlotState.GOOD]
        return good[0] if good else None


class ForwardBundle(StoredBundle):
    """A bundle that can only be read forward, as over a network."""

    can_reread = False


@dataclass
class FakeSource:
    """A bundle in a file of the device; `opened` makes an open bundle of the open file.

    `opened_hook` is called each time that it is opened. From the time with the number `fails_from` on, it
    fails.
    """

    storage: MemoryStorage
    opened: Callable[[File], OpenBundle] = StoredBundle
    problem: str = ""
    opened_hook: Callable[[], None] = lambda: None
    fails_from: int = 1_000_000
    times: int = 0

    def open(self) -> OpenBundle | None:
        self.opened_hook()
        self.times += 1
        if self.times >= self.fails_from:
            raise SourceError("no answer")
        if self.problem:
            raise SourceError(self.problem)
        if not self.storage.exists(BUNDLE):
            return None
        return self.opened(self.storage.open(BUNDLE))

    def describe(self) -> str:
        return BUNDLE


@dataclass
class FakeDevice:
    """The machine, its boot loader and its source. Slot A runs."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)
    boot: FakeBoot = field(default_factory=FakeBoot)
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    programs: SimulatedPrograms = field(default_factory=SimulatedPrograms)

    def __post_init__(self) -> None:
        self.storage.free = 1 << 26
        for folder in ("/stick", "/slots"):
            self.storage.make_folder(folder)
        for target in ("app", "boot"):
            for slot in ("A", "B"):
                self.storage.put(f"/slots/{target}_{slot}", b"")
        self.source = FakeSource(self.storage)

    @property
    def system(self) -> System:
        """The machine as the client sees it."""
        return System(self.storage, self.programs, self.clock, SimulatedNetwork())

    def domain(self, targets: Sequence[str] = ("app", "boot"), **changes: object) -> Domain:
        """Returns a domain with one raw slot for each target."""
        places = [
            Place(
                (name,),
                RawInstaller(
                    self.storage, name, {slot: f"/slots/{name}_{slot}" for slot in ("A", "B")}
                ),
            )
            for name in targets
        ]
        made = Domain(
            name="main",
            vendor="Example",
            anchor=e.signed(e.root(), e.ROOT_KEY),
            hardware_id=None,
            slots=("A", "B"),
            sources=[self.source],
            places=places,
            boot=self.boot,
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def offer(self, content: bytes) -> None:
        """Puts a bundle where the source finds it."""
        self.storage.put(BUNDLE, content)

    def slot(self, target: str, slot: str) -> bytes:
        """Returns the content of a target in a slot."""
        return self.storage.content(f"/slots/{target}_{slot}")
