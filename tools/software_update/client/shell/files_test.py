"""Tests of real files, folders and links."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.client.shell.files import MachineStorage

OTHER_USER = 65534


@pytest.fixture
def storage() -> Iterator[MachineStorage]:
    made = MachineStorage()
    yield made
    made.unlock()


def test_write_and_read_anywhere_in_a_file(storage: MachineStorage, tmp_path: Path) -> None:
    file = storage.open_to_write(f"{tmp_path}/new")
    file.write(4, b"efgh")
    file.write(0, memoryview(b"abcd"))
    file.sync()
    file.drop_cache()
    assert (file.size(), file.read(2, 4), file.read(6, 100), file.read(8, 1)) == (
        8,
        b"cdef",
        b"gh",
        b"",
    )
    file.truncate(3)
    file.close()
    file.close()
    assert (tmp_path / "new").read_bytes() == b"abc"


def test_private_file_is_only_for_its_owner(storage: MachineStorage, tmp_path: Path) -> None:
    storage.open_to_write(f"{tmp_path}/secret").close()
    storage.make_private(f"{tmp_path}/secret")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileNotFoundError):
        storage.make_private(f"{tmp_path}/missing")


def test_existing_file_keeps_its_content(storage: MachineStorage, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"abc")
    storage.open_to_write(f"{tmp_path}/old").close()
    file = storage.open(f"{tmp_path}/old")
    assert file.read(0, 9) == b"abc"
    with pytest.raises(OSError, match="Bad file descriptor"):
        file.write(0, b"x")
    file.close()


def test_folder_pipe_and_missing_file_cannot_be_opened(
    storage: MachineStorage, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IsADirectoryError):
        storage.open(str(tmp_path))
    with pytest.raises(OSError, match="is not a regular file or a block device"):
        storage.open(f"{tmp_path}/pipe")
    with pytest.raises(FileNotFoundError):
        storage.open(f"{tmp_path}/none")
    with pytest.raises(FileNotFoundError):
        storage.open_to_write(f"{tmp_path}/none/new")


def test_file_of_the_kernel_without_a_length_can_be_read(storage: MachineStorage) -> None:
    file = storage.open("/proc/self/status")
    assert file.read(0, 5) == b"Name:"
    file.close()


def test_device_has_its_capacity_and_cannot_be_truncated(
    storage: MachineStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "device").write_bytes(bytes(4096))
    monkeypatch.setattr("stat.S_ISBLK", lambda mode: True)
    file = storage.open_to_write(f"{tmp_path}/device")
    file.truncate(0)
    assert file.size() == 4096
    file.close()


def test_write_that_the_kernel_shortens_is_continued(
    storage: MachineStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, content, at: real(fd, content[:3], at))
    file = storage.open_to_write(f"{tmp_path}/new")
    file.write(1, b"abcdefgh")
    assert file.read(0, 100) == b"\0abcdefgh"
    file.close()


def test_read_that_the_kernel_shortens_is_continued(
    storage: MachineStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_bytes(b"abcdefgh")
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, at: real(fd, min(length, 3), at))
    file = storage.open(f"{tmp_path}/old")
    assert (file.read(1, 6), file.read(5, 100)) == (b"bcdefg", b"fgh")
    file.close()


def test_file_that_may_not_grow_fails_after_a_short_write(
    storage: MachineStorage, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    file = storage.open_to_write(f"{tmp_path}/new")
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(OSError) as caught:
            file.write(4, b"abcdefgh")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert file.read(0, 100) == b"\0\0\0\0abcdef"
    file.close()


@pytest.mark.parametrize(
    ("name", "code"), [("pwrite", errno.ENOSPC), ("fsync", errno.EIO), ("pread", errno.EIO)]
)
def test_errors_of_the_medium_are_raised(
    storage: MachineStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    file = storage.open_to_write(f"{tmp_path}/new")

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, name, fail)
    with pytest.raises(OSError) as caught:
        file.write(0, b"abc")
        file.sync()
        file.read(0, 1)
    monkeypatch.undo()
    assert caught.value.errno == code
    file.close()


def test_write_of_no_bytes_at_all_is_an_error(
    storage: MachineStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = storage.open_to_write(f"{tmp_path}/new")
    monkeypatch.setattr(os, "pwrite", lambda *_: 0)
    with pytest.raises(OSError, match="Input/output error"):
        file.write(0, b"abc")
    file.close()


def test_folder_without_permission_cannot_be_written(
    storage: MachineStorage, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(OTHER_USER)
    try:
        with pytest.raises(PermissionError):
            storage.open_to_write(f"{folder}/new")
    finally:
        if root:
            os.seteuid(0)


def test_names(storage: MachineStorage, tmp_path: Path) -> None:
    top = f"{tmp_path}/a/b"
    storage.make_folder(top)
    storage.make_folder(top)
    for name in ("2", "1"):
        storage.open_to_write(f"{top}/{name}").close()
    assert (storage.list(top), storage.list(f"{top}/none")) == (["1", "2"], [])
    with pytest.raises(NotADirectoryError):
        storage.list(f"{top}/1")
    storage.rename(f"{top}/1", f"{top}/2")
    storage.sync_folder(top)
    assert storage.list(top) == ["2"]
    storage.remove(f"{tmp_path}/a")
    storage.remove(f"{tmp_path}/a")
    assert not storage.exists(f"{tmp_path}/a")
    assert not storage.exists(f"{tmp_path}/a/b")


def test_links(storage: MachineStorage, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/kept").touch()
    storage.make_link("folder", f"{tmp_path}/link")
    assert storage.read_link(f"{tmp_path}/link") == "folder"
    assert storage.read_link(f"{tmp_path}/folder") is None
    assert storage.read_link(f"{tmp_path}/none") is None
    with pytest.raises(FileExistsError):
        storage.make_link("other", f"{tmp_path}/link")
    storage.make_link("missing", f"{tmp_path}/new")
    storage.rename(f"{tmp_path}/new", f"{tmp_path}/link")
    assert storage.read_link(f"{tmp_path}/link") == "missing"
    assert storage.exists(f"{tmp_path}/link")
    storage.remove(f"{tmp_path}/link")
    assert storage.list(f"{tmp_path}/folder") == ["kept"]


def test_free_bytes_are_those_of_the_file_system(storage: MachineStorage, tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)
    assert 0 < storage.free_bytes(str(tmp_path)) <= found.f_blocks * found.f_frsize


def test_lock_is_held_against_another_process_until_the_end(
    storage: MachineStorage, tmp_path: Path
) -> None:
    path = f"{tmp_path}/lock"
    hold = f"import fcntl\nfile = open({path!r}, 'w')\nfcntl.flock(file, fcntl.LOCK_EX)\n"
    other = subprocess.Popen(
        [sys.executable, "-c", f"{hold}print(flush=True)\ninput()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    other.stdout.readline()
    assert not storage.lock(path)
    other.kill()
    other.communicate()
    assert storage.lock(path)
    assert not MachineStorage().lock(path)
    storage.unlock()
    again = MachineStorage()
    assert again.lock(path)
    again.unlock()


@pytest.mark.parametrize(
    ("mode", "said"),
    [(0o755, None), (0o775, "others may write to "), (0o757, "others may write to ")],
)
@pytest.mark.parametrize("which", ["file", "folder"])
def test_files_and_folders_that_others_may_write(
    storage: MachineStorage, tmp_path: Path, mode: int, said: str | None, which: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    file = folder / "program"
    file.touch(mode=0o755)
    changed = folder if which == "folder" else file
    changed.chmod(mode)
    problem = storage.owner_problem(str(file))
    expected = f"{said}{changed}; forbid it (chmod go-w)" if said else None
    assert problem == expected


def test_folder_with_the_sticky_bit_is_safe(storage: MachineStorage, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "program").touch(mode=0o755)
    assert storage.owner_problem(f"{folder}/program") is None


def test_owner_must_be_root_or_the_own_user(
    storage: MachineStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "program").touch(mode=0o755)
    real = os.lstat

    def owned_by_another(path: str) -> os.stat_result:
        found = list(real(path))
        if str(path).endswith("program"):
            found[4] = 3_999_999_999
        return os.stat_result(found)

    monkeypatch.setattr(os, "lstat", owned_by_another)
    assert storage.owner_problem(f"{tmp_path}/program") == (
        f"{tmp_path}/program belongs to uid 3999999999; give it to root (chown root)"
    )


def test_links_on_the_way_are_followed_and_checked(storage: MachineStorage, tmp_path: Path) -> None:
    for name in ("safe", "unsafe"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "program").touch(mode=0o755)
    (tmp_path / "unsafe").chmod(0o777)
    (tmp_path / "safe/link").symlink_to("../unsafe/program")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "absolute").symlink_to(tmp_path / "safe/program")
    assert storage.owner_problem(f"{tmp_path}/safe/link") == (
        f"others may write to {tmp_path}/unsafe; forbid it (chmod go-w)"
    )
    assert storage.owner_problem(f"{tmp_path}/absolute") is None
    problem = storage.owner_problem(f"{tmp_path}/loop")
    assert problem == "cannot be checked: Too many levels of symbolic links"
    assert storage.owner_problem(f"{tmp_path}/none") == (
        "cannot be checked: No such file or directory"
    )
