"""Tests of U-Boot as boot control, with programs that keep the environment in memory.

`//tests/device` has tests with the real programs and a real U-Boot.
"""

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from software_update.client.boot.uboot import UBoot
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.simulator import environment as format_of
from software_update.client.simulator.boot_programs import BootPrograms
from software_update.client.simulator.bootloader import DirectoryLoader
from software_update.client.simulator.image import Device, Image, Link
from software_update.client.simulator.machine import boot as start
from software_update.client.simulator.power import Power
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.system import ProgramTimeout
from software_update.testing.fake_machine import machine

CONFIG = "/etc/fw_env.config"
ONE_COPY = "# device offset size\n/dev/mtd0 0x0 0x20000\n"
TWO_COPIES = ONE_COPY + "/dev/mtd0\t0x20000\t0x20000\n"
RUNS_A = "console=ttyS0 software_update.slot=A quiet\n"
# Slot A runs, and has been confirmed; slot B has the release before.
CONFIRMED = {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3", "BOOT_B_LEFT": "3", "other": "a=b"}


@dataclass
class Environment:
    """fw_printenv and fw_setenv."""

    variables: dict[str, str]
    calls: list[list[str]] = field(default_factory=list)

    def run(self, argv: Sequence[str], stdin: bytes) -> bytes | int | OSError:
        self.calls.append(list(argv))
        if argv[0] == "fw_printenv":
            return "".join(f"{name}={value}\n" for name, value in self.variables.items()).encode()
        for line in stdin.decode().splitlines():
            name, _, value = line.partition("=")
            self.variables[name] = value
            if not value:
                del self.variables[name]
        return b""

    @property
    def writes(self) -> int:
        return sum(argv[0] == "fw_setenv" for argv in self.calls)


def boot_of(
    environment: Environment, config: str = TWO_COPIES, line: str = RUNS_A, **options: Any
) -> UBoot:
    return UBoot(machine({CONFIG: config, "/proc/cmdline": line}, environment.run), **options)


@pytest.fixture(name="environment")
def environment_fixture() -> Environment:
    return Environment(dict(CONFIRMED))


@pytest.fixture(name="boot")
def boot_fixture(environment: Environment) -> UBoot:
    return boot_of(environment)


def test_update_that_is_confirmed(environment: Environment, boot: UBoot) -> None:
    assert boot.status() == BootStatus("A", "A", {"A": SlotState.GOOD, "B": SlotState.GOOD})

    boot.mark_unbootable("B")
    assert environment.variables["BOOT_ORDER"] == "A"
    assert environment.variables["BOOT_B_LEFT"] == "0"
    assert boot.status() == BootStatus("A", "A", {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE})

    boot.try_slot("B")
    assert environment.variables["BOOT_ORDER"] == "B A"
    assert environment.variables["BOOT_B_LEFT"] == "3"
    assert boot.status() == BootStatus("A", "B", {"A": SlotState.GOOD, "B": SlotState.TRYING})

    environment.variables["BOOT_B_LEFT"] = "2"
    boot = boot_of(environment, line="software_update.slot=B")
    assert boot.status() == BootStatus("B", "B", {"A": SlotState.GOOD, "B": SlotState.TRYING})

    boot.confirm("B")
    assert boot.status() == BootStatus("B", "B", {"A": SlotState.GOOD, "B": SlotState.GOOD})
    assert environment.variables == CONFIRMED | {"BOOT_ORDER": "B A"}
    assert environment.writes == 3


def test_all_changes_of_a_call_are_one_write(environment: Environment, boot: UBoot) -> None:
    boot.try_slot("B")
    assert [argv for argv in environment.calls if argv[0] == "fw_setenv"] == [
        ["fw_setenv", "-c", CONFIG, "-s", "-"]
    ]


def test_counters_are_hexadecimal(environment: Environment) -> None:
    environment.variables["BOOT_A_LEFT"] = "0xA"
    boot = boot_of(environment, tries=26)
    assert boot.status().slots["A"] == SlotState.GOOD
    boot.confirm("A")
    assert environment.variables["BOOT_A_LEFT"] == "1a"


def test_counter_without_digits_is_zero(environment: Environment, boot: UBoot) -> None:
    """U-Boot also reads it as zero."""
    environment.variables["BOOT_B_LEFT"] = "x"
    assert boot.status().slots["B"] == SlotState.EXHAUSTED


def test_missing_variables_are_those_of_the_boot_script(boot: UBoot) -> None:
    boot = boot_of(Environment({}))
    assert boot.status() == BootStatus("A", "A", {"A": SlotState.GOOD, "B": SlotState.GOOD})


@pytest.mark.parametrize(
    "outcome, problem",
    [
        (FileNotFoundError(2, "No such file or directory"), "fw_printenv: missing; install it"),
        (ProgramTimeout("no end after 30 s"), "fw_printenv: no end after 30 s"),
        (243, r"fw_printenv: ended with 243 \(\); check /etc/fw_env.config"),
    ],
)
def test_program_that_fails(outcome: OSError | int, problem: str) -> None:
    files = {CONFIG: TWO_COPIES, "/proc/cmdline": RUNS_A}
    boot = UBoot(machine(files, lambda *_: outcome))
    with pytest.raises(BootError, match=problem):
        boot.status()
    assert len(boot.check()) == 1


def test_two_copies_of_the_environment(environment: Environment) -> None:
    boot = boot_of(environment, require_redundant=True)
    assert boot.warnings() == boot.check() == []


@pytest.mark.parametrize("config", [ONE_COPY, ONE_COPY * 2])
def test_one_copy_of_the_environment(environment: Environment, config: str) -> None:
    """It is a warning, and a problem only if the configuration says so."""
    boot = boot_of(environment, config)
    assert boot.check() == []
    (warning,) = boot.warnings()
    assert warning.startswith(f"{CONFIG}: lists one copy of the environment, which a power cut")
    assert boot_of(environment, config, require_redundant=True).check() == [warning]


def test_configuration_without_an_environment(environment: Environment) -> None:
    (problem,) = boot_of(environment, "# none\n\n").check()
    assert problem.startswith(f"{CONFIG}: lists no environment; add")


def test_missing_configuration(environment: Environment) -> None:
    boot = UBoot(machine({"/proc/cmdline": RUNS_A}, environment.run))
    assert boot.check() == [f"{CONFIG}: cannot be read (No such file or directory)"]


def test_defaults_reach_the_programs(environment: Environment) -> None:
    boot_of(environment, defaults="/etc/u-boot-initial-env").status()
    assert environment.calls == [["fw_printenv", "-c", CONFIG, "-f", "/etc/u-boot-initial-env"]]


SIZE = 0x400


def on_a_medium(path: str, power: Power | None = None) -> SimulatedStorage:
    """Returns the storage of a device whose environment is in the file or block device `path`."""
    copy = format_of.encode(CONFIRMED, SIZE, 1)
    image = Image.of(
        {
            CONFIG: f"{path} 0 {SIZE:x}\n{path} {SIZE:#x} {SIZE:#x}\n".encode(),
            "/proc/cmdline": RUNS_A.encode(),
            path: Device(2 * copy),
            "/current": Link("A"),
        }
    )
    return SimulatedStorage(image, power)


def order_after_a_cut(storage: SimulatedStorage) -> set[str]:
    """The orders that U-Boot may find if the power fails now."""
    places = format_of.parse_config(f"/env 0 {SIZE:x}\n/env {SIZE:#x} {SIZE:#x}\n")
    return {
        (format_of.read(SimulatedStorage(image), places).variables or {}).get("BOOT_ORDER", "")
        for _, image in storage.snapshot().outcomes(1000)
    }


def test_change_survives_a_power_cut() -> None:
    storage = on_a_medium("/env")
    UBoot(start(storage, DirectoryLoader("/current")).system).mark_unbootable("B")
    assert order_after_a_cut(storage) == {"A"}


def test_change_of_a_killed_client_is_synced_without_another_write() -> None:
    storage = on_a_medium("/env")
    BootPrograms(storage).setenv(["fw_setenv", "-s", "-"], b"BOOT_ORDER=A\nBOOT_B_LEFT=0\n")
    assert order_after_a_cut(storage) == {"A", "A B"}
    again = SimulatedStorage.resumed(storage.snapshot())
    again.alive = False
    UBoot(start(again, DirectoryLoader("/current")).system).mark_unbootable("B")
    assert order_after_a_cut(again) == {"A"}
    assert again.power.points == 1


def test_flash_is_not_synced() -> None:
    power = Power()
    storage = on_a_medium("/dev/mtd0", power)
    UBoot(start(storage, DirectoryLoader("/current")).system).mark_unbootable("B")
    assert power.points == 1


def test_environment_that_cannot_be_synced() -> None:
    storage = on_a_medium("/env", Power(failures={2: errno.EIO}))
    boot = UBoot(start(storage, DirectoryLoader("/current")).system)
    with pytest.raises(BootError, match=r"^/env: cannot be synced"):
        boot.mark_unbootable("B")
