"""Tests of the example configuration, and of the page about every option."""

import inspect
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import render_client_configuration
from software_update.client.boot.directory import DirectoryBoot
from software_update.client.boot.exec_program import ExecBoot
from software_update.client.boot.grub import Grub
from software_update.client.boot.mcuboot import McubootBoot
from software_update.client.boot.rauc import Rauc
from software_update.client.boot.systemd_boot import SystemdBoot
from software_update.client.boot.uboot import UBoot
from software_update.client.config import ConfigError, parse_config
from software_update.client.config_options import (
    BOOT_TYPES,
    CONFIGURATION,
    EXEC_PROGRAM,
    INSTALLER_TYPES,
    POSTPONEMENT,
    POWER,
    QUIET_HOURS,
    SOURCE_TYPES,
)
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.exec_program import ExecInstaller
from software_update.client.installers.mcuboot import McubootInstaller
from software_update.client.installers.microcontroller import MicrocontrollerInstaller
from software_update.client.installers.raw import RawInstaller
from software_update.client.policy.exec_program import ExecProgram
from software_update.client.policy.postponement import Postponement
from software_update.client.policy.power import Power
from software_update.client.policy.quiet_hours import QuietHours
from software_update.client.sections import REQUIRED, Option, Section, Shape, Type
from software_update.client.shell.network import UrllibNetwork
from software_update.client.shell.smp import UdpSmp
from software_update.client.shell.smp_serial import SerialSmp
from software_update.client.shell.tuf_repository import RepositorySettings
from software_update.client.sources.ddi import DdiSettings
from software_update.client.sources.file import FileSource, FolderSource
from software_update.client.sources.requests import HttpSettings
from software_update.client.values import Kind

EXAMPLE = Path("docs/guides/client.toml")
PAGE = Path("docs/reference/client_configuration.md")
# Options that replace another one of the example.
LEFT_OUT = {"policy.metered.file", "policy.power.folder", "policy.power.file", "report.url"}


def options(section: Section) -> Iterator[tuple[str, Option]]:
    """Yields all options of a section and those below it by their places, but for those of a type.

    The options of a domain's policy are those of the device's.
    """
    for option in section.options:
        yield f"{section.place}.{option.name}".removeprefix("."), option
        if isinstance(option.kind, Section) and option.kind.place != "domains.NAME.policy":
            yield from options(option.kind)


def places(table: dict[str, Any], section: Section, place: str = "") -> Iterator[str]:
    """Yields the places of a file's options, as `options` writes them."""
    sections = {each.name: each.kind for each in section.options}
    for name, value in table.items():
        inside = f"{place}.{name}".removeprefix(".")
        yield inside
        kind = sections.get(name)
        if not isinstance(kind, Section):
            continue
        tables = [value]
        if kind.shape is Shape.NAMED:
            inside, tables = f"{inside}.NAME", list(value.values())
        elif kind.shape is Shape.LIST:
            tables = value
        for each in tables:
            yield from places(each, kind, inside)


def test_example_is_valid() -> None:
    config = parse_config(EXAMPLE.read_text(encoding="utf-8"), str(EXAMPLE))
    assert [domain.name for domain in config.domains] == ["system", "scenes"]


def test_example_has_every_option() -> None:
    used = set(places(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")), CONFIGURATION))
    known = {place for place, _ in options(CONFIGURATION)}
    assert known - used == LEFT_OUT


def consenting(consent: str = "forward") -> None:
    """Stands for ConsentingSmp, which `build` makes only for this value of the option."""


def attached(attachments: object = None) -> None:
    """Stands for `attachments_at`, which `build_source` calls with the value of the option."""


PARTS: list[tuple[Mapping[str, Type], str, list[Callable[..., object]]]] = [
    (BOOT_TYPES, "uboot", [UBoot]),
    (BOOT_TYPES, "grub", [Grub]),
    (BOOT_TYPES, "systemd-boot", [SystemdBoot]),
    (BOOT_TYPES, "rauc", [Rauc]),
    (BOOT_TYPES, "directory", [DirectoryBoot]),
    (BOOT_TYPES, "exec", [ExecBoot]),
    (BOOT_TYPES, "mcuboot", [UdpSmp, McubootBoot]),
    (BOOT_TYPES, "microcontroller", [SerialSmp, consenting, McubootBoot]),
    (INSTALLER_TYPES, "raw", [RawInstaller]),
    (INSTALLER_TYPES, "directory", [DirectoryInstaller]),
    (INSTALLER_TYPES, "exec", [ExecInstaller]),
    (INSTALLER_TYPES, "mcuboot", [UdpSmp, McubootInstaller]),
    (INSTALLER_TYPES, "microcontroller", [SerialSmp, consenting, MicrocontrollerInstaller]),
    (SOURCE_TYPES, "file", [FileSource]),
    (SOURCE_TYPES, "folder", [FolderSource]),
    (SOURCE_TYPES, "http", [attached, HttpSettings, UrllibNetwork]),
    (SOURCE_TYPES, "repository", [RepositorySettings, HttpSettings, UrllibNetwork]),
    (SOURCE_TYPES, "ddi", [DdiSettings, UrllibNetwork]),
]
# Parameters with another name than their option.
RENAMED: dict[tuple[Callable[..., object], str], str] = {
    (FolderSource, "folder"): "path",
    (UrllibNetwork, "read_seconds"): "timeout",
}
# Parameters that the service sets, where they are not options.
FROM_THE_SERVICE = {
    "system",
    "storage",
    "slots",
    "image",
    "target",
    "staging",
    "http",
    "cache",
    "record",
    "booted",
    "connect_seconds",
    "header_seconds",
    "smp",
    "kept",
    "settle",
    "shown",
    "restart_timeout",
}


def parameters(make: Callable[..., object]) -> dict[str, object]:
    """Returns the defaults of parameters by the names of their options."""
    found = inspect.signature(make).parameters.items()
    return {
        RENAMED.get((make, name), name): REQUIRED if each.default is each.empty else each.default
        for name, each in found
    }


def configured(options: Sequence[Option]) -> dict[str, object]:
    """Returns the defaults of options by name, as the client gets them."""
    found = {}
    for option in options:
        assert isinstance(option.kind, Kind)
        default = option.default
        found[option.name] = default if default in (None, REQUIRED) else option.kind.read(default)
    return found


@pytest.mark.parametrize("types, name, makers", PARTS)
def test_options_of_a_type_are_those_of_its_class(
    types: Mapping[str, Type], name: str, makers: Sequence[Callable[..., object]]
) -> None:
    options = configured(types[name].options)
    known = {key: value for make in makers for key, value in parameters(make).items()}
    for key in FROM_THE_SERVICE - options.keys():
        known.pop(key, None)
    assert known == options


@pytest.mark.parametrize(
    "section, make",
    [
        (QUIET_HOURS, QuietHours),
        (POWER, Power),
        (POSTPONEMENT, Postponement),
        (EXEC_PROGRAM, ExecProgram),
    ],
)
def test_options_of_a_policy_are_those_of_its_class(
    section: Section, make: Callable[..., object]
) -> None:
    options = configured(section.options)
    options.pop("phases", None)
    known = parameters(make)
    known.pop("system", None)
    assert options.keys() == known.keys()
    defaults = {key: value for key, value in known.items() if value is not REQUIRED}
    assert {key: options[key] for key in defaults} == defaults


def test_page_lists_options_of_each_type() -> None:
    page = render_client_configuration.render()
    assert '### `type = "raw"` in `[[domains.NAME.installers]]`' in page
    assert "| `require_redundant` | boolean | `false` | " in page
    assert "| `vendor` | text | required | " in page
    assert page.count("## `[policy.power]`") == 1


def test_error_on_the_page_is_real() -> None:
    [quoted] = [
        line for line in PAGE.read_text().splitlines() if line.startswith("    client.toml")
    ]
    broken = EXAMPLE.read_text(encoding="utf-8").replace('"stream"', '"tar"')
    broken = broken.replace("[domains.system", "[domains.main").replace(
        "[[domains.system", "[[domains.main"
    )
    with pytest.raises(ConfigError) as error:
        parse_config(broken, "client.toml")
    assert str(error.value) == quoted.strip()
