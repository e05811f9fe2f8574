"""Tests of images for the factory with the real programs, and of devices that start from one."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from software_update.base.files import is_beside_name
from software_update.cli.client.dispatch import main as client_main
from software_update.client.rollout_secret import NAME, read_secret
from software_update.client.shell.clock import MachineClock
from software_update.client.shell.files import MachineStorage
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.command import environment, python
from software_update.testing.image_parts import CONTENTS, MIB, ImageParts
from software_update.testing.peak import peak_bytes

from tests.service.namespaces import SmallDisk, in_namespace

_FOLDERS = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def run(*words: str) -> str:
    """Runs a program that must succeed, and returns what it said."""
    program = shutil.which(words[0], path=_FOLDERS)
    assert program is not None, words[0]
    done = subprocess.run([program, *words[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def arguments(parts: ImageParts, output: Path) -> list[str]:
    """Returns the arguments with which `parts.create` makes an image."""
    return [
        *("device", "image", f"--bundle={parts.bundle}", f"--trusted-root={parts.root}"),
        *(f"--layout={parts.folder / 'layout.json'}", f"--configuration={parts.config}"),
        f"--output={output}",
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ImageParts:
    """Parts of which an image was made, with files in each file system."""
    parts = ImageParts(tmp_path_factory.mktemp("made"))
    parts.layout["partitions"].append(
        {
            "name": "data",
            "type": "linux",
            "size": "8 MiB",
            "filesystem": "ext4",
            "mount": "/data",
        }
    )
    (parts.folder / "check").write_text("#!/bin/sh\nexit 0\n")
    (parts.folder / "boot.efi").write_bytes(b"a boot loader" * 9999)
    files = {
        "esp:/EFI/BOOT/BOOTX64.EFI": "boot.efi",
        "esp:/EFI/Other Loader/a loader.efi": "boot.efi",
        "data:/bin/check it": "check",
        "data:/etc/boot.efi": "boot.efi",
    }
    assert parts.create(*(f"--file={each}={parts.folder / files[each]}" for each in files)) == 0
    return parts


class Partition:
    """A partition of an image, as programs name it."""

    def __init__(self, parts: ImageParts, name: str) -> None:
        [found] = [each for each in parts.document()["partitions"] if each["name"] == name]
        self.ext4 = f"{parts.output}?offset={found['offset']}"
        self.fat = f"{parts.output}@@{found['offset']}"


# The file systems.


def test_filesystems_have_no_faults(made: ImageParts, tmp_path: Path) -> None:
    for name in ("state", "data"):
        run("e2fsck", "-f", "-n", Partition(made, name).ext4)
    (tmp_path / "esp.img").write_bytes(made.content("esp"))
    run("fsck.fat", "-n", str(tmp_path / "esp.img"))


def test_files_are_in_fat(made: ImageParts, tmp_path: Path) -> None:
    fat = Partition(made, "esp").fat
    run("mcopy", "-s", "-i", fat, "::/", str(tmp_path / "esp"))
    found = {
        str(path.relative_to(tmp_path / "esp")): path.read_bytes()
        for path in (tmp_path / "esp").rglob("*")
        if path.is_file()
    }
    boot = (made.folder / "boot.efi").read_bytes()
    assert found == {
        "EFI/BOOT/BOOTX64.EFI": boot,
        "EFI/Other Loader/a loader.efi": boot,
        "a/app": CONTENTS["app"],
    }
    assert "2031-01-01   0:00" in run("mdir", "-i", fat, "::/EFI")


def test_files_are_in_ext4(made: ImageParts) -> None:
    ext4 = Partition(made, "data").ext4
    assert run("debugfs", "-R", 'cat "/bin/check it"', ext4) == "#!/bin/sh\nexit 0\n"
    for path, mode in (("/bin/check it", "0755"), ("/etc/boot.efi", "0644"), ("/etc", "0755")):
        said = run("debugfs", "-R", f'stat "{path}"', ext4)
        assert f"Mode:  {mode}" in said
        assert "User:     0   Group:     0" in said
        times = [line.split(" -- ")[1] for line in said.splitlines() if "time: " in line]
        assert len(times) == 4
        assert set(times) == {"Wed Jan  1 00:00:00 2031"}


def test_record_has_its_room(made: ImageParts) -> None:
    said = run("debugfs", "-R", "stat /record", Partition(made, "state").ext4)
    assert "Size: 16384" in said
    assert "Blockcount: 32" in said


def test_same_bytes_everywhere(made: ImageParts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another folder, umask, time zone and machine settings: the image and the report stay."""
    settings = made.folder / "machine"
    settings.mkdir()
    (settings / "mke2fs.conf").write_text("[defaults]\n\tblocksize = 1024\n")
    (settings / "mtoolsrc").write_text("mtools_lower_case=1\nmtools_no_vfat=1\n")
    monkeypatch.setenv("MKE2FS_CONFIG", str(settings / "mke2fs.conf"))
    monkeypatch.setenv("MTOOLSRC", str(settings / "mtoolsrc"))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    other = ImageParts(settings)
    other.layout = made.layout
    other.output = settings / "an image?offset=0@@1.img"
    before = os.umask(0o077)
    try:
        for name in ("boot.efi", "check"):
            shutil.copy(made.folder / name, settings / name)
        files = [
            ("esp:/EFI/Other Loader/a loader.efi", "boot.efi"),
            ("data:/etc/boot.efi", "boot.efi"),
            ("data:/bin/check it", "check"),
            ("esp:/EFI/BOOT/BOOTX64.EFI", "boot.efi"),
        ]
        assert other.create(*(f"--file={place}={settings / name}" for place, name in files)) == 0
    finally:
        os.umask(before)
    assert other.document() == made.document()
    assert other.output.read_bytes() == made.output.read_bytes()


def test_build_and_command_make_the_same_bytes(tmp_path: Path) -> None:
    image, bundle, root = (Path(os.environ[name]) for name in ("IMAGE", "BUNDLE", "ROOT"))
    folder = Path("tests/device_image")
    output = tmp_path / "command.img"
    words = [
        *("device", "image", f"--bundle={bundle}", f"--trusted-root={root}"),
        *(f"--layout={folder / 'layout.json'}", f"--configuration={folder / 'client.toml'}"),
        *(f"--file=esp:/EFI/BOOT/BOOTX64.EFI={folder / 'layout.json'}", "-o", str(output)),
    ]
    subprocess.run(python("-m", "software_update", *words), env=environment(), check=True)
    assert output.read_bytes() == image.read_bytes()


# A device that starts from the image.


class DeskDevice:
    """A device with the state and the slots of an image, and a client on this machine."""

    def __init__(self, parts: ImageParts, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        (folder / "A").mkdir(parents=True)
        (folder / "b").mkdir()
        self.state.mkdir()
        run("debugfs", "-R", f"rdump / {self.state}", Partition(parts, "state").ext4)
        shutil.rmtree(self.state / "lost+found")
        for name, content in CONTENTS.items():
            (folder / "A" / name).write_bytes(content)
        (folder / "A").rename(folder / "a")
        (folder / "current").symlink_to("a")
        slots = f'slots = {{a = "{folder}/a", b = "{folder}/b"}}'
        self.config = folder / "client.toml"
        self.config.write_text(
            f"""
vendor = "Example Gateways Ltd"
hardware_id = "gateway-1"
state = "{self.state}"
socket = {{path = "{folder}/socket"}}
[domains.system]
root = "{parts.root}"
slots = ["a", "b"]
sources = [{{type = "folder", path = "{folder}/media"}}]
installers = [{{type = "directory", targets = ["*"], {slots}}}]
boot = {{type = "directory", link = "{folder}/current", {slots}}}
restart = ["/bin/true"]
"""
        )

    def client(self, name: str, *words: str) -> int:
        return client_main([name, f"--config={self.config}", *words])


@pytest.fixture
def device(made: ImageParts, tmp_path: Path) -> DeskDevice:
    return DeskDevice(made, tmp_path / "device")


def status_of(device: DeskDevice, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert device.client("status", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def release(folder: Path, counter: int) -> Path:
    """Writes the bundle of a release."""
    manifest = ReleaseManifest(product="gateway", version=f"1.{counter}", counter=counter)
    path = folder / f"{counter}.bundle"
    contents = {**CONTENTS, "user_manifest": build_release(manifest)}
    path.write_bytes(e.bundle(contents, version=counter))
    return path


def test_device_has_the_floor_and_the_preset(
    device: DeskDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    system = status_of(device, capsys)["domains"]["system"]
    assert (system["running"], system["preset"]) == ("a", "auto-security")
    assert (system["floor"]["version"], system["floor"]["counter"]) == ("1.2", 2)
    assert device.client("verify-installed") == 0
    assert device.client("history", "--verify") == 0


def test_device_refuses_an_older_release(
    device: DeskDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert device.client("install", str(release(device.folder, 1))) == 1
    assert "TARGETS_ROLLBACK" in capsys.readouterr().err


def test_device_installs_a_newer_release(
    device: DeskDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert device.client("install", str(release(device.folder, 3)), "--yes") == 0
    system = status_of(device, capsys)["domains"]["system"]
    assert (system["running"], system["floor"]["version"]) == ("b", "1.3")


def test_damaged_slot_is_noticed(device: DeskDevice) -> None:
    (device.folder / "a" / "app").write_bytes(CONTENTS["app"][:-1] + b"x")
    assert device.client("verify-installed") == 1


# Secrets.


def test_no_secret_is_in_an_image(made: ImageParts, device: DeskDevice) -> None:
    names = {str(path.relative_to(device.state)) for path in device.state.rglob("*")}
    folders = {name.split("/")[0] for name in names}
    assert folders == {"history.jsonl", "manifests", "record", "roots"}
    content = made.output.read_bytes()
    for key in (e.ROOT_KEY, e.TARGETS_KEY):
        assert e.pair(key).scalar.to_bytes(32, "big") not in content
    assert b"PRIVATE KEY" not in content
    assert NAME.encode() not in content


def test_device_makes_its_secret_at_its_first_start(made: ImageParts, tmp_path: Path) -> None:
    secrets = []
    for name in ("one", "two"):
        device = DeskDevice(made, tmp_path / name)
        secrets.append(read_secret(MachineStorage(), str(device.state), MachineClock()))
        assert (device.state / NAME).stat().st_mode & 0o777 == 0o600
    assert secrets[0] != secrets[1]
    assert all(each not in made.output.read_bytes() for each in secrets)


# Faults.


def fails(parts: ImageParts, capsys: pytest.CaptureFixture[str], code: int, *words: str) -> str:
    """Returns the line of error of an image that is not made, and leaves nothing."""
    capsys.readouterr()
    assert parts.create(*words) == code
    [line] = capsys.readouterr().err.splitlines()
    assert not parts.output.exists()
    assert not parts.report.exists()
    assert not [each for each in os.listdir(parts.folder) if is_beside_name(each)]
    return line.removeprefix("software-update: ").replace(f"{parts.folder}/", "")


@pytest.mark.parametrize("partition", ["esp", "state"])
def test_files_that_do_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], partition: str
) -> None:
    parts = ImageParts(tmp_path)
    # The file systems need some room themselves.
    (tmp_path / "large").write_bytes(os.urandom(8 * MIB - 20_000))
    line = fails(parts, capsys, 3, f"--file={partition}:/large={tmp_path / 'large'}")
    assert line.startswith(f"partition {partition}: 8")
    assert line.endswith("; enlarge it in the layout")


def test_names_that_fat_does_not_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = ImageParts(tmp_path)
    for place, problem in (
        ("esp:/a:b", "FAT does not take this name; use letters, digits, . _ and -"),
        ("esp:/a|b", "FAT does not take this name; use letters, digits, . _ and -"),
        ("esp:/a.", "FAT has no links, nor names that end in . or a space"),
    ):
        line = fails(parts, capsys, 3, f"--file={place}={parts.root}")
        assert line == f"{place}: {problem}"
    words = [f"--file=esp:/{name}={parts.root}" for name in ("Boot.efi", "boot.EFI")]
    line = fails(parts, capsys, 3, *words)
    assert line == "esp:/boot.EFI: FAT does not distinguish it from Boot.efi"


def test_names_that_debugfs_does_not_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = ImageParts(tmp_path)
    line = fails(parts, capsys, 3, f'--file=state:/a"b={parts.root}')
    assert line == 'state:/a"b: use printable ASCII characters without "'


def test_full_disk(tmp_path: Path) -> None:
    """The disk is full at each step of the work: nothing is left on it, and the line names the image."""
    parts = ImageParts(tmp_path)
    parts.write_bundle(app=os.urandom(4 * MIB), rootfs=os.urandom(MIB))
    assert parts.create() == 0
    folder = tmp_path / "disk"
    folder.mkdir()
    output = folder / "factory.img"

    def on_a_small_disk() -> None:
        disk = SmallDisk(folder, MIB)
        for size in (256, 3000, 5000, 5400, 6000, 9300):
            disk.resize(size * 1024)
            done = subprocess.run(
                python("-m", "software_update", *arguments(parts, output)),
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.stderr == f"software-update: {output}: No space left on device\n", size
            assert (done.returncode, os.listdir(folder)) == (3, [])

    in_namespace(on_a_small_disk)


@contextlib.contextmanager
def started(parts: ImageParts, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Starts the command, and waits until it has begun to write."""
    process = subprocess.Popen(
        python("-m", "software_update", *arguments(parts, output)),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_killed_half_way(tmp_path: Path, sent: signal.Signals) -> None:
    """The image that was there stays. Only SIGKILL leaves files, which are hidden; the next run works."""
    parts = ImageParts(tmp_path)
    parts.write_bundle(app=os.urandom(5 * MIB))
    assert parts.create() == 0
    whole = hashlib.sha256(parts.output.read_bytes()).digest()
    folder = tmp_path / "out"
    folder.mkdir()
    output = folder / "factory.img"
    output.write_bytes(b"the image before")
    with started(parts, output) as process:
        while len(os.listdir(folder)) < 3:  # The new image, and the folder of file systems.
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(sent)
        assert process.wait(60) != 0
    assert output.read_bytes() == b"the image before"
    left = sorted(set(os.listdir(folder)) - {"factory.img"})
    assert all(map(is_beside_name, left))
    assert sent == signal.SIGKILL or left == []
    with started(parts, output) as process:
        assert process.wait(60) == 0
    assert hashlib.sha256(output.read_bytes()).digest() == whole


def test_memory_does_not_grow_with_the_payloads(tmp_path: Path) -> None:
    parts = ImageParts(tmp_path)
    for name in ("slot_a", "slot_b", "esp"):
        parts.partition(name)["size"] = "32 MiB"
    peaks = []
    for size in (1 * MIB, 30 * MIB):
        parts.write_bundle(rootfs=bytes(size), app=bytes(size))
        assert parts.create() == 0
        peaks.append(peak_bytes(arguments(parts, parts.output)))
    assert peaks[1] - peaks[0] < 8 * MIB, peaks


def test_image_is_sparse(tmp_path: Path) -> None:
    parts = ImageParts(tmp_path)
    parts.partition("slot_b")["size"] = "100 MiB"
    parts.write_bundle(rootfs=bytes(MIB) + b"x")
    assert parts.create(programs="true") == 0
    found = parts.output.stat()
    assert found.st_size > 100 * MIB
    assert found.st_blocks * 512 < MIB
