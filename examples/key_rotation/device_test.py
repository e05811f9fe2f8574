"""A device that keeps its root and its manifest goes through the years from root 1 to root 5."""

import itertools
import shutil
from pathlib import Path

import pytest
from software_update.cli.main import main

HERE = Path("examples/key_rotation")
LATER = (2, 3, 4, 5)


class Device:
    """The files of a device: the root that it trusts, and the manifest of its release."""

    def __init__(self, storage: Path) -> None:
        self._storage = storage
        self._root = storage / "root.pb"
        self._manifest = storage / "installed.pb"
        shutil.copyfile(HERE / "root_1.root.pb", self._root)

    def takes(self, bundle: Path) -> bool:
        """Verifies a bundle. If it is accepted, writes its payloads and updates the two files."""
        payloads = self._storage / "payloads"
        shutil.rmtree(payloads, ignore_errors=True)
        verify = ["bundle", "verify", str(bundle), "--trusted-root", str(self._root)]
        if self._manifest.exists():
            verify += ["--installed", str(self._manifest)]
        verify += ["--hardware-id", "board_a", "--extract", str(payloads)]
        verify += ["--write-root", str(self._root), "--write-installed", str(self._manifest)]
        accepted = main(verify) == 0
        assert payloads.exists() == accepted
        return accepted


def release(number: int) -> Path:
    return HERE / f"release_{number}.bundle"


@pytest.mark.parametrize(
    "awake", [each for count in range(5) for each in itertools.combinations(LATER, count)], ids=str
)
def test_device_may_miss_any_number_of_years(tmp_path: Path, awake: tuple[int, ...]) -> None:
    device = Device(tmp_path)
    for number in (1, *awake):
        assert device.takes(release(number))
        for older in range(1, number):
            assert not device.takes(release(older))
        assert device.takes(release(number))


@pytest.mark.parametrize("number", LATER)
def test_every_later_release_replaces_the_stolen_one(tmp_path: Path, number: int) -> None:
    device = Device(tmp_path)
    assert device.takes(release(1))
    assert device.takes(HERE / "stolen.bundle")
    assert not device.takes(release(1))
    assert device.takes(release(number))
    assert not device.takes(HERE / "stolen.bundle")
