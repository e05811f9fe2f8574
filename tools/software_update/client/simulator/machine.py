"""A machine from its start to its end: storage, programs, clocks and network, as the client sees them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from software_update.client.simulator.boot_programs import BootPrograms
from software_update.client.simulator.bootloader import BootLoader
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.system import ProgramResult, Response, System

Program: TypeAlias = Callable[[Sequence[str], bytes], ProgramResult]
"""A program: arguments, of which the first is its name, and standard input."""

COMMAND_LINE = "/proc/cmdline"
"""The file in which the kernel shows the slot that the boot loader started, if the image has this file."""

_SLOT = "software_update.slot="

DEFAULT_TIME = 1_800_000_000
"""The wall clock of a machine at its start, in seconds since 1970."""


@dataclass(slots=True)
class SimulatedClock:
    """A `system.Clock` that moves only with `advance` and `set`."""

    wall: int = DEFAULT_TIME
    boot: str = "boot-1"
    running: float = 0.0
    draws: int = 0

    def now(self) -> int:
        """See `system.Clock.now`."""
        return self.wall

    def local_minute(self) -> int:
        """See `system.Clock.local_minute`. The device is in the time zone of UTC."""
        return self.wall // 60 % (24 * 60)

    def since_boot(self) -> float:
        """See `system.Clock.since_boot`."""
        return self.running

    def boot_id(self) -> str:
        """See `system.Clock.boot_id`."""
        return self.boot

    def random(self) -> float:
        """See `system.Clock.random`. The numbers are the same in each run."""
        self.draws += 1
        digest = hashlib.sha256(f"{self.boot} {self.draws}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / (1 << 48)

    def random_bytes(self, length: int) -> bytes:
        """See `system.Clock.random_bytes`. The bytes are the same in each run, and differ in each start."""
        self.draws += 1
        return hashlib.shake_256(f"{self.boot} {self.draws}".encode()).digest(length)

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.running += seconds
        self.wall += int(seconds)

    def set(self, wall: int) -> None:
        """Sets the wall clock, also backwards. The time since the start does not change."""
        self.wall = wall


@dataclass(slots=True)
class SimulatedPrograms:
    """`system.Programs`, by the last part of their path. `calls` lists what ran."""

    programs: dict[str, Program] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        """See `system.Programs.run`."""
        del timeout
        self.calls.append(tuple(argv))
        program = self.programs.get(argv[0].rsplit("/", 1)[-1])
        if program is None:
            raise FileNotFoundError(f"{argv[0]}: there is no such program on the simulated device")
        return program(argv, stdin)


@dataclass(slots=True)
class SimulatedNetwork:
    """`system.Network` with one server, a callable; None if the device is offline.

    `receiver` is the part of the server that gets requests with a body: method, URL, headers, body.
    """

    server: Callable[[str, Mapping[str, str]], Response] | None = None
    receiver: Callable[[str, str, Mapping[str, str], bytes], Response] | None = None

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """See `system.Network.get`."""
        if self.server is None:
            raise ConnectionError(f"{url}: the simulated device is offline")
        return self.server(url, headers)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """See `system.Network.send`."""
        if self.receiver is None:
            raise ConnectionError(f"{url}: the simulated device is offline")
        return self.receiver(method, url, headers, body)


class CannotStart(Exception):
    """The boot loader finds no slot to start."""


@dataclass(slots=True)
class Machine:
    """A running machine. `booted` is the slot that the boot loader started."""

    storage: SimulatedStorage
    programs: SimulatedPrograms
    clock: SimulatedClock
    network: SimulatedNetwork
    booted: str

    @property
    def system(self) -> System:
        """The machine as the client sees it."""
        return System(self.storage, self.programs, self.clock, self.network)


def boot(
    storage: SimulatedStorage,
    loader: BootLoader,
    *,
    clock: SimulatedClock | None = None,
    programs: Mapping[str, Program] | None = None,
) -> Machine:
    """Starts a machine. The boot loader's writes are crash points, too.

    If the storage is that of a machine that is on already, only the client starts. `programs` are added to
    `fw_printenv` and `fw_setenv`. Raises CannotStart, and PowerCut.
    """
    booted = _running(storage) if storage.alive else loader.start(storage)
    if booted is None:
        raise CannotStart("the boot loader finds no slot to start")
    if not storage.alive and storage.exists(COMMAND_LINE):
        storage.show(COMMAND_LINE, f"{_SLOT}{booted}".encode())
    tools = BootPrograms(storage)
    return Machine(
        storage,
        SimulatedPrograms(
            {"fw_printenv": tools.printenv, "fw_setenv": tools.setenv, **(programs or {})}
        ),
        clock or SimulatedClock(),
        SimulatedNetwork(),
        booted,
    )


def _running(storage: SimulatedStorage) -> str:
    file = storage.open(COMMAND_LINE)
    return file.read(0, file.size()).decode().removeprefix(_SLOT)
