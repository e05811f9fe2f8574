"""Tests of bundle extract."""

import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from software_update.base import files
from software_update.bundle import extract as extraction
from software_update.format.messages import Target
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, command, done, environment, failed, run
from software_update.testing.signers import TARGETS_KEY
from software_update.testing.workspace import APP, CONTENTS, snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def extract(folder: Path, name: str = "good.bundle") -> list[str]:
    return ["bundle", "extract", f"{folder}/{name}", "-o", f"{folder}/out"]


def make(folder: Path, data: bytes) -> list[str]:
    (folder / "x").write_bytes(data)
    return extract(folder, "x")


def test_extracts_all_payloads(folder: Path) -> None:
    result = done(*extract(folder))
    assert snapshot(folder / "out") == CONTENTS
    assert (result.out, result.err) == (
        "",
        "signatures not checked; see: software-update bundle verify\n",
    )


def test_extracts_the_named_payloads(folder: Path) -> None:
    done(*extract(folder), "--target", "app", "app")
    assert snapshot(folder / "out") == {"app": APP}


def test_folders(folder: Path) -> None:
    contents = {"assets/a/b.raw": b"1", "assets/c.raw": bytes(600_000), "z": b""}
    done(*make(folder, e.bundle(contents)))
    assert snapshot(folder / "out") == contents


def test_into_an_empty_folder(folder: Path) -> None:
    (folder / "out").mkdir()
    done(*extract(folder))
    assert snapshot(folder / "out") == CONTENTS


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_modes_follow_the_umask(folder: Path, umask: int) -> None:
    make(folder, e.bundle({"a/b": b"x"}))
    assert run(*extract(folder, "x"), umask=umask).status == 0
    for name, mode in (("a/b", 0o666), ("a", 0o777), (".", 0o777)):
        assert stat.S_IMODE((folder / "out" / name).stat().st_mode) == mode & ~umask


def test_nothing_is_overwritten(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/mine").write_bytes(b"mine")
    assert "out: not empty; name a new folder" in failed(2, *extract(folder))
    assert snapshot(folder / "out") == {"mine": b"mine"}
    for status, place in ((2, "app.bin"), (3, "absent/out")):
        before = snapshot(folder)
        failed(status, *extract(folder)[:-1], f"{folder}/{place}")
        assert snapshot(folder) == before


def test_a_payload_that_is_not_there(folder: Path) -> None:
    text = failed(2, *extract(folder), "--target", "app", "nope")
    assert text.endswith(
        "contains no payload 'nope'; list them with: software-update bundle inspect"
    )
    assert not (folder / "out").exists()


APP_ENTRY = e.targets_entry(e.signed(e.targets({"app": APP}), TARGETS_KEY))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (e.payload("app", APP), "MISSING_ROLE_METADATA: "),
        (APP_ENTRY + e.payload("app", APP[:-1]), "LENGTH_MISMATCH: target 'app': "),
        (APP_ENTRY + e.payload("app", APP[:-1] + b"!"), "HASH_MISMATCH: target 'app': "),
        (APP_ENTRY + e.payload("App", APP), "UNLISTED_PAYLOAD: payload 'App': "),
        (e.bundle({"../app": b"x"}), "UNSAFE_NAME: payload '../app': "),
        (e.bundle({"/tmp/app": b"x"}), "UNSAFE_NAME: payload '/tmp/app': "),
        (e.bundle({"a\n\x1b": b"x"}), "UNSAFE_NAME: payload 'a\\n\\x1b': "),
        (e.bundle({"app": APP})[:-1], "MALFORMED: "),
        (
            e.targets_entry(e.signed(e.targets_of(e.common("targets"), [e.target_of("a", 1, [])])))
            + e.payload("a", b"x"),
            "HASH_UNSUPPORTED: target 'a': ",
        ),
    ],
)
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_refused(folder: Path, data: bytes, text: str, there: bool) -> None:
    args = make(folder, data)
    if there:
        (folder / "out").mkdir()
    before = sorted(folder.rglob("*"))
    assert failed(1, *args).startswith(text)
    assert sorted(folder.rglob("*")) == before


def test_bad_payload_leaves_no_good_payload_either(folder: Path) -> None:
    metadata = e.targets_entry(e.signed(e.targets(CONTENTS), TARGETS_KEY))
    args = make(folder, metadata + e.payload("app", APP) + e.payload("boot", b"x"))
    failed(1, *args)
    assert not (folder / "out").exists()


def test_payload_of_a_wrong_length_is_not_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def new_file(folder: str, name: str) -> None:
        raise AssertionError

    monkeypatch.setattr(extraction, "_new_file", new_file)
    data = e.targets_entry(e.signed(e.targets({"app": APP}))) + e.payload("app", APP + b"!")
    assert "LENGTH_MISMATCH: target 'app': " in failed(1, *make(folder, data))


def test_a_name_that_is_a_folder_of_another(folder: Path) -> None:
    args = make(folder, e.bundle({"a": b"x", "a/b": b"y"}))
    assert (
        "a folder or file of this name; extract each into a folder of its own; use: bundle extract --target"
        in failed(3, *args)
    )
    assert not (folder / "out").exists()
    done(*args, "--target", "a/b")
    assert snapshot(folder / "out") == {"a/b": b"y"}


def test_a_link_in_the_place_of_the_folder(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "out").symlink_to("real")
    done(*extract(folder))
    assert snapshot(folder / "real") == CONTENTS


@pytest.mark.parametrize("command", ["bundle extract", "step persist"])
def test_link_planted_meanwhile_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (folder / "elsewhere").mkdir()

    def plant(target: Target) -> bytes:
        [written] = folder.rglob(".software-update-*/**/app")
        (written.parent / "z").symlink_to(folder / "elsewhere")
        return target.hashes[0].hash

    monkeypatch.setattr(Target, "sha256", property(plant))
    args = make(folder, e.bundle({"app": APP, "z/a": b"x"}))
    text = failed(3, *command.split(), *args[2:])
    assert text.startswith("target 'z/a': another target's name is a folder or file of this name;")
    assert snapshot(folder / "elsewhere") == {}
    assert not (folder / "out").exists()


@pytest.mark.parametrize("command", ["bundle extract", "step persist"])
def test_link_in_a_shared_folder_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (folder / "real").mkdir()
    (folder / "out").symlink_to("real")
    monkeypatch.setattr(files, "_may_be_planted", lambda *_, is_output: is_output)
    text = failed(3, *command.split(), *extract(folder)[2:])
    assert "is a link in a folder where all users can write, so it may lead anywhere;" in text
    assert snapshot(folder / "real") == {}


def test_terminated_half_way(folder: Path) -> None:
    """SIGTERM once payloads are being written: no folder stays, nor what is in it."""
    size = 4 * 1024**3
    listed = e.target_of("large", size, [(1, bytes(32))])
    head = e.targets_entry(e.signed(e.targets_of(e.common("targets"), [listed])))
    entry = e.text(1, "large") + e.varint(2 << 3 | 2) + e.varint(size)
    with open(folder / "x", "wb") as file:
        file.write(head + e.varint(4 << 3 | 2) + e.varint(len(entry) + size) + entry)
        file.truncate(file.tell() + size)
    process = subprocess.Popen(
        command(extract(folder, "x")), env=environment(), stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 30
    while not list(folder.rglob("large")) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (143, b"")
    assert not (folder / "out").exists()


def test_a_device_in_the_place_of_the_folder(folder: Path) -> None:
    assert call(*extract(folder)[:-1], "/dev/null").status == 2
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
