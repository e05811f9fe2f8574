"""The client's configuration: plain data, read from TOML. Pure."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from software_update.base.errors import InputError, printable
from software_update.client import config_options
from software_update.client.claimed import Grant
from software_update.client.domain import StartCheck, Verity
from software_update.client.record_room import room_problem
from software_update.client.sections import Option, read_section

Program = tuple[str, ...]

# Types of which the boot control and the installer share a device, and the options that name it.
_SHARED = {"mcuboot": ("host", "port", "image"), "microcontroller": ("line", "baud", "consent")}
_REPOSITORY = "repository"


class ConfigError(InputError):
    """A configuration that is not valid. `problems` has a line for each problem; the text is the first."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems[0])
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Part:
    """A source, an installer, a boot control or a policy: its type, and the options of that type.

    Durations are in seconds, sizes in bytes. An option that is not in the file has its default, or None.
    """

    type: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InstallerConfig:
    """An installer, and the names and patterns of the targets that it takes."""

    targets: tuple[str, ...]
    part: Part


@dataclass(frozen=True, slots=True)
class HealthProgram:
    """A program that must end with status 0 within `timeout` seconds before a commit."""

    program: Program
    timeout: int


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """The first preset, and the policies in the order of the chain.

    `retry` is the number of seconds after which a policy that deferred without a time is asked again.
    """

    preset: str
    retry: int
    parts: tuple[Part, ...]

    def part(self, type_: str) -> Part | None:
        """Returns the policy of a type; None if it is not configured."""
        return next((each for each in self.parts if each.type == type_), None)


@dataclass(frozen=True, slots=True)
class DisclosureConfig:
    """The demands of a domain on a release besides the vendor's signatures.

    `log` is `off`, `warn` or `require`. `log_policy` and `auditors` are paths. `log_max_age` is in seconds.
    """

    log: str
    log_policy: str | None
    log_max_age: int | None
    require_audits: int
    auditors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DomainConfig:
    """A trust domain. `root`, `root_chain` and `holders` are paths.

    `policy` is its own, or else that of the device.
    """

    name: str
    root: str
    root_chain: tuple[str, ...]
    holders: str | None
    slots: tuple[str, ...]
    golden: str | None
    staging: str
    sources: tuple[Part, ...]
    full_bundle: Part | None
    installers: tuple[InstallerConfig, ...]
    boot: Part
    health: tuple[HealthProgram, ...]
    restart: Program | None
    commits_itself: bool
    grant: Grant
    policy: PolicyConfig
    disclosure: DisclosureConfig
    start_check: StartCheck | None


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """Times in seconds: between checks, and the first and longest wait after a source has failed."""

    interval: int
    first_retry: int
    longest_retry: int


@dataclass(frozen=True, slots=True)
class Approvers:
    """The names of users and groups who may answer questions."""

    users: frozenset[str]
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """The receiver of reports, either a program or a URL, and its time limit in seconds."""

    program: Program | None
    url: str | None
    timeout: int


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. `state` is a folder and `socket` a path.

    `built` is the time at which the image was built, in seconds since 1970; 0 if it is not stated. `page`
    says whether the consent page may be on loopback.
    """

    vendor: str
    hardware_id: str | None
    state: str
    language: str
    domains: tuple[DomainConfig, ...]
    check: CheckConfig
    approvers: Approvers
    report: ReportConfig | None
    socket: str
    built: int = 0
    page: bool = False


def parse_config(text: str, place: str) -> Config:
    """Returns the configuration in a TOML document. `place` is its file, for errors.

    Raises ConfigError with every problem, such as `client.toml: domains.main.boot: is missing`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{place}: is not TOML: {printable(str(error))}"]) from None
    values, problems = read_section(config_options.CONFIGURATION, document, "")
    if not problems:
        problems = list(_contradictions(values))
    if problems:
        raise ConfigError([f"{place}: {each}" for each in problems])
    return _config(values)


# Options that contradict each other.


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    check = values["check"]
    if check["first_retry"] > check["longest_retry"]:
        yield "check.first_retry: must not be longer than longest_retry"
    if values["report"]:
        yield from _exactly_one(values["report"], "report", "program", "url")
    yield from _policy_contradictions(values["policy"], "policy")
    yield from _shared_paths(values["domains"])
    problem = room_problem({name: each["slots"] for name, each in values["domains"].items()})
    if problem is not None:
        yield f"domains: {problem}"
    for name, domain in values["domains"].items():
        place = f"domains.{name}"
        yield from _domain_contradictions(domain, place)
        if domain["policy"]:
            yield from _policy_contradictions(domain["policy"], f"{place}.policy")


def _exactly_one(fields: Mapping[str, Any], place: str, one: str, other: str) -> Iterator[str]:
    if (fields[one] is None) == (fields[other] is None):
        yield f"{place}: set either {one} or {other}"


def _policy_contradictions(policy: Mapping[str, Any], place: str) -> Iterator[str]:
    metered, power, busy = policy["metered"], policy["power"], policy["busy_file"]
    if metered:
        yield from _exactly_one(metered, f"{place}.metered", "file", "program")
    if power and power["file"] and power["mains"]:
        yield f"{place}.power.file: has only the charge of the battery; remove it, or mains"
    if busy and not busy["files"] and not busy["folders"]:
        yield f"{place}.busy_file: set files, folders, or both"


def _domain_contradictions(domain: Mapping[str, Any], place: str) -> Iterator[str]:
    slots = set(domain["slots"])
    boot_types, types = config_options.BOOT_TYPES, config_options.INSTALLER_TYPES
    boot = domain["boot"]
    yield from _slot_problems(boot, boot_types[boot["type"]].options, slots, f"{place}.boot")
    for index, installer in enumerate(domain["installers"]):
        inside = f"{place}.installers[{index}]"
        yield from _slot_problems(installer, types[installer["type"]].options, slots, inside)
        if installer["type"] in config_options.SINGLE_TARGET_TYPES:
            names = installer["targets"]
            if len(names) > 1 or any(sign in names[0] for sign in "*?["):
                yield f"{inside}.targets: must be one name without a pattern for this type"
    repositories = [
        index for index, each in enumerate(domain["sources"]) if each["type"] == _REPOSITORY
    ]
    for index in repositories[1:]:
        yield f"{place}.sources[{index}]: is a second {_REPOSITORY}; a domain has at most one"
    yield from _shared_device_problems(domain, place)
    yield from _disclosure_contradictions(domain, place)


def _disclosure_contradictions(domain: Mapping[str, Any], place: str) -> Iterator[str]:
    if domain["log"] != "off" and domain["log_policy"] is None:
        yield f"{place}.log_policy: is missing; name the policy of the log, or set log to off"
    auditors = domain["auditors"] or ()
    if domain["require_audits"] > len(auditors):
        yield (
            f"{place}.require_audits: needs {domain['require_audits']} auditors, and auditors has "
            f"{len(auditors)}; name more"
        )


def _shared_device_problems(domain: Mapping[str, Any], place: str) -> Iterator[str]:
    """The slots of a microcontroller belong to the domain's boot control and its installer."""
    boot = domain["boot"]
    for kind, names in _SHARED.items():
        places = [_device(each, names) for each in domain["installers"] if each["type"] == kind]
        expected = [_device(boot, names)] if boot["type"] == kind else []
        if places != expected:
            *most, last = names
            yield (
                f"{place}.installers: must have one of type {kind} if `boot` has this type, and none "
                f"otherwise, with the same {', '.join(most)} and {last}"
            )


def _device(part: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(part["options"][name] for name in names)


def _shared_paths(domains: Mapping[str, Any]) -> Iterator[str]:
    """Yields a problem for each path that two installers would write."""
    owners: dict[str, str] = {}
    for name, domain in domains.items():
        for index, installer in enumerate(domain["installers"]):
            place = f"domains.{name}.installers[{index}]"
            for path in installer["options"].get("slots", {}).values():
                if owners.setdefault(path, place) != place:
                    yield f"{place}.slots: {path} is a slot of {owners[path]}, too"


def _slot_problems(
    part: Mapping[str, Any], options: Sequence[Option], slots: set[str], place: str
) -> Iterator[str]:
    for option in options:
        if option.kind not in config_options.BY_SLOT:
            continue
        value = part["options"][option.name]
        if {*value} != slots:
            names = ", ".join(sorted(slots))
            yield f"{place}.{option.name}: must have exactly the slots of the domain: {names}"
        elif len(set(value.values())) < len(value):
            yield f"{place}.{option.name}: must have a different value for each slot"


# From checked values to the configuration.


def _config(values: Mapping[str, Any]) -> Config:
    policy = _policy(values["policy"])
    names = [each.partition(":") for each in values["consent"]["approvers"]]
    return Config(
        vendor=values["vendor"],
        hardware_id=values["hardware_id"],
        state=values["state"],
        language=values["language"],
        domains=tuple(_domain(name, each, policy) for name, each in values["domains"].items()),
        check=CheckConfig(**values["check"]),
        approvers=Approvers(
            frozenset(name for kind, _, name in names if kind == "user"),
            frozenset(name for kind, _, name in names if kind == "group"),
        ),
        report=ReportConfig(**values["report"]) if values["report"] else None,
        socket=values["socket"]["path"],
        built=values["built"] or 0,
        page=values["consent"]["page"],
    )


def _domain(name: str, values: Mapping[str, Any], policy: PolicyConfig) -> DomainConfig:
    return DomainConfig(
        name=name,
        root=values["root"],
        root_chain=values["root_chain"] or (),
        holders=values["holders"],
        slots=values["slots"],
        golden=values["golden"],
        staging=values["staging"],
        sources=tuple(map(_part, values["sources"])),
        full_bundle=_part(values["full_bundle"]) if values["full_bundle"] else None,
        installers=tuple(
            InstallerConfig(each["targets"], _part(each)) for each in values["installers"]
        ),
        boot=_part(values["boot"]),
        health=tuple(HealthProgram(**each) for each in values["health"] or ()),
        restart=values["restart"],
        commits_itself=values["commit"] == "automatic",
        grant=Grant(values["powers"], values["areas"]),
        policy=_policy(values["policy"]) if values["policy"] else policy,
        disclosure=DisclosureConfig(
            values["log"],
            values["log_policy"],
            values["log_max_age"],
            values["require_audits"],
            values["auditors"] or (),
        ),
        start_check=_start_check(values["start_check"]),
    )


def _start_check(values: Mapping[str, Any] | None) -> StartCheck | None:
    if values is None:
        return None
    verity = values["verity"]
    if verity is not None:
        verity = Verity(**{**verity, "program": verity["program"] or ()})
    return StartCheck(values["damaged"] == "other_slot", verity)


def _part(values: Mapping[str, Any]) -> Part:
    return Part(values["type"], values["options"])


def _policy(values: Mapping[str, Any]) -> PolicyConfig:
    parts = (Part(name, values[name]) for name in config_options.POLICIES if values[name])
    return PolicyConfig(values["preset"], values["retry"], tuple(parts))
