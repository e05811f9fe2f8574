"""Makes the state of a device that has never started: the same client as on the device does it.

The client runs on the storage of an image, with a boot loader that says that the factory's slot runs. It
verifies the release, writes it into the slot, reads it back, and records floor and preset.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname

from software_update.base.errors import InputError, SoftwareUpdateError, UsageError, shown
from software_update.client import staging
from software_update.client.boot_control import BootStatus, SlotState
from software_update.client.config import Config, DomainConfig
from software_update.client.domain import Domain, Place
from software_update.client.installer import InstallError
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.raw import RawInstaller
from software_update.client.look import check_room
from software_update.client.payload_copy import Means
from software_update.client.release import SlotTarget, decode_release, slot_targets
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.client.source import OpenBundle, SourceError
from software_update.client.sources.file import FileSource
from software_update.client.staging import PlanFailed
from software_update.client.state import DomainState
from software_update.client.system import (
    Clock,
    Network,
    ProgramResult,
    Response,
    Storage,
    System,
)
from software_update.format.metadata import Installed
from software_update.format.verdicts import Refused
from software_update.provisioning.storage import ImageStorage

FACTORY = Caller("factory", frozenset(), own=True)
"""The user that the first line of the history names."""


class Rejected(SoftwareUpdateError):
    """A release that a device with this configuration refuses."""

    exit_code = Refused.exit_code


class FactoryBoot:
    """A boot control that says that one slot runs and is good, as on a device from the factory."""

    def __init__(self, slots: Sequence[str], slot: str) -> None:
        states = dict.fromkeys(slots, SlotState.UNBOOTABLE)
        self._status = BootStatus(slot, slot, {**states, slot: SlotState.GOOD})

    def check(self) -> list[str]:
        """See `BootControl.check`."""
        return []

    def warnings(self) -> list[str]:
        """See `BootControl.warnings`."""
        return []

    def status(self) -> BootStatus:
        """See `BootControl.status`."""
        return self._status

    def mark_unbootable(self, slot: str) -> None:
        """See `BootControl.mark_unbootable`. The files of the image decide what the boot loader does."""

    def try_slot(self, slot: str) -> None:
        """See `BootControl.try_slot`."""

    def confirm(self, slot: str) -> None:
        """See `BootControl.confirm`."""


@dataclass(frozen=True, slots=True)
class _FactoryClock(Clock):
    """A clock that does not move. It has no randomness: a secret in an image would be that of all devices."""

    time: int

    def now(self) -> int:
        return self.time

    def local_minute(self) -> int:
        return 0

    def since_boot(self) -> float:
        return 0.0

    def boot_id(self) -> str:
        return ""

    def random(self) -> float:
        return 0.0

    def random_bytes(self, length: int) -> bytes:
        raise AssertionError(
            "an image contains no secret; a device makes its own at its first start"
        )


class _NoPrograms:
    """See `system.Programs`."""

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        raise FileNotFoundError(f"{argv[0]}: an image runs no program of the device")


class _NoNetwork(Network):
    """See `system.Network`."""

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        raise ConnectionError(f"{url}: an image has no network")

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        raise ConnectionError(f"{url}: an image has no network")


@dataclass(frozen=True, slots=True)
class Shipped:
    """The release that a device ships with. `slot` is the one that gets it.

    `places` are paths on the device for targets that no installer of the configuration can write here, and
    `golden` is that of the golden bundle, None if the device has none.
    """

    domain: str
    slot: str
    bundle: OpenBundle
    bundle_path: str
    places: Mapping[str, str]
    golden: str | None = None


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The state of a device: by domain, its state and the version of its root; and what was installed."""

    domains: Mapping[str, DomainState]
    root_versions: Mapping[str, int]
    release: Installed
    targets: tuple[SlotTarget, ...]


def provision(
    storage: ImageStorage,
    config: Config,
    anchors: Mapping[str, bytes],
    shipped: Shipped,
    scratch: Storage,
    scratch_folder: str,
) -> Provisioned:
    """Installs the release, and makes the state. `anchors` has the root of each domain.

    `scratch` has a folder for what is only needed meanwhile. Raises Rejected for a release that the device
    refuses, UsageError for a slot that it does not have, and InputError for a place that it does not have.
    """
    system = System(storage, _NoPrograms(), _FactoryClock(config.built), _NoNetwork())
    domains = {
        each.name: _domain(each, config, storage, anchors[each.name], shipped)
        for each in config.domains
    }
    client = Client(system, config.state, domains, times=config.check, built=config.built)
    client.start()
    place = ""
    domain = domains[shipped.domain]
    try:
        manifest = client.manifest_in(shipped.domain, shipped.bundle)
        release = decode_release(manifest)
        _install(domain, shipped, release, Means(scratch, scratch_folder, lambda _: None))
        place = shipped.golden or ""
        if storage.exists(place):
            _check_golden(client, shipped.domain, place)
    except (PlanFailed, Refused) as refused:
        raise Rejected(f"{place or shipped.bundle_path}: {refused}") from None
    except (InstallError, SourceError) as error:
        raise InputError(str(error)) from None
    control = Control(client, config.approvers)
    for each in config.domains:
        content = manifest if each.name == shipped.domain else None
        slot = shipped.slot if each.name == shipped.domain else None
        control.provision(FACTORY, content, each.policy.preset, each.name, slot)
    client.run()
    return Provisioned(
        {name: client.state.domain(name) for name in domains},
        {name: client.root(each).common.version for name, each in domains.items()},
        release,
        tuple(slot_targets(release.targets)),
    )


def _domain(
    configured: DomainConfig, config: Config, storage: Storage, anchor: bytes, shipped: Shipped
) -> Domain:
    """Returns a trust domain as far as the factory needs it: without sources, health checks and policies."""
    is_shipped = configured.name == shipped.domain
    slot = shipped.slot if is_shipped else configured.slots[0]
    if slot not in configured.slots:
        raise UsageError(
            f"--slot: domain '{configured.name}' has no slot '{shown(slot)}'; use one of "
            f"{', '.join(configured.slots)}"
        )
    return Domain(
        name=configured.name,
        vendor=config.vendor,
        anchor=anchor,
        hardware_id=config.hardware_id,
        slots=configured.slots,
        sources=(),
        places=list(_places(configured, storage, shipped)) if is_shipped else (),
        boot=FactoryBoot(configured.slots, slot),
        grant=configured.grant,
    )


def _places(domain: DomainConfig, storage: Storage, shipped: Shipped) -> Iterator[Place]:
    """Yields the installers: those of explicit places first, then those of the configuration.

    Other types than these two talk to programs and parts that no factory image has.
    """
    for target, path in shipped.places.items():
        _make_file(storage, path)
        yield Place((target,), RawInstaller(storage, target, {shipped.slot: path}))
    for each in domain.installers:
        slots = each.part.options.get("slots", {})
        match each.part.type:
            case "raw" if each.targets[0] not in shipped.places:
                for path in slots.values():
                    _make_file(storage, path)
                yield Place(each.targets, RawInstaller(storage, each.targets[0], slots))
            case "directory":
                for path in slots.values():
                    storage.make_folder(dirname(path))
                yield Place(each.targets, DirectoryInstaller(storage, slots))


def _make_file(storage: Storage, path: str) -> None:
    """Makes an empty file if a path is neither a partition nor a file: installers do not make it."""
    if storage.exists(path):
        return
    storage.make_folder(dirname(path))
    storage.open_to_write(path).close()


def _check_golden(client: Client, domain: str, path: str) -> None:
    """Verifies the golden bundle in the image with its payloads. Raises PlanFailed and Refused."""
    release = decode_release(client.manifest_of(domain, path))
    bundle = FileSource(client.system.storage, path).open()
    assert bundle is not None
    staging.verify_stored(release, bundle, None, client.on_progress)
    bundle.close()


def _install(domain: Domain, shipped: Shipped, release: Installed, means: Means) -> None:
    """Writes the targets into the slot with the client's installers, and reads them back."""
    check_room(domain, shipped.slot, release.targets)
    staging.write_slot(domain, shipped.slot, release, shipped.bundle, None, means)
    staging.verify_slot(domain, shipped.slot, release.targets, means.on_progress)
