"""The device of a scenario: slots A and B as folders, U-Boot, and the real client.

Its storage forgets what was not synced when the power fails. U-Boot has a redundant environment, and counts
the starts of each slot as its script for RAUC does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from software_update.client import staging
from software_update.client.boot.uboot import UBoot
from software_update.client.boot_control import SlotState
from software_update.client.config import Approvers
from software_update.client.domain import Domain, HealthCheck, Place
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.look import Known, look
from software_update.client.payload_copy import Means
from software_update.client.release import decode_release
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.client.simulator import bootloader, environment
from software_update.client.simulator.changes import KEPT
from software_update.client.simulator.image import Device as BlockDevice
from software_update.client.simulator.image import Image
from software_update.client.simulator.machine import (
    COMMAND_LINE,
    DEFAULT_TIME,
    SimulatedClock,
    boot,
)
from software_update.client.simulator.power import Power, PowerCut
from software_update.client.simulator.read_only import ReadOnlyFile
from software_update.client.simulator.repository import SimulatedRepository
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.source import OpenBundle
from software_update.client.state import State
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import ProgramResult
from software_update.format.metadata import Installed
from software_update.verify.roots import trust_root

DOMAIN = "main"
PERSON = Caller("person", frozenset(), own=True)
_SLOTS = ("A", "B")
_SLOT_FOLDERS = {slot: f"/slots/{slot}" for slot in _SLOTS}
_ENVIRONMENT_BYTES = 0x400
_CONFIG = "/dev/env1 0 400\n/dev/env2 0 400\n"
_STATE = "/state"
_MAX_STARTS = 20


class _Restart(BaseException):
    """The client has restarted the device. It is not an Exception, so no handler of the client's keeps it."""


@dataclass
class Stick:
    """A source that offers the bundle that a person plugged in last."""

    content: bytes | None = None

    def open(self) -> OpenBundle | None:
        """Opens the bundle; None if nothing is offered."""
        return None if self.content is None else StoredBundle(ReadOnlyFile(self.content))

    def describe(self) -> str:
        """Returns the name of the source."""
        return "the stick"


class Device:
    """A device from the factory, with the power on.

    `anchor` is the root file in its image. `on_change` gets each new state of its client. `repository` is a
    source after the stick.
    """

    def __init__(
        self,
        anchor: bytes,
        hardware_id: str | None,
        vendor: str,
        on_change: Callable[[State], None],
        repository: SimulatedRepository | None = None,
    ) -> None:
        self._anchor = anchor
        self._hardware_id = hardware_id
        self._vendor = vendor
        self._on_change = on_change
        self._repository = repository
        self._starts = 0
        self.stick = Stick()
        self.healthy = True
        self.disk_full = False
        self._wall = DEFAULT_TIME
        self._start(_factory_image(), Power())

    # What a person does.

    def do(self, action: Callable[[Control], object], cut_at: int | None = None) -> str | None:
        """Lets a person do something, and the client what follows. Returns where the power failed, or None.

        `cut_at` is the crash point, from 1, at which the power fails.
        """
        power = Power(cut_at=cut_at)
        self.storage.power = power
        try:
            self._with_restarts(action)
        except PowerCut:
            assert power.cut is not None
            where = power.cut.what
            self._start(power.cut.durable(), Power())
            return where
        return None

    def points(self) -> int:
        """Returns the number of crash points since `do` began."""
        return self.storage.power.points

    def restart(self) -> None:
        """Restarts the device in an orderly way."""
        self._start(self._synced_image(), Power())

    def fill_disk(self, full: bool) -> None:
        """Leaves no room on the disk, or enough."""
        self.disk_full = full
        self._set_capacity()

    def factory(self, bundle: bytes) -> None:
        """Installs a release in slot A, as the factory does, and provisions the client."""
        opened, domain = StoredBundle(ReadOnlyFile(bundle)), self.client.domains[DOMAIN]
        known = Known(trust_root(self._anchor), None, self.clock.now())
        found = look(domain, opened, known)
        if found.problem is not None:
            raise found.problem
        release: Installed = decode_release(found.manifest)
        means = Means(self.storage, _STATE, lambda _: None)
        staging.write_slot(domain, "A", release, opened, None, means)
        self.control.provision(PERSON, found.manifest, None)

    def move_clock(self, wall: int) -> None:
        """Sets the wall clock. A wait that is over by then ends."""
        passed = max(0, wall - self.clock.now())
        self.clock.set(wall)
        self.clock.running += passed
        self._wall = wall

    # What the device shows.

    def slots(self) -> Mapping[str, SlotState]:
        """Returns the state of each slot, as the boot loader keeps it."""
        return self.client.domains[DOMAIN].boot.status().slots

    @property
    def booted(self) -> str:
        """The slot that runs."""
        return self.machine.booted

    # The machine.

    def _with_restarts(self, action: Callable[[Control], object]) -> None:
        try:
            action(self.control)
            self.client.run()
        except _Restart:
            self._start(self._synced_image(), self.storage.power)

    def _start(self, image: Image, power: Power) -> None:
        """Starts the machine and its client. The client may restart it again."""
        while True:
            self._starts += 1
            self.clock = SimulatedClock(self._wall, f"boot-{self._starts}")
            self.storage = SimulatedStorage(image, power)
            self._set_capacity()
            self.machine = boot(
                self.storage,
                bootloader.UBoot(environment.parse_config(_CONFIG)),
                clock=self.clock,
                programs={"healthy": self._check_health, "restart": _restart},
            )
            self.client = Client(
                self.machine.system, _STATE, {DOMAIN: self._domain()}, self._on_change
            )
            self.control = Control(self.client, Approvers(frozenset(), frozenset()))
            try:
                self.client.start()
                self.client.run()
                return
            except _Restart:
                image = self._synced_image()

    def _domain(self) -> Domain:
        system = self.machine.system
        return Domain(
            name=DOMAIN,
            vendor=self._vendor,
            anchor=self._anchor,
            hardware_id=self._hardware_id,
            slots=_SLOTS,
            sources=[self.stick, *([self._repository.source] if self._repository else [])],
            places=[Place(("*",), DirectoryInstaller(system.storage, _SLOT_FOLDERS))],
            boot=UBoot(system, _SLOTS),
            health=[HealthCheck(("healthy",), 10)],
            restart=("restart",),
        )

    def _check_health(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        return ProgramResult(0, b"", b"") if self.healthy else ProgramResult(1, b"", b"it is ill\n")

    def _synced_image(self) -> Image:
        snapshot = self.storage.snapshot()
        return snapshot.outcome((KEPT,) * len(snapshot.pending))

    def _set_capacity(self) -> None:
        self.storage.capacity = None
        if self.disk_full:
            self.storage.capacity = self.storage.used()


def _restart(argv: Sequence[str], stdin: bytes) -> ProgramResult:
    raise _Restart


def _factory_image() -> Image:
    variables = {"BOOT_ORDER": "A", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "0"}
    copies = [
        BlockDevice(environment.encode(variables, _ENVIRONMENT_BYTES, counter))
        for counter in (1, 0)
    ]
    return Image.of(
        {
            "/dev/env1": copies[0],
            "/dev/env2": copies[1],
            "/etc/fw_env.config": _CONFIG.encode(),
            COMMAND_LINE: b"",
            _STATE: None,
            "/slots": None,
        }
    )
