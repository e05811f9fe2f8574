"""Tests of files.py."""

import os
import resource
import signal
import stat
from pathlib import Path

import pytest

from software_update import files
from software_update.errors import InputError, UsageError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# Inputs


def test_read_input(folder: Path) -> None:
    path = folder / "a"
    path.write_bytes(b"12345")
    assert files.read_input(str(path), 5) == b"12345"
    with pytest.raises(InputError, match=r"a: larger than 4 bytes; is it the right file\?"):
        files.read_input(str(path), 4)


def test_inputs_are_regular_files(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("/dev/null")
    for name in ("fifo", ".", "link"):
        with (
            pytest.raises(InputError, match="not a regular file; give a file with a fixed content"),
            files.open_input(str(folder / name)),
        ):
            pass
        with pytest.raises(
            InputError, match="not a regular file; give a file with a fixed content"
        ):
            files.input_length(str(folder / name))
    with pytest.raises(FileNotFoundError), files.open_input(str(folder / "absent")):
        pass
    with pytest.raises(FileNotFoundError):
        files.input_length(str(folder / "absent"))


def test_the_length_of_an_input(folder: Path) -> None:
    (folder / "a").write_bytes(b"12345")
    (folder / "link").symlink_to("a")
    assert files.input_length(str(folder / "a")) == 5
    assert files.input_length(str(folder / "link")) == 5


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_a_name_that_no_file_can_have(folder: Path, name: str) -> None:
    # From a JSON file; arguments cannot hold it.
    with (
        pytest.raises(InputError, match="this is no name of a file; correct it"),
        files.open_input(name),
    ):
        pass
    with pytest.raises(InputError, match="this is no name of a file; correct it"):
        files.input_length(name)


# Outputs


def test_write_output(folder: Path) -> None:
    files.write_output(str(folder / "out"), b"content")
    assert (folder / "out").read_bytes() == b"content"
    files.write_output(str(folder / "out"), b"new")
    assert (folder / "out").read_bytes() == b"new"
    assert names(folder) == {"out"}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077, 0o777])
def test_modes_follow_the_umask_and_private_files_do_not(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        files.write_output(str(folder / "out"), b"x")
        with files.new_output(str(folder / "private"), private=True, overwrite=False) as fd:
            os.write(fd, b"x")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert mode(folder / "out") == 0o666 & ~umask
    assert mode(folder / "private") == 0o600


def test_a_private_file_is_private_from_its_first_byte(folder: Path) -> None:
    with files.new_output(str(folder / "private"), private=True, overwrite=False) as fd:
        assert stat.S_IMODE(os.fstat(fd).st_mode) == 0o600


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_failure_leaves_what_was_there(folder: Path, error: type[BaseException]) -> None:
    (folder / "old").write_bytes(b"old")
    for name in ("old", "new"):
        with pytest.raises(error), files.new_output(str(folder / name)) as fd:
            os.write(fd, b"half")
            raise error
    assert names(folder) == {"old"}
    assert (folder / "old").read_bytes() == b"old"


def test_nothing_is_in_place_before_the_end(folder: Path) -> None:
    (folder / "out").write_bytes(b"old")
    with files.new_output(str(folder / "out")) as fd:
        os.write(fd, b"new")
        assert (folder / "out").read_bytes() == b"old"
    assert (folder / "out").read_bytes() == b"new"


def test_never_overwritten(folder: Path) -> None:
    (folder / "key").write_bytes(b"old")
    with (
        pytest.raises(UsageError, match="key: exists already and is never overwritten"),
        files.new_output(str(folder / "key"), overwrite=False),
    ):
        pass
    # Nor where somebody else is faster.
    with (
        pytest.raises(OSError, match="File exists"),
        files.new_output(str(folder / "race"), overwrite=False),
    ):
        (folder / "race").write_bytes(b"other")
    assert (folder / "race").read_bytes() == b"other"
    assert names(folder) == {"key", "race"}


def test_a_dangling_link_is_not_overwritten_either(folder: Path) -> None:
    (folder / "link").symlink_to("elsewhere")
    with files.new_output(str(folder / "link"), overwrite=False) as fd:
        os.write(fd, b"x")
    assert (folder / "elsewhere").read_bytes() == b"x"
    assert (folder / "link").is_symlink()


def test_writes_through_a_link(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real/out").write_bytes(b"old")
    (folder / "link").symlink_to("real/out")
    files.write_output(str(folder / "link"), b"new")
    assert (folder / "link").is_symlink()
    assert (folder / "real/out").read_bytes() == b"new"
    assert names(folder / "real") == {"out"}


def test_other_names_of_one_file_keep_their_content(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    (folder / "b").hardlink_to(folder / "a")
    files.write_output(str(folder / "a"), b"new")
    assert (folder / "b").read_bytes() == b"old"


def test_what_is_no_regular_file_survives(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "null").symlink_to("/dev/null")
    for path in (folder / "fifo", folder, folder / "null", Path("/dev/null")):
        kind = stat.S_IFMT(path.stat().st_mode)
        with pytest.raises(UsageError, match="not a regular file; name a file to write"):
            files.write_output(str(path), b"x")
        assert stat.S_IFMT(path.stat().st_mode) == kind


def test_a_missing_folder(folder: Path) -> None:
    with pytest.raises(InputError, match="out: its folder does not exist; make it first"):
        files.write_output(str(folder / "absent/out"), b"x")
    (folder / "file").write_bytes(b"")
    with pytest.raises((InputError, OSError)):
        files.write_output(str(folder / "file/out"), b"x")
    with pytest.raises(UsageError):
        files.write_output("", b"x")


def test_an_output_does_not_replace_an_input(folder: Path) -> None:
    (folder / "in").write_bytes(b"content")
    (folder / "link").symlink_to("in")
    (folder / "hard").hardlink_to(folder / "in")
    for name in ("in", "link", "hard"):
        with pytest.raises(
            UsageError, match=r"the output would replace the input .*in; name another"
        ):
            files.write_output(
                str(folder / name), b"x", inputs=[str(folder / "absent"), str(folder / "in")]
            )
    assert (folder / "in").read_bytes() == b"content"


def test_errors_name_the_output_and_not_the_file_beside_it(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            files.write_output(str(folder / "out"), b"12345678")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert caught.value.filename == str(folder / "out")
    assert names(folder) == set()


@pytest.mark.parametrize("call", ["open", "replace"])
def test_so_do_errors_of_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*args: object, **_: object) -> None:
        raise PermissionError(13, "Permission denied", ".software-update-x")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(PermissionError) as caught:
        files.write_output(str(folder / "out"), b"x")
    assert caught.value.filename == str(folder / "out")
    assert names(folder) == set()


def test_write_all_goes_on_after_a_short_write(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    files.write_output(str(folder / "out"), b"0123456789")
    assert (folder / "out").read_bytes() == b"0123456789"
