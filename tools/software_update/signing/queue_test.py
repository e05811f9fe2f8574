"""Tests of queue.py: what others put into the share does no harm."""

import json
import os
import socket
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.cli.render.advice import with_advice
from software_update.signing import queue
from software_update.signing.queue import Queue
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signers import FileSigner, signature_by
from software_update.testing import queues
from software_update.testing.examples import run_example
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2, key_id, signer

PUBLIC = signer(TARGETS_KEY).public


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    """A queue with the request 7."""
    return queues.make(tmp_path / "a queue", [7])


def read_error(folder: Path, name: str = "7.signing_request") -> str:
    with Queue.open(str(folder)) as queue, pytest.raises(InputError) as caught:
        queue.read(name)
    return with_advice(caught.value)


def signature(folder: Path) -> DetachedSignature:
    with Queue.open(str(folder)) as queue:
        request = queue.read("7.signing_request")
    return signature_by(FileSigner("file:x", signer(TARGETS_KEY)), request)


def test_example_in_the_docstring(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.rename(folder.parent / "queue")
    monkeypatch.chdir(folder.parent)
    made = FileSigner("file:x", signer(TARGETS_KEY))
    run_example(queue, signer=made, signature_by=signature_by)
    assert queues.is_signed(Path("queue"), 7)


def test_read(folder: Path) -> None:
    with Queue.open(str(folder)) as queue:
        assert queue.names() == ["7.signing_request"]
        request = queue.read("7.signing_request")
    assert request.serialized == queues.data(7)
    assert request.document == json.loads(queues.document(7))
    assert request.key_ids == {key_id(TARGETS_KEY), key_id(TARGETS_KEY_2)}


def test_names(folder: Path) -> None:
    for name in ("b", ".hidden.signing_request", "a.signing_request", "c.signing_request.part"):
        (folder / name).write_bytes(b"")
    os.mkfifo(os.fsencode(folder) + b"/\xff.signing_request")
    with Queue.open(str(folder)) as queue:
        names = queue.names()
    assert names == ["7.signing_request", "a.signing_request", "\udcff.signing_request"]


@pytest.mark.parametrize("cut", range(0, len(queues.data(7)), 7))
def test_half_a_request(folder: Path, cut: int) -> None:
    (folder / "7.signing_request").write_bytes(queues.data(7)[:cut])
    assert read_error(folder)


@pytest.mark.parametrize("cut", range(0, len(queues.document(7)) - 1, 101))
def test_half_a_json(folder: Path, cut: int) -> None:
    (folder / "7.signing_request.json").write_bytes(queues.document(7)[:cut])
    assert read_error(folder).endswith("make it with: step request, or root request for a root")


def test_parts_of_two_requests(folder: Path) -> None:
    (folder / "7.signing_request").write_bytes(queues.data(8))
    assert "7.signing_request.json: another version than the bytes" in read_error(folder)


@pytest.mark.parametrize("name", ["7.signing_request", "7.signing_request.json"])
def test_a_name_that_is_not_a_file_is_not_read(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, good = folder / name, folder.parent / "good"
    path.rename(good)
    assert read_error(folder) == f"{path}: No such file or directory"
    path.symlink_to(good)
    assert read_error(folder).startswith(f"{path}: a link, a folder or a special file")
    path.unlink()
    path.mkdir()
    assert "a link, a folder or a special file" in read_error(folder)
    path.rmdir()
    # A FIFO without a writer: opening it would hang.
    os.mkfifo(path)
    assert "a link, a folder or a special file" in read_error(folder)
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(folder)
        server.bind(name)
        assert "a link, a folder or a special file" in read_error(folder)
    path.unlink()
    os.link(good, path)
    with Queue.open(str(folder)) as queue:
        assert queue.read("7.signing_request")


@pytest.mark.parametrize(
    ("name", "limit"), [("7.signing_request", 32 << 20), ("7.signing_request.json", 64 << 20)]
)
def test_endless_files(folder: Path, name: str, limit: int) -> None:
    with open(folder / name, "ab") as file:
        file.truncate(1 << 40)
    assert read_error(folder) == f"{folder / name}: larger than {limit} bytes; remove it"


def test_a_link_that_comes_between(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is replaced after the first look at it is not followed either."""
    path, good = folder / "7.signing_request", folder.parent / "good"
    real_open = os.open

    def replace_and_open(name: str, flags: int, *args: int, **folders: int) -> int:
        if name == path.name and not path.is_symlink():
            path.rename(good)
            path.symlink_to(good)
        return real_open(name, flags, *args, **folders)

    with Queue.open(str(folder)) as queue:
        monkeypatch.setattr(os, "open", replace_and_open)
        with pytest.raises(InputError, match="symbolic link"):
            queue.read(path.name)


def test_write(folder: Path) -> None:
    good = signature(folder)
    with Queue.open(str(folder)) as queue:
        request = queue.read("7.signing_request")
        assert not queue.is_signed(request, PUBLIC)
        path = queue.write(good)
        assert queue.is_signed(request, PUBLIC)
        assert not queue.is_signed(request, signer(TARGETS_KEY_2).public)
    assert path == str(queues.signature(folder, 7))
    assert os.stat(path).st_mode & 0o777 == 0o666 & ~_umask()
    queues.assert_signed(folder, [7])


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


BAD = {
    "empty": b"",
    "garbage": b"\xff\0",
    "half": b"{",
    "large": b" " * 5000,
}


@pytest.mark.parametrize("name", [*BAD, "other key", "other request", "bad", "link", "fifo"])
def test_a_bad_signature_is_replaced(folder: Path, name: str) -> None:
    path, outside = queues.signature(folder, 7), folder.parent / "outside"
    path.parent.mkdir()
    with Queue.open(str(folder)) as queue:
        request = queue.read("7.signing_request")
        good = queue.write(signature(folder))
        content = path.read_bytes()
        if name == "other key":
            replaced = content.replace(key_id(TARGETS_KEY).hex().encode(), b"0" * 64)
            path.write_bytes(replaced)
        elif name == "other request":
            path.write_bytes(content.replace(request.sha256.hex().encode(), b"0" * 64))
        elif name == "bad":
            value = signature(folder).value.hex().encode()
            path.write_bytes(content.replace(value, value[64:] + value[:64]))
        elif name == "link":
            # To a good one: a person who can write there could change it later.
            path.rename(outside)
            path.symlink_to(outside)
        elif name == "fifo":
            path.unlink()
            os.mkfifo(path)
        else:
            path.write_bytes(BAD[name])
        assert not queue.is_signed(request, PUBLIC)
        assert queue.write(signature(folder)) == good
        assert queue.is_signed(request, PUBLIC)
    if name == "link":
        assert outside.read_bytes() == content
    queues.assert_signed(folder, [7])


def test_a_folder_in_the_signatures_place(folder: Path) -> None:
    path = queues.signature(folder, 7)
    path.mkdir(parents=True)
    with Queue.open(str(folder)) as queue, pytest.raises(InputError) as caught:
        queue.write(signature(folder))
    assert str(caught.value) == f"{path}: Is a directory"
    assert list(path.parent.iterdir()) == [path]


def test_no_folder_of_signatures(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (folder / "signatures").symlink_to(outside)
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            Queue.open(str(folder))
        assert str(caught.value) == (
            f"{folder}/signatures: a link or a file, not a folder; remove it"
        )
        (folder / "signatures").unlink()
        (folder / "signatures").write_bytes(b"")
    assert not list(outside.iterdir())


def test_a_folder_of_signatures_that_is_replaced(folder: Path) -> None:
    """An open file keeps its content."""
    good = signature(folder)
    with Queue.open(str(folder)) as queue:
        (folder / "signatures").rename(folder.parent / "old")
        (folder / "signatures").symlink_to("/nonexistent")
        queue.write(good)
    assert [each.name for each in (folder.parent / "old").iterdir()] == [good.file_name]


def test_no_queue(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name, text in (("no", "No such file or directory"), ("file", "Not a directory")):
        with pytest.raises(InputError) as caught:
            Queue.open(str(tmp_path / name))
        assert str(caught.value) == f"{tmp_path / name}: {text}"


def test_leftovers_of_killed_signers(folder: Path) -> None:
    good = signature(folder)
    left = folder / "signatures"
    old, new, link, other = (
        left / f".software-update-{name}" for name in ("old", "new", "link", "folder")
    )
    for path in (old, new, folder / ".software-update-old"):
        path.write_bytes(b"{")
        os.utime(path, (0, 0))
    os.utime(new)
    link.symlink_to(old)
    other.mkdir()
    (left / "notes.txt").write_bytes(b"")
    os.utime(left / "notes.txt", (0, 0))
    with Queue.open(str(folder)) as queue:
        queue.write(good)
    there = {each.name for each in left.iterdir()}
    assert there == {good.file_name, new.name, link.name, other.name, "notes.txt"}


def test_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = signature(folder)

    def write(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", write)
    with Queue.open(str(folder)) as queue, pytest.raises(InputError) as caught:
        queue.write(good)
    assert str(caught.value) == f"{queues.signature(folder, 7)}: No space left on device"
    assert not list((folder / "signatures").iterdir())
