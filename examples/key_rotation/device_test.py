"""A device that keeps its root and its manifest plays the years from root 1 to root 5."""

import itertools
import shutil
from pathlib import Path

import pytest
from software_update.cli import main

HERE = Path("examples/key_rotation")
LATER = (2, 3, 4, 5)


class Device:
    """What a device keeps: the root that it trusts, and the manifest of what it runs."""

    def __init__(self, storage: Path) -> None:
        self._root = storage / "root.pb"
        self._manifest = storage / "manifest.pb"
        self._scratch = storage / "unpacked"
        shutil.copyfile(HERE / "root_1.root.pb", self._root)

    def takes(self, bundle: Path) -> bool:
        """Judges a bundle, and keeps what it brings if it is good."""
        new_manifest = self._manifest.with_suffix(".new")
        verify = ["bundle", "verify", str(bundle), "--trusted-root", str(self._root)]
        if self._manifest.exists():
            verify += ["--installed", str(self._manifest)]
        verify += ["--hardware-id", "board_a", "--write-manifest", str(new_manifest)]
        if main(verify) != 0:
            return False
        assert main(["step", "persist", str(bundle), "-o", str(self._scratch)]) == 0
        shutil.copyfile(self._scratch / "metadata/root.pb", self._root)
        new_manifest.rename(self._manifest)
        return True


def release(number: int) -> Path:
    return HERE / f"release_{number}.bundle"


@pytest.mark.parametrize(
    "awake", [each for count in range(5) for each in itertools.combinations(LATER, count)], ids=str
)
def test_any_years_may_be_slept_through(tmp_path: Path, awake: tuple[int, ...]) -> None:
    device = Device(tmp_path)
    for number in (1, *awake):
        assert device.takes(release(number))
        for older in range(1, number):
            assert not device.takes(release(older))
        assert device.takes(release(number))
