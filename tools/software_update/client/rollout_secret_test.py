"""Tests of the secret for rollouts."""

import pytest

from software_update.client.rollout_secret import NAME, read_secret
from software_update.client.simulator.image import Image
from software_update.client.simulator.machine import SimulatedClock
from software_update.client.simulator.power import Power, PowerCut
from software_update.client.simulator.storage import SimulatedStorage
from software_update.testing.memory_storage import MemoryStorage

FOLDER = "/state"


def new_storage() -> MemoryStorage:
    storage = MemoryStorage()
    storage.make_folder(FOLDER)
    return storage


def test_secret_is_made_once() -> None:
    storage = new_storage()
    secret = read_secret(storage, FOLDER, SimulatedClock())
    assert len(secret) == 32
    assert read_secret(storage, FOLDER, SimulatedClock(boot="boot-2")) == secret


def test_secret_is_private_before_it_is_written() -> None:
    storage = new_storage()
    storage.log.clear()
    read_secret(storage, FOLDER, SimulatedClock())
    private = storage.log.index(f"make private {FOLDER}/{NAME}.new")
    assert private < storage.log.index(f"write {FOLDER}/{NAME}.new")


def test_damaged_secret_is_replaced() -> None:
    storage = new_storage()
    for content in (b"", b"short", bytes(33)):
        storage.put(f"{FOLDER}/{NAME}", content)
        secret = read_secret(storage, FOLDER, SimulatedClock())
        assert len(secret) == 32
        assert storage.content(f"{FOLDER}/{NAME}") == secret


def test_two_devices_with_one_image_have_different_secrets() -> None:
    secrets = {
        read_secret(new_storage(), FOLDER, SimulatedClock(boot=f"boot of {n}")) for n in range(9)
    }
    assert len(secrets) == 9


def test_secret_that_was_returned_survives_every_power_cut() -> None:
    """A device that has acted on its place must keep it."""
    point = 0
    while True:
        point += 1
        power = Power(cut_at=point)
        storage = SimulatedStorage(Image.of({FOLDER: None}), power)
        try:
            secret = read_secret(storage, FOLDER, SimulatedClock())
        except PowerCut:
            assert power.cut is not None
            for _, image in power.cut.outcomes(1000):
                again = SimulatedStorage(image)
                assert len(read_secret(again, FOLDER, SimulatedClock(boot="boot-2"))) == 32
            continue
        break
    assert point > 4
    for _, image in storage.snapshot().outcomes(1000):
        assert read_secret(SimulatedStorage(image), FOLDER, SimulatedClock(boot="b")) == secret


@pytest.mark.parametrize("boot", ["boot-1", "boot-2"])
def test_name_that_a_killed_client_left_is_synced(boot: str) -> None:
    storage = SimulatedStorage(Image.of({FOLDER: None}))
    file = storage.open_to_write(f"{FOLDER}/{NAME}.new")
    file.write(0, bytes(32))
    file.sync()
    storage.rename(f"{FOLDER}/{NAME}.new", f"{FOLDER}/{NAME}")
    secret = read_secret(storage, FOLDER, SimulatedClock(boot=boot))
    for _, image in storage.snapshot().outcomes(1000):
        assert read_secret(SimulatedStorage(image), FOLDER, SimulatedClock()) == secret
