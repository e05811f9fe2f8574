"""Tests of the simulated `fw_printenv` and `fw_setenv`."""

from software_update.client.simulator import environment
from software_update.client.simulator.boot_programs import BootPrograms
from software_update.client.simulator.image import Device, Image
from software_update.client.simulator.storage import SimulatedStorage

SIZE = 0x200
CONFIG = f"/dev/env 0 {SIZE:x}\n/dev/env {SIZE:#x} {SIZE:#x}\n"
PLACES = environment.parse_config(CONFIG)
START = {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "3"}


def device(content: bytes | None = None, config: str = CONFIG) -> SimulatedStorage:
    good = environment.encode(START, SIZE, 1)
    return SimulatedStorage(
        Image.of(
            {
                "/etc/fw_env.config": config.encode(),
                "/dev/env": Device(2 * good if content is None else content),
                "/script": b"a=1\n",
            }
        )
    )


def variables(storage: SimulatedStorage) -> dict[str, str] | None:
    return environment.read(storage, PLACES).variables


def printed(programs: BootPrograms, *arguments: str) -> bytes:
    result = programs.printenv(["fw_printenv", *arguments], b"")
    assert result.exit_code == 0, result
    return result.stdout


def test_printenv_prints_all_or_some() -> None:
    programs = BootPrograms(device())
    assert printed(programs) == b"BOOT_A_LEFT=3\nBOOT_ORDER=A B\n"
    assert printed(programs, "BOOT_ORDER", "other") == b"BOOT_ORDER=A B\nother=\n"
    assert printed(programs, "-n", "BOOT_ORDER") == b"A B\n"
    assert printed(programs, "-c", "/etc/fw_env.config", "-n", "BOOT_A_LEFT") == b"3\n"


def test_setenv_script_changes_all_at_once_and_without_a_sync() -> None:
    storage = device()
    before = storage.power.points
    text = b"# comment\nBOOT_ORDER=B A\nBOOT_B_LEFT=3\nBOOT_A_LEFT=\nno equals sign\n"
    result = BootPrograms(storage).setenv(["fw_setenv", "-s", "-"], text)
    assert result.exit_code == 0
    assert storage.power.points == before + 1
    assert variables(storage) == {"BOOT_ORDER": "B A", "BOOT_B_LEFT": "3"}
    lost = SimulatedStorage(storage.snapshot().durable())
    assert variables(lost) == START


def test_setenv_takes_a_name_and_a_value() -> None:
    storage = device()
    programs = BootPrograms(storage)
    assert programs.setenv(["fw_setenv", "BOOT_A_LEFT", "2"], b"").exit_code == 0
    assert variables(storage) == {**START, "BOOT_A_LEFT": "2"}
    assert programs.setenv(["fw_setenv", "BOOT_A_LEFT"], b"").exit_code == 0
    assert variables(storage) == {"BOOT_ORDER": "A B"}


def test_setenv_does_not_write_an_unchanged_variable() -> None:
    storage = device()
    programs = BootPrograms(storage)
    assert programs.setenv(["fw_setenv", "BOOT_A_LEFT", "3", "other"], b"").exit_code == 0
    assert storage.power.points == 0


def test_setenv_reads_a_script_from_a_file() -> None:
    storage = device()
    assert BootPrograms(storage).setenv(["fw_setenv", "-s", "/script"], b"").exit_code == 0
    assert variables(storage) == {**START, "a": "1"}


def test_defaults_are_used_without_an_intact_copy() -> None:
    storage = device(bytes(2 * SIZE))
    result = BootPrograms(storage).printenv(["fw_printenv"], b"")
    assert (result.exit_code, result.stderr) == (
        1,
        b"Cannot read default environment from file\n",
    )
    programs = BootPrograms(storage)
    assert printed(programs, "-f", "/script") == b"a=1\n"
    arguments = ["fw_setenv", "--defenv", "/script", "-s", "-"]
    assert programs.setenv(arguments, b"x=1\n").exit_code == 0
    assert variables(storage) == {"a": "1", "x": "1"}


def test_errors_end_with_exit_code_1() -> None:
    for storage in (device(config="# nothing\n"), device(config="/missing 0 100\n"), device(b"")):
        programs = BootPrograms(storage)
        assert programs.printenv(["fw_printenv"], b"").exit_code == 1
        assert programs.setenv(["fw_setenv", "-s", "-"], b"a=1\n").exit_code == 1
    result = BootPrograms(device()).setenv(["fw_setenv", "a", "x" * SIZE], b"")
    assert result.exit_code == 1
    assert result.stderr.startswith(b"Error storing the env")
    assert BootPrograms(device()).printenv(["fw_printenv", "-c", "/none"], b"").exit_code == 1
