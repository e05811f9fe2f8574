"""Tests of the simulated boot loaders."""

import pytest

from software_update.client.simulator import environment
from software_update.client.simulator.bootloader import DirectoryLoader, UBoot
from software_update.client.simulator.image import Device, Image, Link
from software_update.client.simulator.storage import SimulatedStorage

SIZE = 0x200
PLACES = environment.parse_config(f"/dev/env 0 {SIZE:x}\n")


def device(**variables: str) -> SimulatedStorage:
    content = environment.encode(variables, SIZE) if variables else bytes(SIZE)
    return SimulatedStorage(Image.of({"/dev/env": Device(content)}))


def starts(storage: SimulatedStorage, loader: UBoot, count: int) -> list[str | None]:
    return [loader.start(storage) for _ in range(count)]


def test_u_boot_counts_down_in_hexadecimal_and_falls_back() -> None:
    storage = device(BOOT_ORDER="B A", BOOT_A_LEFT="11", BOOT_B_LEFT="2")
    assert starts(storage, UBoot(PLACES), 4) == ["B", "B", "A", "A"]
    assert environment.read(storage, PLACES).variables == {
        "BOOT_ORDER": "B A",
        "BOOT_A_LEFT": "f",
        "BOOT_B_LEFT": "0",
    }
    assert storage.image() == storage.snapshot().durable()


def test_slot_that_is_not_in_the_order_does_not_start() -> None:
    storage = device(BOOT_ORDER="A", BOOT_A_LEFT="1", BOOT_B_LEFT="3")
    assert starts(storage, UBoot(PLACES, refill=0), 2) == ["A", None]


def test_exhausted_slots_of_the_order_are_refilled() -> None:
    storage = device(BOOT_ORDER="A B", BOOT_A_LEFT="0", BOOT_B_LEFT="")
    assert starts(storage, UBoot(PLACES, refill=1), 3) == ["A", "B", "A"]


@pytest.mark.parametrize("text", ["", "0", "x"])
def test_wrong_number_is_zero(text: str) -> None:
    storage = device(BOOT_ORDER="B A", BOOT_B_LEFT=text, BOOT_A_LEFT="1")
    assert UBoot(PLACES).start(storage) == "A"


def test_compiled_in_defaults_replace_a_broken_environment() -> None:
    storage = device()
    loader = UBoot(PLACES, {"BOOT_ORDER": "B", "BOOT_B_LEFT": "2"})
    assert loader.start(storage) == "B"
    assert environment.read(storage, PLACES).variables == {"BOOT_ORDER": "B", "BOOT_B_LEFT": "1"}


def test_empty_order_starts_nothing() -> None:
    assert UBoot(PLACES).start(device(BOOT_ORDER="")) is None


def test_start_fails_if_tries_are_refilled_with_none() -> None:
    assert UBoot(PLACES, refill=-1).start(device(BOOT_ORDER="A")) is None


def test_directory_loader_follows_the_link() -> None:
    loader = DirectoryLoader("/data/current")
    linked = Image.of({"/data/current": Link("slots/B/"), "/data/slots/B": None})
    assert loader.start(SimulatedStorage(linked)) == "B"
    assert loader.start(SimulatedStorage(Image())) is None
