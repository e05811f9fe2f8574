"""Tests of the simulated machine."""

import pytest

from software_update.client.simulator import environment
from software_update.client.simulator.bootloader import DirectoryLoader, UBoot
from software_update.client.simulator.image import Device, Image, Link
from software_update.client.simulator.machine import (
    COMMAND_LINE,
    CannotStart,
    Program,
    SimulatedClock,
    SimulatedNetwork,
    boot,
)
from software_update.client.simulator.power import Power, PowerCut
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.system import ProgramResult

LINKED = Image.of({"/current": Link("B"), "/B": None})
LOADER = DirectoryLoader("/current")


def test_machine_starts_the_slot_of_the_boot_loader() -> None:
    machine = boot(SimulatedStorage(LINKED), LOADER)
    assert machine.booted == "B"
    assert machine.system.storage.list("/") == ["B", "current"]


def test_machine_without_a_slot_cannot_start() -> None:
    with pytest.raises(CannotStart):
        boot(SimulatedStorage(Image()), LOADER)


def test_boot_programs_use_the_storage_of_the_machine() -> None:
    size = 0x100
    config = f"/dev/env 0 {size:x}\n"
    content = environment.encode({"BOOT_ORDER": "A", "BOOT_A_LEFT": "3"}, size)
    image = Image.of({"/etc/fw_env.config": config.encode(), "/dev/env": Device(content)})
    machine = boot(SimulatedStorage(image), UBoot(environment.parse_config(config)))
    run = machine.system.programs.run
    assert run(["/usr/bin/fw_setenv", "-s", "-"], stdin=b"x=1\n").exit_code == 0
    printed = run(["/usr/bin/fw_printenv"])
    assert printed.stdout == b"BOOT_A_LEFT=2\nBOOT_ORDER=A\nx=1\n"
    assert machine.programs.calls == [
        ("/usr/bin/fw_setenv", "-s", "-"),
        ("/usr/bin/fw_printenv",),
    ]


def test_power_may_fail_in_the_boot_loader() -> None:
    size = 0x100
    config = f"/dev/env 0 {size:x}\n"
    content = environment.encode({"BOOT_ORDER": "A", "BOOT_A_LEFT": "3"}, size)
    image = Image.of({"/dev/env": Device(content)})
    storage = SimulatedStorage(image, Power(cut_at=1))
    with pytest.raises(PowerCut):
        boot(storage, UBoot(environment.parse_config(config)))


def test_program_of_the_test_gets_arguments_and_input() -> None:
    def echo(argv: list[str], stdin: bytes) -> ProgramResult:
        return ProgramResult(3, " ".join(argv).encode(), stdin)

    program: Program = lambda argv, stdin: echo([*argv], stdin)  # noqa: E731
    machine = boot(SimulatedStorage(LINKED), LOADER, programs={"health": program})
    result = machine.system.programs.run(["/bin/health", "-v"], stdin=b"in")
    assert result == ProgramResult(3, b"/bin/health -v", b"in")
    with pytest.raises(FileNotFoundError):
        machine.system.programs.run(["/bin/other"])


def test_clock_moves_only_when_the_test_moves_it() -> None:
    clock = SimulatedClock(wall=100)
    assert (clock.now(), clock.since_boot()) == (100, 0)
    clock.advance(2.5)
    assert (clock.now(), clock.since_boot()) == (102, 2.5)
    clock.set(0)
    assert (clock.now(), clock.since_boot()) == (0, 2.5)


def test_local_minute_is_that_of_utc() -> None:
    assert SimulatedClock(wall=86400 * 3 + 61 * 60 + 59).local_minute() == 61


def test_random_numbers_repeat_in_each_run() -> None:
    first, second = SimulatedClock(), SimulatedClock()
    drawn = [first.random() for _ in range(5)]
    assert drawn == [second.random() for _ in range(5)]
    assert len(set(drawn)) == 5
    assert all(0 <= number < 1 for number in drawn)
    assert SimulatedClock(boot="boot-2").random() != drawn[0]


def test_device_is_offline_without_a_server() -> None:
    network = boot(SimulatedStorage(LINKED), LOADER).system.network
    with pytest.raises(ConnectionError, match="offline"):
        network.get("http://localhost/", {})
    with pytest.raises(ConnectionError, match="offline"):
        network.send("PUT", "http://localhost/", {}, b"")


def test_server_of_the_test_gets_url_and_headers() -> None:
    asked: list[object] = []

    def server(url: str, headers: object) -> object:
        asked.append((url, headers))
        return None

    def receiver(*request: object) -> object:
        asked.append(request)
        return None

    network = SimulatedNetwork(server, receiver)  # type: ignore[arg-type]
    network.get("http://localhost/", {"a": "b"})
    network.send("PUT", "http://localhost/", {"a": "b"}, b"c")
    assert asked == [
        ("http://localhost/", {"a": "b"}),
        ("PUT", "http://localhost/", {"a": "b"}, b"c"),
    ]


def test_kernel_shows_the_slot_and_a_killed_client_finds_it() -> None:
    image = Image.of({"/current": Link("B"), "/B": None, COMMAND_LINE: b"old"})
    machine = boot(SimulatedStorage(image), LOADER)
    file = machine.storage.open(COMMAND_LINE)
    assert file.read(0, 99) == b"software_update.slot=B"
    machine.storage.remove("/current")
    again = boot(SimulatedStorage.resumed(machine.storage.snapshot()), LOADER)
    assert again.booted == "B"
    assert not again.storage.exists("/current")
    assert machine.storage.snapshot().outcome((0,)).find("/current") == Link("B")
