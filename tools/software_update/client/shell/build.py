"""Makes the client of this machine from its configuration. Imports only the backends that it names.

config = read_config(system, "/etc/software_update/client.toml")
client = build_client(config, system)
"""

import importlib.util
import os
from collections.abc import Callable

from software_update.base.errors import InputError
from software_update.client.boot_control import BootControl
from software_update.client.config import (
    Config,
    DisclosureConfig,
    DomainConfig,
    Part,
    parse_config,
)
from software_update.client.config_safety import unsafe_files
from software_update.client.disclosure import LogRules, Rules
from software_update.client.domain import Domain, HealthCheck, Place
from software_update.client.installer import Installer
from software_update.client.mcuboot_slots import KeptSlots
from software_update.client.paths import read_whole
from software_update.client.policies import links_of, postponement_of
from software_update.client.repository import RepositorySource
from software_update.client.shell.build_source import build_repository, build_source
from software_update.client.shell.client import Client
from software_update.client.shell.clock import MachineClock
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.hashing import copy_in_two_threads
from software_update.client.shell.network import UrllibNetwork
from software_update.client.shell.programs import MachinePrograms
from software_update.client.smp import Smp
from software_update.client.source import Source
from software_update.client.state import Staging, State
from software_update.client.system import System
from software_update.signing import holders
from software_update.verify.trust_files import parse_trusted_root

_MAX_CONFIG_BYTES = 1 << 20
_MAX_ROOT_BYTES = 1 << 20
_MAX_KEY_BYTES = 1 << 16


def machine() -> System:
    """Returns this machine."""
    return System(
        MachineStorage(), MachinePrograms(), MachineClock(), UrllibNetwork(), copy_in_two_threads
    )


def read_config(system: System, path: str, *, check_owners: bool | None = None) -> Config:
    """Reads the configuration. Raises InputError, or ConfigError with all its problems.

    `check_owners` says that an error is raised if another user could change a file that decides what the
    client does. By default, it is if the client runs as root.
    """
    content = _content(system, path, _MAX_CONFIG_BYTES)
    try:
        config = parse_config(content.decode(), path)
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8; convert it") from None
    if os.geteuid() == 0 if check_owners is None else check_owners:
        problems = unsafe_files(system.storage, config, path)
        if problems:
            raise InputError(problems[0])
    return config


def build_client(
    config: Config,
    system: System,
    on_change: Callable[[State], None] = lambda _: None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Client:
    """Returns the client, which has not started. Raises InputError for a backend that cannot be used."""
    domains = {each.name: build_domain(config, each, system) for each in config.domains}
    return Client(system, config.state, domains, on_change, on_progress, config.check, config.built)


def build_domain(config: Config, domain: DomainConfig, system: System) -> Domain:
    """Returns a trust domain with its backends. Raises InputError."""
    place = f"domains.{domain.name}"
    anchor, *chain = (
        _content(system, path, _MAX_ROOT_BYTES) for path in (domain.root, *domain.root_chain)
    )
    for path, content in zip((domain.root, *domain.root_chain), (anchor, *chain), strict=True):
        parse_trusted_root(path, content)
    return Domain(
        name=domain.name,
        vendor=config.vendor,
        anchor=anchor,
        hardware_id=config.hardware_id,
        slots=domain.slots,
        sources=[
            _source_of(config, domain, part, system, f"{place}.sources[{index}]")
            for index, part in enumerate(domain.sources)
        ],
        places=[
            Place(each.targets, _installer(each.part, each.targets, config, domain, system))
            for each in domain.installers
        ],
        boot=_boot(domain, config, system),
        policies=links_of(domain.policy, system),
        staging=Staging(domain.staging),
        health=[HealthCheck(each.program, each.timeout) for each in domain.health],
        restart=domain.restart or (),
        commits_itself=domain.commits_itself,
        postponement=postponement_of(domain.policy),
        policy_retry=domain.policy.retry,
        language=config.language,
        holders=holders.read(domain.holders) if domain.holders else {},
        grant=domain.grant,
        full_bundle=(
            build_source(domain.full_bundle, system, f"{place}.full_bundle")
            if domain.full_bundle
            else None
        ),
        rules=_rules(domain.disclosure, system, place),
        anchor_chain=tuple(chain),
        start_check=domain.start_check,
        preset=domain.policy.preset,
        golden=domain.golden or "",
    )


def _rules(config: DisclosureConfig, system: System, place: str) -> Rules:
    log = audits = None
    if config.log != "off" and config.log_policy is not None:
        from software_update.transparency.log_policy import MAX_POLICY_BYTES, parse_log_policy

        content = _content(system, config.log_policy, MAX_POLICY_BYTES)
        policy = parse_log_policy(content, config.log_policy)
        log = LogRules(policy, config.log == "require", config.log_max_age)
    if config.require_audits:
        _need("securesystemslib", "attachments", f"{place}.require_audits")
        from software_update.attachments.audits import AuditPolicy
        from software_update.attachments.envelope import SCHEMES
        from software_update.keys.pem import parse_public_key

        contents = [(path, _content(system, path, _MAX_KEY_BYTES)) for path in config.auditors]
        keys = tuple(parse_public_key(path, content, SCHEMES) for path, content in contents)
        audits = AuditPolicy(keys, config.require_audits)
    return Rules(log, audits)


def _source_of(
    config: Config, domain: DomainConfig, part: Part, system: System, place: str
) -> Source | RepositorySource:
    if part.type != "repository":
        return build_source(part, system, place)
    root = _content(system, part.options["root"], _MAX_ROOT_BYTES)
    cache = f"{config.state}/repository_{domain.name}"
    return build_repository(part, system, place, root, cache)


def _installer(
    part: Part, targets: tuple[str, ...], config: Config, domain: DomainConfig, system: System
) -> Installer:
    options = part.options
    match part.type:
        case "raw":
            from software_update.client.installers.raw import RawInstaller

            return RawInstaller(system.storage, targets[0], options["slots"])
        case "directory":
            from software_update.client.installers.directory import DirectoryInstaller

            return DirectoryInstaller(system.storage, options["slots"])
        case "exec":
            from software_update.client.installers.exec_program import ExecInstaller

            spool = f"{config.state}/exec_target"
            return ExecInstaller(system, options["program"], spool, timeout=options["timeout"])
        case "mcuboot":
            from software_update.client.installers.mcuboot import McubootInstaller

            kept = _kept_slots(config, domain, system)
            return McubootInstaller(_smp(part, domain), kept, targets[0], options["image"])
        case "microcontroller":
            from software_update.client.installers.microcontroller import MicrocontrollerInstaller

            kept = _kept_slots(config, domain, system)
            return MicrocontrollerInstaller(_serial_smp(part, domain), kept, targets[0])
    raise AssertionError(f"no installer for the type {part.type}")


def _boot(domain: DomainConfig, config: Config, system: System) -> BootControl:
    options = domain.boot.options
    match domain.boot.type:
        case "uboot":
            from software_update.client.boot.uboot import UBoot

            return UBoot(system, domain.slots, **options)
        case "grub":
            from software_update.client.boot.grub import Grub

            return Grub(system, domain.slots, **options)
        case "systemd-boot":
            from software_update.client.boot.systemd_boot import SystemdBoot

            return SystemdBoot(system, **options)
        case "rauc":
            from software_update.client.boot.rauc import Rauc

            record = f"{config.state}/rauc_{domain.name}.json"
            return Rauc(system, options["names"], record)
        case "directory":
            from software_update.client.boot.directory import DirectoryBoot

            return DirectoryBoot(system.storage, **options)
    return _boot_of_a_part(domain, config, system)


def _boot_of_a_part(domain: DomainConfig, config: Config, system: System) -> BootControl:
    """Returns the boot control of a part with a boot loader of its own."""
    options = domain.boot.options
    match domain.boot.type:
        case "exec":
            from software_update.client.boot.exec_program import ExecBoot

            program, timeout = options["program"], options["timeout"]
            return ExecBoot(system, program, domain.slots, timeout=timeout)
        case "mcuboot":
            from software_update.client.boot.mcuboot import McubootBoot

            kept = _kept_slots(config, domain, system)
            return McubootBoot(_smp(domain.boot, domain), kept, options["image"])
        case "microcontroller":
            from software_update.client.boot.mcuboot import McubootBoot

            kept = _kept_slots(config, domain, system)
            return McubootBoot(_serial_smp(domain.boot, domain), kept)
    raise AssertionError(f"no boot control for the type {domain.boot.type}")


def _smp(part: Part, domain: DomainConfig) -> Smp:
    _need_cbor(domain)
    from software_update.client.shell.smp import UdpSmp

    options = {name: value for name, value in part.options.items() if name != "image"}
    return UdpSmp(options.pop("host"), options.pop("port"), **options)


def _serial_smp(part: Part, domain: DomainConfig) -> Smp:
    _need_cbor(domain)
    from software_update.client.bundle_digest import bundle_digest
    from software_update.client.consenting_smp import ConsentingSmp
    from software_update.client.shell.smp_serial import SerialSmp

    options = {name: value for name, value in part.options.items() if name != "consent"}
    smp = SerialSmp(options.pop("line"), options.pop("baud"), **options)
    return ConsentingSmp(smp, bundle_digest) if part.options["consent"] == "forward" else smp


def _need_cbor(domain: DomainConfig) -> None:
    _need("cbor2", "mcuboot", f"domains.{domain.name}")


def _need(package: str, extra: str, place: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise InputError(f"{place}: {package} is missing; install rules_software_update[{extra}]")


def _kept_slots(config: Config, domain: DomainConfig, system: System) -> KeptSlots:
    return KeptSlots(
        system.storage, f"{config.state}/{domain.boot.type}_{domain.name}", domain.slots
    )


def _content(system: System, path: str, limit: int) -> bytes:
    try:
        content = read_whole(system.storage, path, limit)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if content is None:
        raise InputError(f"{path}: No such file or directory")
    if len(content) > limit:
        raise InputError(f"{path}: has more than {limit} bytes; name another file")
    return content
