"""Tests of files.py."""

import errno
import os
import re
import resource
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from software_update.base import files
from software_update.base.errors import InputError, UsageError


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
    with pytest.raises(
        InputError, match=r"a: larger than 4 bytes; check that it is the right file"
    ):
        files.read_input(str(path), 4)


def test_inputs_are_regular_files(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("/dev/null")
    for name in ("fifo", "link"):
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


def test_folder_as_input_names_glob(folder: Path) -> None:
    """In Bazel, a label may give a source folder, which only the action can tell from a file."""
    (folder / "assets").mkdir()
    message = re.escape(
        'assets: is a folder; give a file, or in Bazel glob(["assets/**"]), which lists its files'
    )
    for path in (f"{folder}/assets", f"{folder}/assets/"):
        with pytest.raises(InputError, match=message.replace("assets:", "assets/?:")):
            files.input_length(path)
        with (
            pytest.raises(InputError, match=message.replace("assets:", "assets/?:")),
            files.open_input(path),
        ):
            pass


def test_the_length_of_an_input(folder: Path) -> None:
    (folder / "a").write_bytes(b"12345")
    (folder / "link").symlink_to("a")
    assert files.input_length(str(folder / "a")) == 5
    assert files.input_length(str(folder / "link")) == 5


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_rejects_an_invalid_file_name(folder: Path, name: str) -> None:
    # From a JSON file; arguments cannot hold it.
    with (
        pytest.raises(InputError, match="not a valid file name; correct it"),
        files.open_input(name),
    ):
        pass
    with pytest.raises(InputError, match="not a valid file name; correct it"):
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
def test_failure_keeps_the_old_file(folder: Path, error: type[BaseException]) -> None:
    (folder / "old").write_bytes(b"old")
    for name in ("old", "new"):
        with pytest.raises(error), files.new_output(str(folder / name)) as fd:
            os.write(fd, b"half")
            raise error
    assert names(folder) == {"old"}
    assert (folder / "old").read_bytes() == b"old"


def test_output_appears_only_at_the_end(folder: Path) -> None:
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
    # Nor if another process is faster.
    with (
        pytest.raises(OSError, match="File exists"),
        files.new_output(str(folder / "race"), overwrite=False),
    ):
        (folder / "race").write_bytes(b"other")
    assert (folder / "race").read_bytes() == b"other"
    assert names(folder) == {"key", "race"}


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


def write_new(path: Path, content: bytes = b"new") -> None:
    with files.new_output(str(path), private=True, overwrite=False) as fd:
        os.write(fd, content)


def test_without_hard_links(folder: Path, no_links: None) -> None:
    write_new(folder / "key")
    assert (folder / "key").read_bytes() == b"new"
    assert mode(folder / "key") == 0o600
    write_below(folder / "roots/1", folder, overwrite=False)
    assert (folder / "roots/1").read_bytes() == b"new"
    assert names(folder) == {"key", "roots"}
    assert names(folder / "roots") == {"1"}


def test_without_hard_links_nothing_is_overwritten(folder: Path, no_links: None) -> None:
    (folder / "key").write_bytes(b"old")
    with pytest.raises(UsageError, match="key: exists already and is never overwritten"):
        write_new(folder / "key")
    with (
        pytest.raises(FileExistsError) as caught,
        files.new_output(str(folder / "race"), overwrite=False) as fd,
    ):
        os.write(fd, b"new")
        (folder / "race").touch()
    assert caught.value.filename == str(folder / "race")
    assert names(folder) == {"key", "race"}
    assert (folder / "race").read_bytes() == b""


@pytest.mark.parametrize("call", ["close", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "worn out"), SystemExit(143)])
def test_without_hard_links_a_failure_leaves_nothing(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_links: None,
    call: str,
    error: BaseException,
) -> None:
    real = getattr(os, call)

    def fail(*args: Any, **options: Any) -> None:
        if call == "close":
            real(*args)
        if (folder / "key").exists():
            assert (folder / "key").read_bytes() == b""
            raise error

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(type(error)):
        write_new(folder / "key")
    monkeypatch.undo()
    assert names(folder) == set()


def test_without_hard_links_only_an_empty_file_is_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, no_links: None
) -> None:
    def fail(*_: object, **__: object) -> None:
        (folder / "key").write_bytes(b"other")
        raise OSError(errno.EIO, "worn out")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="worn out"):
        write_new(folder / "key")
    assert (folder / "key").read_bytes() == b"other"
    assert names(folder) == {"key"}


@pytest.mark.parametrize(
    ("shown", "readable"), [(0o600, False), (0o700, False), (0o640, True), (0o604, True)]
)
def test_is_readable_by_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch, shown: int, readable: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    with files.new_output(str(folder / "key"), private=True, overwrite=False) as fd:
        os.fchmod(fd, shown)
        assert files.is_readable_by_others(fd) == readable


def test_dangling_link_is_not_overwritten(folder: Path) -> None:
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


def test_an_output_that_is_not_a_regular_file_survives(folder: Path) -> None:
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


@pytest.mark.parametrize("name", ["new/", "there/", "there/.", "file/", "..", ""])
def test_name_of_a_folder_is_rejected(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / "there").mkdir()
    (folder / "file").write_bytes(b"old")
    with pytest.raises(UsageError) as caught:
        files.write_output(name, b"x")
    shown = name or "''"
    assert str(caught.value) == f"{shown}: not the name of a file; name a file to write"
    assert names(folder) == {"there", "file"}
    assert (folder / "file").read_bytes() == b"old"


def test_dash_is_not_standard_output(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError) as caught:
        files.write_output("-", b"x")
    assert str(caught.value) == (
        "-: an output is never standard output; name a file, or write ./- for this name"
    )
    files.write_output("./-", b"x")
    assert names(folder) == {"-"}


@pytest.mark.parametrize("stream", [0, 1, 2])
@pytest.mark.parametrize("removed", [False, True])
def test_open_standard_stream_is_not_replaced(folder: Path, stream: int, removed: bool) -> None:
    path = folder / "log"
    path.write_bytes(b"old")
    # The descriptor as the kernel shows it, and the file that it leads to.
    outputs = [f"/dev/fd/{stream}"] if removed else [f"/dev/fd/{stream}", str(path)]
    kept = os.dup(stream)
    try:
        with open(path, "rb") as log:
            os.dup2(log.fileno(), stream)
        if removed:
            path.unlink()
        refusals = []
        for output in outputs:
            with pytest.raises(UsageError) as caught:
                files.write_output(output, b"x")
            refusals.append(str(caught.value))
    finally:
        os.dup2(kept, stream)
        os.close(kept)
    assert refusals == [
        f"{output}: standard input, output or error is this file; name another one"
        for output in outputs
    ]
    assert names(folder) == (set() if removed else {"log"})


def test_pipe_of_another_program_is_not_a_file(folder: Path) -> None:
    reading, writing = os.pipe()
    with pytest.raises(UsageError, match="not a regular file; name a file to write"):
        files.write_output(f"/dev/fd/{writing}", b"x")
    os.close(reading)
    os.close(writing)


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


def test_is_one_place(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "b").symlink_to("a")
    (folder / "a/link").symlink_to("x")
    for one, other, expected in (
        ("a/x", "a/x", True),
        ("a/x", "b/./x", True),
        ("a/x", "a/link", True),
        ("a/x", "b/X", True),
        ("absent/x", "absent/x", True),
        ("absent/x", "absent/X", False),
        ("a/x", "a/y", False),
        ("a/x", "x", False),
    ):
        assert files.is_one_place(str(folder / one), str(folder / other)) == expected


def test_other_spelling_of_an_input_is_not_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a file system that ignores case, and gives each spelling an inode.
    (folder / "in").write_bytes(b"old")
    (folder / "IN").write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", lambda _: ["in"])
        with pytest.raises(UsageError, match=r"IN: the output would replace the input .*in; name"):
            files.write_output(str(folder / "IN"), b"x", inputs=[str(folder / "in")])
    files.write_output(str(folder / "IN"), b"x", inputs=[str(folder / "in")])
    assert (folder / "in").read_bytes() == b"old"


# Links that were planted


def write_below(path: Path, folder: Path, *, overwrite: bool = True) -> None:
    with files.new_output(str(path), below=str(folder), overwrite=overwrite) as fd:
        os.write(fd, b"new")


def test_link_in_the_place_of_a_chosen_name_is_replaced(folder: Path) -> None:
    (folder / "victim").write_bytes(b"precious")
    (folder / "out").mkdir()
    for target in ("../victim", "../absent"):
        place = folder / "out/name"
        place.unlink(missing_ok=True)
        place.symlink_to(target)
        write_below(place, folder / "out")
        assert not place.is_symlink()
        assert place.read_bytes() == b"new"
    assert (folder / "victim").read_bytes() == b"precious"
    assert names(folder) == {"victim", "out"}
    assert names(folder / "out") == {"name"}


def test_link_planted_meanwhile_is_replaced(folder: Path) -> None:
    (folder / "victim").write_bytes(b"precious")
    with files.new_output(str(folder / "name"), below=str(folder)) as fd:
        os.write(fd, b"new")
        (folder / "name").symlink_to("victim")
    assert (folder / "name").read_bytes() == b"new"
    assert (folder / "victim").read_bytes() == b"precious"


@pytest.mark.parametrize("target", ["victim", "absent"])
def test_link_is_never_overwritten(folder: Path, target: str) -> None:
    (folder / "victim").write_bytes(b"precious")
    (folder / "name").symlink_to(target)
    with pytest.raises(UsageError, match="name: exists already and is never overwritten"):
        write_below(folder / "name", folder, overwrite=False)
    assert names(folder) == {"victim", "name"}
    assert (folder / "victim").read_bytes() == b"precious"


def test_link_that_is_an_input_is_not_replaced(folder: Path) -> None:
    (folder / "content").write_bytes(b"precious")
    (folder / "name").symlink_to("content")
    with (
        pytest.raises(UsageError, match="the output would replace the input"),
        files.new_output(str(folder / "name"), below=str(folder), inputs=[str(folder / "name")]),
    ):
        pass
    assert (folder / "name").is_symlink()


def test_link_in_the_place_of_a_folder_is_not_followed(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "out").mkdir()
    for planted in (folder / "out/a", folder / "out/b/c"):
        planted.parent.mkdir(exist_ok=True)
        planted.symlink_to(folder / "elsewhere")
        with pytest.raises(InputError) as caught:
            write_below(planted / "name", folder / "out")
        assert str(caught.value) == (
            f"{planted}/name: a link or a file has the name of its folder; remove it"
        )
    assert names(folder / "elsewhere") == set()


def test_missing_folders_are_made_below_the_chosen_one(folder: Path) -> None:
    (folder / "link").symlink_to("out")
    (folder / "out").mkdir()
    write_below(folder / "link/a/b/name", folder / "link")
    assert (folder / "out/a/b/name").read_bytes() == b"new"
    with pytest.raises(InputError, match="name: its folder does not exist; make it first"):
        write_below(folder / "absent/name", folder / "absent")


def test_folder_that_is_swapped_for_a_link_meanwhile(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    with files.new_output(str(folder / "a/name"), below=str(folder)) as fd:
        os.write(fd, b"new")
        (folder / "a").rename(folder / "moved")
        (folder / "a").symlink_to("elsewhere")
    assert names(folder / "elsewhere") == set()
    assert (folder / "moved/name").read_bytes() == b"new"


@pytest.fixture
def shared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like /tmp, of a user who is not this one; the tests themselves are a third user."""
    path = folder / "shared"
    path.mkdir()
    path.chmod(0o1777)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    lstat = os.lstat

    def planted(name: str) -> os.stat_result:
        found = lstat(name)
        values = list(found)
        values[stat.ST_UID] += 2 * stat.S_ISLNK(found.st_mode)
        return os.stat_result(values)

    monkeypatch.setattr(os, "lstat", planted)
    return path


def test_link_of_another_user_in_a_shared_folder_is_not_followed(
    folder: Path, shared: Path
) -> None:
    (folder / "real").mkdir()
    (folder / "real/victim").write_bytes(b"precious")
    (shared / "file").symlink_to(folder / "real/victim")
    (shared / "dangling").symlink_to(folder / "real/absent")
    (shared / "folder").symlink_to(folder / "real")
    (folder / "indirect").symlink_to("shared/file")
    for output, link in (
        (shared / "file", "file"),
        (shared / "dangling", "dangling"),
        (shared / "folder/victim", "folder"),
        (shared / "folder/../real/victim", "folder"),
        (folder / "indirect", "file"),
    ):
        with pytest.raises(InputError) as caught:
            files.write_output(str(output), b"x")
        assert str(caught.value) == (
            f"{output}: {shared / link} is a link in a folder where all users can write, so it may "
            "lead anywhere; name a path without it"
        )
    assert (folder / "real/victim").read_bytes() == b"precious"
    assert names(folder / "real") == {"victim"}


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o1775])
def test_link_of_another_user_elsewhere_is_followed(folder: Path, shared: Path, mode: int) -> None:
    shared.chmod(mode)
    (shared / "link").symlink_to(folder / "real")
    files.write_output(str(shared / "link"), b"x")
    assert (folder / "real").read_bytes() == b"x"


def test_own_link_in_a_shared_folder_is_followed_to_a_folder_only(
    folder: Path, shared: Path
) -> None:
    (shared / "link").symlink_to("real")
    (shared / "real").mkdir()
    (shared / "file").symlink_to("real/victim")
    uid = os.lstat(str(shared / "link")).st_uid
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: uid)
        files.write_output(str(shared / "link/name"), b"x")
        with pytest.raises(InputError, match="file is a link in a folder where all users can"):
            files.write_output(str(shared / "file"), b"x")
    assert (shared / "real/name").read_bytes() == b"x"
    assert names(shared / "real") == {"name"}


def test_real_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "a/b").mkdir(parents=True)
    (folder / "up").symlink_to("a/b/..//.")
    (folder / "whole").symlink_to(folder / "up")
    (folder / "loop").symlink_to("loop")
    for path in (
        "x",
        "./a//b/x",
        "up/x",
        "up/../x",
        "whole/new/x",
        "a/b/../../up",
        "/../x",
        "loop",
    ):
        assert files.real_place(path) == os.path.realpath(path)
    with pytest.raises(OSError, match="symbolic links"):
        files.write_output("loop", b"x")


def test_read_range(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with open(path, "rb") as file:
        fd = file.fileno()
        assert list(files.read_range(fd, 2, 7, 3)) == [b"234", b"567", b"8"]
        assert list(files.read_range(fd, 2, 7, 100)) == [b"2345678"]
        assert list(files.read_range(fd, 20, 0, 3)) == []
        assert file.tell() == 0


def test_range_after_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with open(path, "rb") as file:
        chunks = files.read_range(file.fileno(), 8, 3, 2)
        assert next(chunks) == b"89"
        with pytest.raises(files.BecameShorter, match="a file became shorter while it was read"):
            next(chunks)


def test_short_reads_of_a_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, offset: pread(fd, min(length, 2), offset))
    with open(path, "rb") as file:
        assert b"".join(files.read_range(file.fileno(), 1, 9, 5)) == b"123456789"


def copied(folder: Path, length: int) -> bytes:
    source, target = folder / "source", folder / "target"
    source.write_bytes(b"0123456789")
    with open(source, "rb") as one, open(target, "w+b") as other:
        one.read(3)  # The copy does not begin at the position of the file.
        files.copy_range(one.fileno(), other.fileno(), length)
    return target.read_bytes()


def test_range_is_copied(folder: Path) -> None:
    assert copied(folder, 10) == b"0123456789"
    assert copied(folder, 4) == b"0123"
    with pytest.raises(files.BecameShorter):
        copied(folder, 11)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP])
def test_range_is_copied_where_the_system_cannot_do_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: int) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    assert copied(folder, 10) == b"0123456789"
    monkeypatch.delattr(os, "copy_file_range")
    assert copied(folder, 10) == b"0123456789"


def test_disk_that_gets_full_during_a_copy_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([4])

    def full(*_: int) -> int:
        for count in counts:
            return count
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "copy_file_range", full)
    with pytest.raises(OSError, match="No space left"):
        copied(folder, 10)


def test_make_folder(folder: Path) -> None:
    for _ in range(2):
        files.make_folder(str(folder / "a/b"))
    assert (folder / "a/b").is_dir()
    (folder / "file").write_bytes(b"")
    for path in ("file", "file/a", "file/a/b"):
        with pytest.raises(InputError, match=f"{path}: a file has this name or that of a folder"):
            files.make_folder(str(folder / path))


def test_error_names_the_output_if_a_folder_below_cannot_be_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, **_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", name)

    monkeypatch.setattr(os, "mkdir", refuse)
    path = str(folder / "a/b/name")
    with pytest.raises(OSError, match="Read-only") as raised:
        write_below(Path(path), folder)
    assert raised.value.filename == path
