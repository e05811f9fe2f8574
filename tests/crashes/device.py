"""A simulated device with two slots, a person who answers its questions, and the real client on it."""

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname

from software_update.base.errors import InputError
from software_update.client import events, named_files
from software_update.client.boot.uboot import UBoot as UBootControl
from software_update.client.domain import Domain, Place, StartCheck
from software_update.client.installer import Installer
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.raw import RawInstaller
from software_update.client.release import encode_release, release_digest
from software_update.client.repository import RepositorySource
from software_update.client.shell.client import Client
from software_update.client.simulator import environment
from software_update.client.simulator.bootloader import UBoot
from software_update.client.simulator.changes import SECTOR
from software_update.client.simulator.crashes import Ending, Ran, State
from software_update.client.simulator.image import Device as BlockDevice
from software_update.client.simulator.image import Image
from software_update.client.simulator.machine import (
    COMMAND_LINE,
    Machine,
    SimulatedClock,
    boot,
)
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.source import OpenBundle, Source
from software_update.client.sources.file import FileSource
from software_update.client.state import AT_REST, Answer, Installed, Reply, Staging
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import ProgramResult, Storage
from software_update.format.metadata import Targets, parse_signed_targets
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.verify.roots import trust_root

from tests.crashes.repository import PRODUCT, CachedRepository, Publication

SLOTS = ("A", "B")
FOLDER = "/var/lib/software-update"
BUNDLE = "/usb/update.bundle"
GOLDEN = "/recovery/golden.bundle"
CACHE = f"{FOLDER}/repository/timestamp"
DOMAIN = "main"
ENVIRONMENT = "/dev/env"
ROOT = e.signed(e.root(), e.ROOT_KEY)
# Every image is kept, so everything is small: 5 sectors to a slot, 2 to a copy of the environment.
SLOT_BYTES = 5 * SECTOR
CHUNK_BYTES = 2 * SECTOR
_ENVIRONMENT_BYTES = 2 * SECTOR
_FILLER = "x" * 600
_MAX_STEPS = 60
_MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Release:
    """A signed release with one target, `rootfs`."""

    number: int

    @functools.cached_property
    def rootfs(self) -> bytes:
        """The content of its slot."""
        return (b"%d-rootfs-" % self.number * 256)[: SLOT_BYTES - 100]

    @functools.cached_property
    def bundle(self) -> bytes:
        """The whole bundle."""
        return e.bundle(self._contents, version=self.number)

    @functools.cached_property
    def digest(self) -> str:
        """The release digest."""
        return release_digest(self._targets)

    @functools.cached_property
    def kept(self) -> bytes:
        """The file with the installed manifest."""
        manifest = self._contents["user_manifest"]
        return encode_release(self._targets, manifest, trust_root(ROOT).id)

    @functools.cached_property
    def installed(self) -> Installed:
        """The entry of the record about it."""
        name = hashlib.sha256(self.kept).hexdigest()
        return Installed(name, self.digest, f"1.{self.number}", self.number, self.number)

    @functools.cached_property
    def _contents(self) -> Mapping[str, bytes]:
        said = ReleaseManifest("blinky", f"1.{self.number}", self.number)
        return {"user_manifest": build_release(said), "rootfs": self.rootfs}

    @functools.cached_property
    def _targets(self) -> Targets:
        signed = e.signed(e.targets(self._contents, self.number), e.TARGETS_KEY)
        return parse_signed_targets(signed)[1]


OLD, RUNNING, OFFERED, OTHER = map(Release, (1, 2, 3, 4))
RELEASES = {each.digest: each for each in (OLD, RUNNING, OFFERED, OTHER)}


@dataclass(slots=True)
class Clock(SimulatedClock):
    """A clock whose random bytes differ from one start to the next, and are the same for the same record."""

    randomness: bytes = b""

    def random_bytes(self, length: int) -> bytes:
        """See `system.Clock.random_bytes`."""
        return hashlib.shake_256(self.randomness).digest(length)


class _Download(StoredBundle):
    """A bundle that can only be read forward."""

    can_reread = False


class _Server:
    """A source whose bundle can only be read forward."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def open(self) -> OpenBundle | None:
        return _Download(self._storage.open(BUNDLE))

    def describe(self) -> str:
        return "a server"


def _agree(release: str) -> Reply:
    del release
    return Reply.YES


@dataclass(frozen=True)
class Device:
    """A device, and what happens to it.

    `copies` of the environment are one or two. `bundle` is on the USB stick from the start on, and `later`
    from the second start on; with `checks_first`, the client looks at it before it goes on. `reply` is the
    person's answer to each question about a release. `bad_sectors` of a slot are broken until the second
    start; until then, the files may only grow by `room` bytes, and the folders `read_only` do not change.
    `altered` says that the payload in `bundle` is not that of the release, `provisioned` that the
    factory ran `provision`, and `other_slot` that the slot that does not run has an older release. With
    `folders`, each slot is a folder, otherwise a block device. With `downloads`, the bundle can only be read
    forward, as from a server. `published` is the content of a repository in place of the stick: the first
    from the start on, the second from the second start on. A person recovers the device from the bundle of
    the release `golden`, also if it is below the floor. `damaged` says that both slots have other bytes than
    those of a release.
    """

    copies: int = 2
    folders: bool = False
    staging: Staging = Staging.STREAM
    bundle: bytes = OFFERED.bundle
    later: bytes | None = None
    checks_first: bool = False
    reply: Callable[[str], Reply] = _agree
    bad_sectors: tuple[tuple[str, int], ...] = ()
    room: int | None = None
    read_only: tuple[str, ...] = ()
    altered: bool = False
    provisioned: bool = True
    other_slot: bool = True
    published: tuple[Publication, ...] = ()
    downloads: bool = False
    golden: Release | None = None
    damaged: bool = False

    @property
    def changes(self) -> bool:
        """True if the world is another one after the first restart."""
        return self.is_poor or self.later is not None or len(self.published) > 1

    @property
    def is_sound(self) -> bool:
        """True if nothing but the power fails. With one copy of the environment, a try may be lost."""
        return not self.is_poor and not self.altered and self.copies > 1

    @property
    def is_poor(self) -> bool:
        """True if the storage is full, read-only or broken until the first restart."""
        return bool(self.bad_sectors or self.read_only) or self.room is not None

    @functools.cached_property
    def places(self) -> tuple[environment.Place, ...]:
        """The copies of the environment."""
        return environment.parse_config(self.config)

    @property
    def config(self) -> str:
        """The content of fw_env.config."""
        size = _ENVIRONMENT_BYTES
        return "".join(f"{ENVIRONMENT} {size * each:#x} {size:#x}\n" for each in range(self.copies))

    @functools.cached_property
    def loader(self) -> UBoot:
        """U-Boot. Its compiled-in environment starts the slot of the factory."""
        return UBoot(self.places, {"BOOT_ORDER": "A", "BOOT_A_LEFT": "3"})

    @functools.cached_property
    def start(self) -> Image:
        """The medium as it leaves the factory, or after some time in the field."""
        order = "A B" if self.other_slot else "A"
        # An environment has far more than the variables of the boot script.
        variables = {"BOOT_ORDER": order, "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "3", "x": _FILLER}
        counter = None if self.copies == 1 else 1
        copy = environment.encode(variables, _ENVIRONMENT_BYTES, counter)
        other = OLD.rootfs if self.other_slot else b""
        running = RUNNING.rootfs
        if self.damaged:
            running, other = (b"damaged " + each for each in (running, other))
        image = Image.of(
            {
                "/etc/fw_env.config": self.config.encode(),
                ENVIRONMENT: BlockDevice(self.copies * copy),
                self.slot("A"): self._slot_content(running),
                self.slot("B"): self._slot_content(other),
                BUNDLE: self.bundle,
                **({GOLDEN: self.golden.bundle} if self.golden else {}),
                COMMAND_LINE: b"",
                "/var/lib": None,
            }
        )
        return self._provision(image) if self.provisioned else image

    def slot(self, name: str) -> str:
        """Returns the path of the content of a slot."""
        return f"/slots/{name}/rootfs" if self.folders else f"/dev/{name.lower()}"

    def _slot_content(self, content: bytes) -> bytes | BlockDevice:
        return content if self.folders else BlockDevice(content.ljust(SLOT_BYTES, b"\0"))

    def _provision(self, image: Image) -> Image:
        machine = boot(SimulatedStorage(image), self.loader)
        client = self.client(machine)
        client.start()
        storage = machine.storage
        named_files.put(storage, f"{FOLDER}/{named_files.MANIFESTS}", RUNNING.kept)
        client.handle(events.Provisioned(0, DOMAIN, "A", RUNNING.installed, None, "factory"))
        client.run()
        variables = environment.read(storage, self.places)
        again = {**(variables.variables or {}), "BOOT_A_LEFT": "3"}
        environment.write(storage, self.places, variables, again)
        return storage.image()

    def client(self, machine: Machine, phase: int = 0) -> Client:
        """Returns the client, as its configuration describes this device."""
        system = machine.system
        stick = FileSource(system.storage, BUNDLE)
        sources: list[Source | RepositorySource] = [
            _Server(system.storage) if self.downloads else stick
        ]
        if self.published:
            publication = self.published[min(phase, len(self.published) - 1)]
            repository = CachedRepository(system.storage, CACHE, publication)
            sources = [RepositorySource(repository, PRODUCT)]
        installer: Installer = RawInstaller(
            system.storage, "rootfs", {slot: self.slot(slot) for slot in SLOTS}
        )
        if self.folders:
            folders = {slot: dirname(self.slot(slot)) for slot in SLOTS}
            installer = DirectoryInstaller(system.storage, folders)
        domain = Domain(
            name=DOMAIN,
            vendor="ACME",
            anchor=ROOT,
            hardware_id=None,
            slots=SLOTS,
            sources=sources,
            places=[Place(("rootfs",), installer)],
            boot=UBootControl(system, SLOTS),
            staging=self.staging,
            restart=("reboot",),
            golden=GOLDEN,
            start_check=StartCheck() if self.damaged else None,
        )
        return Client(system, FOLDER, {DOMAIN: domain})

    def run(self, state: State, power: Power) -> Ran:
        """Starts the device, and uses the client as its service and a person do: see `Scenario.run`."""
        if state.alive is not None:
            storage = SimulatedStorage.resumed(state.alive, power)
        else:
            image = state.image
            if self.later is not None and state.phase and image.content(BUNDLE) != self.later:
                image = image.replaced({BUNDLE: self.later})
            storage = SimulatedStorage(image, power)
            if state.phase == 0:
                storage = self._poor_storage(image, power)
        restarts: list[Sequence[str]] = []

        def reboot(argv: Sequence[str], stdin: bytes) -> ProgramResult:
            restarts.append(argv)
            return ProgramResult(0, stdin, b"")

        clock = Clock(randomness=state.image.content(f"{FOLDER}/record") or b"")
        machine = boot(storage, self.loader, clock=clock, programs={"reboot": reboot})
        boot_points = power.points
        for attempt in range(_MAX_ATTEMPTS):
            try:
                self._serve(machine, restarts, state.phase)
                break
            except (OSError, InputError):
                # The service ends with the error, and the service manager starts it again.
                if attempt == _MAX_ATTEMPTS - 1 or not power.failures:
                    if state.phase or not self.is_poor:
                        raise
                    # A person makes room, and restarts the device.
                    restarts.append(())
                    break
        return Ran(Ending.RESTART if restarts else Ending.DONE, storage.snapshot(), boot_points)

    def _poor_storage(self, image: Image, power: Power) -> SimulatedStorage:
        room = self.room
        return SimulatedStorage(
            image,
            power,
            capacity=None if room is None else SimulatedStorage(image).used() + room,
            read_only=self.read_only,
            bad_sectors=self.bad_sectors,
        )

    def _serve(self, machine: Machine, restarts: Sequence[Sequence[str]], phase: int = 0) -> None:
        """Runs the client until it has nothing to do, or restarts the device."""
        client = self.client(machine, phase)
        client.start()
        client.check_running(DOMAIN)
        if self.checks_first:
            client.check(DOMAIN)
        checked = False
        for _ in range(_MAX_STEPS):
            client.run()
            if restarts:
                return
            if client.state.detail not in AT_REST:
                self._go_on(client, machine)
            elif checked:
                return
            else:
                self._look(client)
                checked = True
        raise AssertionError(f"the client goes on for ever: {client.state}")

    def _look(self, client: Client) -> None:
        """Lets a person look for a release, or recover the device once."""
        state = client.state.domain(DOMAIN)
        running = state.slots.get(state.running)
        if self.golden is None:
            client.check(DOMAIN)
        elif running is None or running.release != self.golden.digest:
            client.check_golden(DOMAIN, below_floor=True)

    def _go_on(self, client: Client, machine: Machine) -> None:
        """Answers the question, or waits."""
        plan, now = client.state.plan, machine.clock.now()
        question = client.question()
        if plan and plan.asking and question:
            reply = self.reply(question.release)
            client.handle(
                events.Answered(
                    now,
                    Answer(question.release, question.root, question.phase, reply, "anna", now),
                )
            )
        elif client.state.retry_in or (plan and plan.not_before):
            machine.clock.advance(3600)
            client.handle(events.WaitOver(machine.clock.now()))
        else:
            raise AssertionError(f"the client waits for nothing: {client.state}")
