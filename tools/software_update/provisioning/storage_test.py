"""Tests of the storage of an image."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.base.errors import UsageError
from software_update.provisioning.gpt import Disk, place
from software_update.provisioning.layout import MIB, TYPES, Layout, Partition
from software_update.provisioning.storage import ImageStorage

SLOT = "/dev/disk/by-partlabel/slot"
LAYOUT = Layout(
    (
        Partition("esp", TYPES["efi"], 4 * MIB, "fat", None, "/dev/sda1", None),
        Partition("slot", TYPES["linux"], 2 * MIB, "none", None, SLOT, None),
        Partition("data", TYPES["linux"], 2 * MIB, "ext4", "/var", "/dev/sda3", None),
        Partition("state", TYPES["linux"], 2 * MIB, "ext4", "/var/lib/state", "/dev/sda4", None),
    )
)


class Image:
    def __init__(self, folder: Path) -> None:
        self.disk: Disk = place(LAYOUT, b"")
        self.staging = folder / "staging"
        self.staging.mkdir()
        self.fd = os.open(folder / "image", os.O_RDWR | os.O_CREAT)
        os.ftruncate(self.fd, self.disk.size)
        self.storage = ImageStorage(self.disk, self.fd, str(self.staging), "factory.img")

    def content(self) -> bytes:
        return os.pread(self.fd, self.disk.size, 0)

    def write(self, path: str, content: bytes) -> None:
        file = self.storage.open_to_write(path)
        file.write(0, content)
        file.sync()
        file.close()

    def read(self, path: str) -> bytes:
        file = self.storage.open(path)
        content = file.read(0, file.size())
        file.close()
        return content


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    made = Image(tmp_path)
    yield made
    os.close(made.fd)


def test_partition_without_filesystem_is_a_window(image: Image) -> None:
    file = image.storage.open_to_write(SLOT)
    assert file.size() == 2 * MIB
    file.write(2 * MIB - 3, b"end")
    file.truncate(0)
    assert file.read(2 * MIB - 5, 100) == b"\0\0end"
    assert file.read(3 * MIB, 1) == b""
    with pytest.raises(OSError, match="No space left") as error:
        file.write(2 * MIB - 2, b"end")
    assert error.value.filename == SLOT
    assert image.content().strip(b"\0") == b"end"
    assert image.content()[7 * MIB - 3 : 7 * MIB] == b"end"


def test_window_leaves_holes(image: Image) -> None:
    before = os.fstat(image.fd).st_blocks
    file = image.storage.open_to_write(SLOT)
    file.write(0, bytes(MIB) + b"x" * 4096 + bytes(MIB - 4096))
    assert 0 < (os.fstat(image.fd).st_blocks - before) * 512 <= 128 * 1024
    assert file.read(MIB, 4097) == b"x" * 4096 + b"\0"


def test_file_is_in_the_innermost_filesystem(image: Image) -> None:
    image.write("/var/lib/state/record", b"1")
    image.storage.make_folder("/var/log")
    image.write("/var/log/../log/x", b"2")
    assert (image.staging / "state/record").read_bytes() == b"1"
    assert (image.staging / "data/log/x").read_bytes() == b"2"
    assert image.read("/var/lib/state/record") == b"1"
    assert image.storage.list("/var/log") == ["x"]
    assert image.storage.exists("/var/log/x")
    assert not image.storage.exists("/var/log/y")


def test_path_on_no_partition_is_missing(image: Image) -> None:
    for path in ("/etc/passwd", "/dev/sda9", "/"):
        assert image.storage.place(path) is None
        assert not image.storage.exists(path)
        assert image.storage.list(path) == []
        assert image.storage.read_link(path) is None
        assert image.storage.owner_problem(path) is None
        with pytest.raises(FileNotFoundError, match="is on no partition of the layout"):
            image.storage.open(path)
    assert image.storage.free_bytes("/etc") == 0


def test_refuses_to_open_a_partition_with_a_filesystem(image: Image) -> None:
    with pytest.raises(OSError, match="has a filesystem in the layout; set it to none"):
        image.storage.open_to_write("/dev/sda3")


def test_names_and_links(image: Image) -> None:
    storage = image.storage
    image.write("/var/a", b"1")
    storage.rename("/var/a", "/var/b")
    storage.make_link("b", "/var/current")
    assert storage.read_link("/var/current") == "b"
    storage.remove("/var/b")
    assert storage.list("/var") == ["current"]
    with pytest.raises(OSError, match="Too many levels"):
        storage.open("/var/current")


def test_modes_do_not_depend_on_the_umask(image: Image) -> None:
    before = os.umask(0o077)
    try:
        image.write("/var/file", b"")
        image.write("/var/secret", b"")
    finally:
        os.umask(before)
    image.storage.make_private("/var/secret")
    image.write("/var/secret", b"again")
    modes = [(image.staging / "data" / name).stat().st_mode & 0o777 for name in ("file", "secret")]
    assert modes == [0o644, 0o600]


def test_free_bytes_are_those_without_files(image: Image) -> None:
    image.write("/var/a", bytes(1000))
    assert image.storage.free_bytes("/var") == 2 * MIB - 1000
    assert image.storage.free_bytes("/var/lib/state") == 2 * MIB


def test_owner_problem_of_a_file_that_the_image_lacks(image: Image) -> None:
    image.write("/var/root.pb", b"")
    image.storage.make_folder("/var/etc")
    assert image.storage.owner_problem("/var/root.pb") is None
    problem = image.storage.owner_problem("/var/other.pb")
    assert problem == "is missing on partition data; add it to the files"
    assert image.storage.owner_problem("/var/etc") == "is not a regular file"


@pytest.mark.parametrize(
    ("place_", "path"),
    [("slot", SLOT), ("esp:/EFI/a b.efi", "/.partitions/esp/EFI/a b.efi")],
)
def test_path_of_a_place(image: Image, place_: str, path: str) -> None:
    assert image.storage.path_of(place_) == path
    assert image.storage.place(path) == place_


@pytest.mark.parametrize(
    "place_", ["other", "other:/x", "slot:/x", "esp", "esp:", "esp:x", "esp:/", "esp:/../x"]
)
def test_place_that_is_not_one(image: Image, place_: str) -> None:
    with pytest.raises(UsageError, match=f"^'{place_}': "):
        image.storage.path_of(place_)
