"""Tests of images up to the programs that make file systems, which `true` replaces here."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from software_update.cli.dispatch import run_command
from software_update.client.record import PLACE_BYTES, decode
from software_update.format.claims import Claims, TargetClaim
from software_update.provisioning import image as image_module
from software_update.provisioning.gpt import Placed
from software_update.provisioning.programs import Programs
from software_update.provisioning.storage import Window
from software_update.testing import encode as e
from software_update.testing.image_parts import CONTENTS, ImageParts

# The numbers of two key pairs that no other root lists.
_OTHER = 91


@pytest.fixture
def parts(tmp_path: Path) -> ImageParts:
    return ImageParts(tmp_path)


def refused(
    parts: ImageParts, capsys: pytest.CaptureFixture[str], code: int, *arguments: str
) -> str:
    """Returns the one line of error. Nothing is written."""
    before = sorted(os.listdir(parts.folder))
    capsys.readouterr()
    assert parts.create(*arguments, programs="true") == code
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    added = {*os.listdir(parts.folder)} - {*before}
    assert added <= {"layout.json", "programs.txt"}
    return line.removeprefix("software-update: ").replace(f"{parts.folder}/", "")


def test_slot_has_the_release(parts: ImageParts) -> None:
    assert parts.create(programs="true") == 0
    content = parts.content("slot_a")
    assert content.rstrip(b"\0") == CONTENTS["rootfs"]
    assert not parts.content("slot_b").strip(b"\0")
    document = parts.document()
    [system] = document["domains"]
    assert (system["running"], system["preset"]) == ("a", "auto-security")
    assert system["floor"]["counter"] == 2
    assert [each["name"] for each in document["targets"]] == ["app", "rootfs"]
    assert (document["vendor"], document["hardware_id"]) == ("Example Gateways Ltd", "gateway-1")
    assert document["not_in_image"] == ["/usr/share/software_update/root.pb"]


def test_other_slot(parts: ImageParts) -> None:
    assert parts.create("--slot=b", programs="true") == 0
    assert not parts.content("slot_a").strip(b"\0")
    assert parts.content("slot_b").rstrip(b"\0") == CONTENTS["rootfs"]
    assert parts.document()["domains"][0]["running"] == "b"


def test_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    images = []
    for name, mask in (("one", 0o022), ("two words", 0o077)):
        (tmp_path / name).mkdir()
        parts = ImageParts(tmp_path / name)
        before = os.umask(mask)
        try:
            assert parts.create(programs="true") == 0
        finally:
            os.umask(before)
        images.append((parts.output.read_bytes(), parts.document()))
    assert images[0] == images[1]


def test_guids_are_those_of_the_next_release(parts: ImageParts) -> None:
    assert parts.create(programs="true") == 0
    first = parts.document()
    parts.write_bundle(3)
    assert parts.create(programs="true") == 0
    second = parts.document()
    assert [each["guid"] for each in first["partitions"]] == [
        each["guid"] for each in second["partitions"]
    ]
    assert first["partitions"][1]["guid"] == "0fc63daf-8483-4772-8e79-3d69d8477de5"
    parts.configure(head='hardware_id = "gateway-2"')
    parts.write_bundle(3, ("gateway-2",))
    assert parts.create(programs="true") == 0
    assert parts.document()["guid"] != first["guid"]


def test_state_is_that_of_a_provisioned_client(
    parts: ImageParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, bytes] = {}

    def look(placed: Placed, programs: Programs) -> None:
        folder = Path(programs.folder, placed.partition.name)
        if placed.partition.name == "state":
            files = [each for each in folder.rglob("*") if each.is_file()]
            seen.update({str(each.relative_to(folder)): each.read_bytes() for each in files})

    monkeypatch.setattr(image_module, "make_filesystem", look)
    assert parts.create(programs="true") == 0
    assert {name.split("/")[0] for name in seen} == {
        *("record", "history.jsonl", "manifests", "roots")
    }
    lines = [json.loads(line) for line in seen["history.jsonl"].splitlines()]
    assert [each["event"] for each in lines] == ["Started", "Provisioned"]
    assert (lines[1]["who"], lines[1]["preset"]) == ("factory", "auto-security")
    assert {each["at"] for each in lines} == {1924992000}
    places = seen["record"][:PLACE_BYTES], seen["record"][PLACE_BYTES:]
    record = max(filter(None, map(decode, places)), key=lambda each: each.sequence)
    floor = record.state.domain("system").floor
    assert floor is not None
    assert (floor.counter, floor.version) == (2, "1.2")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda parts: parts.write_bundle(2, ("gateway-9",)),
            "release.bundle: WRONG_HARDWARE: ",
        ),
        (
            lambda parts: parts.write_bundle(
                2, claims=Claims((TargetClaim("app", "app", "application", ("radio",)),))
            ),
            "release.bundle: POWER_NOT_ALLOWED: target 'app': claims the power radio, ",
        ),
        (
            lambda parts: parts.root.write_bytes(
                e.signed(e.root(1, (_OTHER,), (_OTHER + 1,)), _OTHER)
            ),
            "release.bundle: ",
        ),
        (
            lambda parts: parts.bundle.write_bytes(parts.bundle.read_bytes()[:-1] + b"x"),
            "release.bundle: HASH_MISMATCH: ",
        ),
    ],
)
def test_refuses_a_release_that_the_device_refuses(
    parts: ImageParts, capsys: pytest.CaptureFixture[str], change: object, line: str
) -> None:
    parts.configure('powers = ["network"]')
    change(parts)  # type: ignore[operator]
    assert refused(parts, capsys, 1).startswith(line)


def test_notices_bytes_that_read_back_differently(
    parts: ImageParts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Window, "write", lambda *_: None)
    assert refused(parts, capsys, 1) == (
        "release.bundle: slot a: target 'rootfs' reads back differently; check the medium"
    )


def test_refuses_a_target_without_a_place(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    text = parts.config.read_text().replace('targets = ["*"]', 'targets = ["other"]')
    parts.config.write_text(text)
    line = refused(parts, capsys, 1)
    assert line == (
        "release.bundle: no installer of domain 'system' takes target 'app'; add it to an installer's targets"
    )
    assert parts.create("--place=app=esp:/EFI/Linux/a b.efi", programs="true") == 0


def test_refuses_a_slot_that_is_too_small(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.write_bundle(rootfs=b"x" * ((2 << 20) + 1))
    assert refused(parts, capsys, 1) == (
        "release.bundle: /dev/disk/by-partlabel/slot_a: has room for 2097152 bytes, and target 'rootfs' "
        "has 2097153"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (
            ["--slot=c"],
            2,
            "--slot: domain 'system' has no slot 'c'; use one of a, b",
        ),
        (["--domain=app"], 2, "--domain: the configuration has no domain 'app'"),
        (
            ["--other-root=app=x"],
            2,
            "--other-root: the configuration has no other domain 'app'; remove it",
        ),
        (["--file=x"], 2, "--file: 'x' is not PLACE=FILE"),
        (["--file=esp:/a=x", "--file=esp:/a=y"], 2, "--file: 'esp:/a' appears twice; remove one"),
        (
            ["--file=esp=x"],
            2,
            "'esp': write the name of a partition without a filesystem, or PARTITION:/PATH with one, such "
            "as esp:/EFI/BOOT/BOOTX64.EFI",
        ),
        (["--file=disk:/a=x"], 2, "'disk:/a': the layout has no partition 'disk'"),
        (["--file=esp:/a=missing"], 3, "missing: No such file or directory"),
        (
            ["--dev-key-identities=x"],
            2,
            "--dev-key-identities: is only valid with --release; remove it",
        ),
    ],
)
def test_refuses_wrong_arguments(
    parts: ImageParts,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    line: str,
) -> None:
    assert refused(parts, capsys, code, *arguments) == line


def test_refuses_a_file_that_does_not_fit(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.partition("slot_b")["device"] = "/dev/disk/by-partlabel/slot_b"
    parts.layout["partitions"].append({"name": "boot", "type": "linux", "size": "1 MiB"})
    (parts.folder / "boot.bin").write_bytes(bytes((1 << 20) + 1))
    text = parts.config.read_text().replace("/dev/sda3", "/dev/disk/by-partlabel/slot_b")
    parts.config.write_text(text)
    line = refused(parts, capsys, 3, f"--file=boot={parts.folder / 'boot.bin'}")
    assert line == "boot.bin: has 1048577 bytes, and partition boot has 1048576; enlarge it"


def test_refuses_a_state_on_no_partition(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.partition("state")["mount"] = "/data"
    assert refused(parts, capsys, 3) == (
        "client.toml: state: /var/lib/software_update is on no partition of layout.json; set the mount of one"
    )


def test_refuses_a_configuration_whose_files_are_missing(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.configure('health = [{program = ["/efi/check"]}]')
    assert refused(parts, capsys, 3) == (
        "/efi/check: is missing on partition esp; add it to the files"
    )
    parts.configure("powers = 1")
    assert refused(parts, capsys, 3).startswith("client.toml: domains.system.powers: ")


def test_root_is_where_the_configuration_says(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    text = parts.config.read_text().replace("/usr/share/software_update", "/efi")
    parts.config.write_text(text)
    assert parts.create(programs="true") == 0
    assert parts.document()["not_in_image"] == []
    assert parts.create(f"--file=esp:/root.pb={parts.root}", programs="true") == 0
    assert refused(parts, capsys, 3, f"--file=esp:/root.pb={parts.bundle}") == (
        "/efi/root.pb: the file for this path is not the root of domain 'system'; remove it from the files, "
        "and the image gets the root"
    )


def test_golden_bundle_is_the_one_that_ships(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.configure('golden = "/efi/golden.bundle"')
    assert parts.create(programs="true") == 0
    content = parts.bundle.read_bytes()
    golden = {
        "place": "esp:/golden.bundle",
        "length": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert parts.document()["files"] == [golden]
    # Another one must be one that the device takes, with all its payloads.
    other = parts.folder / "other.bundle"
    other.write_bytes(content)
    parts.write_bundle(3)
    words = f"--file=esp:/golden.bundle={other}"
    assert parts.create(words, programs="true") == 0
    assert parts.document()["files"] == [golden]
    other.write_bytes(content[:-1] + b"x")
    parts.output.unlink()
    parts.report.unlink()
    line = refused(parts, capsys, 1, words)
    assert line.startswith("/efi/golden.bundle: HASH_MISMATCH: target ")
    parts.configure('golden = "/recovery/golden.bundle"')
    assert parts.create(programs="true") == 0
    assert parts.document()["files"] == []


def test_two_domains(parts: ImageParts, capsys: pytest.CaptureFixture[str]) -> None:
    sensor = parts.folder / "sensor.pb"
    sensor.write_bytes(e.signed(e.root(3, (_OTHER,), (_OTHER + 1,)), _OTHER))
    parts.configure(
        "[domains.sensor]",
        'root = "/usr/share/sensor.pb"',
        'slots = ["0", "1"]',
        'sources = [{type = "folder", path = "/media/sensor"}]',
        'installers = [{type = "microcontroller", targets = ["fw"], line = "/dev/ttyS1"}]',
        'boot = {type = "microcontroller", line = "/dev/ttyS1"}',
        'policy = {preset = "never"}',
    )
    assert refused(parts, capsys, 2) == "--domain: name one of the domains system, sensor"
    assert refused(parts, capsys, 2, "--domain=system") == (
        "--other-root: write sensor=FILE, the root of this domain"
    )
    arguments = ("--domain=system", f"--other-root=sensor={sensor}")
    assert parts.create(*arguments, programs="true") == 0
    system, other = parts.document()["domains"]
    assert (system["floor"]["version"], system["preset"]) == ("1.2", "auto-security")
    assert (other["floor"], other["preset"], other["root"]["version"]) == (None, "never", 3)


def test_names_the_package_of_a_missing_program(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parts.create(programs="true") == 0
    list_ = parts.folder / "some.txt"
    list_.write_text("mke2fs=/bin/true\ndebugfs=/bin/true\n")
    capsys.readouterr()
    assert parts.create(f"--programs={list_}") == 3
    assert capsys.readouterr().err == (
        "software-update: mcopy: is not on the PATH; install Debian's package mtools\n"
    )


def test_refuses_a_program_that_fails(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parts.create(programs="false") == 3
    assert capsys.readouterr().err == (
        "software-update: partition esp: 12000 bytes of files do not become a file system of 8388608 bytes "
        "(mkfs.fat ended with status 1); enlarge it in the layout\n"
    )
    assert not parts.output.exists()


def test_release_mode_refuses_development_keys(
    parts: ImageParts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parts.create("--release", programs="true") == 0
    key, identities = parts.folder / "key", parts.folder / "identities.json"
    for name in ("key", "targets"):
        assert run_command(["key", "generate", str(parts.folder / name)]) == 0
    identify = ["step", "identify", "--dev-signing-key", str(key), "-o", str(identities)]
    assert run_command(identify) == 0
    create = ["root", "create", "--version=1", f"--root-key={key}.pub"]
    create.append(f"--targets-key={parts.folder / 'targets.pub'}")
    assert run_command([*create, "-o", str(parts.root)]) == 0
    assert run_command(["root", "sign", str(parts.root), "--dev-signing-key", str(key)]) == 0
    parts.output.unlink()
    parts.report.unlink()
    line = refused(parts, capsys, 3, "--release", f"--dev-key-identities={identities}")
    assert line.startswith("root.pb: lists the dev key ")


def test_prints_the_image(parts: ImageParts, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert parts.create(programs="true") == 0
    assert capsys.readouterr().out == ""
    assert parts.create("--json", programs="true") == 0
    assert json.loads(capsys.readouterr().out) == parts.document()


def test_depfile_lists_the_programs(parts: ImageParts, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = parts.folder / "bin"
    folder.mkdir()
    (folder / "mke2fs").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(folder))
    depfile = parts.folder / "image.d"
    assert parts.create(f"--depfile={depfile}", programs="true") == 0
    output, _, programs = depfile.read_text().partition(": ")
    assert output == str(parts.output)
    assert str(folder / "mke2fs") in programs.split()
