"""Tests of trees.py."""

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.base.trees import new_tree
from software_update.testing.command import environment, python
from software_update.testing.workspace import snapshot

NAMES = ("a", "b")
OLD, NEW = {"a/x": b"old", "b/y": b"old"}, {"a/x": b"new", "a/z": b"new"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def put(folder: Path, content: dict[str, bytes]) -> None:
    for name, value in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(value)


def write(path: Path | str, content: dict[str, bytes] = NEW, *inputs: str) -> None:
    with new_tree(str(path), NAMES, inputs=inputs) as tree:
        put(Path(tree), content)


def check_only(place: Path, content: dict[str, bytes]) -> None:
    """The tree and nothing next to it."""
    assert snapshot(place) == content
    assert list(place.parent.iterdir()) == [place]


def test_new_empty_and_replaced(place: Path) -> None:
    write(place, OLD)
    check_only(place, OLD)
    write(place)
    check_only(place, NEW)
    shutil.rmtree(place)
    place.mkdir()
    write(place)
    check_only(place, NEW)


def test_an_empty_folder_made_beforehand(place: Path) -> None:
    (place / "a").mkdir(parents=True)
    write(place)
    check_only(place, NEW)


def test_modes_follow_the_umask(place: Path) -> None:
    before = os.umask(0o027)
    try:
        write(place)
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o750


def test_a_link_to_the_place(tmp_path: Path, place: Path) -> None:
    put(place, OLD)
    (tmp_path / "link").symlink_to("place")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert snapshot(place) == NEW
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("kind", ["file", "other folder", "file of that name", "link"])
def test_contents_that_would_be_lost_are_an_error(place: Path, kind: str) -> None:
    put(place, OLD)
    if kind == "file":
        put(place, {"mine": b"mine"})
    elif kind == "other folder":
        (place / "mine").mkdir()
    else:
        shutil.rmtree(place / "b")
        if kind == "link":
            (place / "b").symlink_to("a")
        else:
            put(place, {"b": b"mine"})
    before = snapshot(place)
    with pytest.raises(UsageError, match="name a new folder, so no file is lost"):
        write(place)
    check_only(place, before)


def test_files_that_appear_meanwhile_are_kept(place: Path) -> None:
    put(place, OLD)
    with (
        pytest.raises(
            UsageError, match="place: contains 'mine', which is not part of an earlier output"
        ),
        new_tree(str(place), NAMES),
    ):
        put(place, {"mine": b"mine"})
    check_only(place, {**OLD, "mine": b"mine"})


def test_places_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UsageError, match="file: not a folder; name a new or an empty one"):
        write(tmp_path / "file")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="loop: not a folder; name a new or an empty one"):
        write(tmp_path / "loop")
    (tmp_path / "loop").unlink()
    reading, writing = os.pipe()
    with pytest.raises(UsageError, match=r"fd/\d+: not a folder; name a new or an empty one"):
        write(f"/dev/fd/{writing}")
    os.close(reading)
    os.close(writing)
    with pytest.raises(InputError, match="absent/place: its folder does not exist; make it first"):
        write(tmp_path / "absent/place")
    with pytest.raises(InputError, match="file/place: its folder does not exist; make it first"):
        write(tmp_path / "file/place")
    assert snapshot(tmp_path) == {"file": b"x"}


def test_an_input_in_the_old_tree(tmp_path: Path, place: Path) -> None:
    put(place, OLD)
    (tmp_path / "link").symlink_to("place/a/x")
    for each in (place / "a/x", tmp_path / "link"):
        with pytest.raises(UsageError, match="the output would replace the input"):
            write(place, NEW, str(each))
    assert snapshot(place) == OLD
    put(tmp_path, {"place2": b"x"})
    write(place, NEW, f"{place}2")


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt(), SystemExit(143)])
@pytest.mark.parametrize("old", [{}, OLD], ids=["new", "there"])
def test_an_error_leaves_the_old_one(
    place: Path, error: BaseException, old: dict[str, bytes]
) -> None:
    put(place, old)
    with pytest.raises(type(error)) as raised, new_tree(str(place), NAMES) as tree:
        put(Path(tree), NEW)
        raise error
    assert snapshot(place.parent) == {f"place/{name}": value for name, value in old.items()}
    assert list(place.parent.iterdir()) == ([place] if old else [])
    if isinstance(raised.value, OSError):
        assert raised.value.filename == str(place)


def after(name: str, count: int, then: Callable[[], object]) -> Callable[..., object]:
    """os.NAME, which calls `then` before its call number `count`."""
    real: Callable[..., object] = getattr(os, name)
    calls = iter(range(1, 1000))

    def wrapped(*args: Any, **options: Any) -> object:
        if next(calls) == count:
            then()
        return real(*args, **options)

    return wrapped


@pytest.mark.parametrize(
    ("name", "count"), [("rename", 1), ("rename", 2), ("rename", 3), ("unlink", 1)]
)
def test_a_signal_during_the_swap(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str, count: int
) -> None:
    put(place, OLD)

    def stop(*_: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        monkeypatch.setattr(os, name, after(name, count, lambda: signal.raise_signal(15)))
        with pytest.raises(SystemExit):
            write(place)
    finally:
        monkeypatch.undo()
        signal.signal(signal.SIGTERM, before)
    check_only(place, NEW)


def test_an_error_during_the_swap(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place, OLD)

    def fail() -> None:
        raise OSError(5, "worn out", "x/.software-update-1")

    monkeypatch.setattr(os, "rename", after("rename", 3, fail))
    with pytest.raises(OSError, match="worn out") as raised:
        write(place)
    monkeypatch.undo()
    assert raised.value.filename == str(place)
    check_only(place, OLD)


KILLED = """
import os, sys
from software_update.base.trees_test import after, write
name, count = sys.argv[2], int(sys.argv[3])
setattr(os, name, after(name, count, lambda: os._exit(9)))
write(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("name", "count", "left"),
    [("rename", 1, OLD), ("rename", 2, OLD), ("rename", 3, {}), ("rmdir", 1, NEW)],
)
def test_killed_during_the_swap(place: Path, name: str, count: int, left: dict[str, bytes]) -> None:
    """The old tree, the new one, or none; and the next run is not kept from its work."""
    put(place, OLD)
    ended = subprocess.run(
        python("-c", KILLED, str(place), name, str(count)), env=environment(), check=False
    )
    assert ended.returncode == 9
    assert snapshot(place) == left
    write(place)
    assert snapshot(place) == NEW
