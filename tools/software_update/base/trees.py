"""Folders out: a tree takes the place of the one before it whole, or not at all."""

import contextlib
import errno
import os
import shutil
import signal
from collections.abc import Iterable, Iterator

from software_update.base import files
from software_update.base.errors import InputError, UsageError


@contextlib.contextmanager
def new_tree(path: str, names: Iterable[str], *, inputs: Iterable[str] = ()) -> Iterator[str]:
    """A folder that takes the place of `path` if all goes well, else vanishes.

    At `path` there may be nothing, an empty folder, or one that holds nothing but folders called
    `names`: those are lost. `inputs` are files that must not be among what is lost.
    """
    names = frozenset(names)
    place = files.real_place(path)
    _check_place(path, place, names, inputs)
    new = files.beside_name(os.path.dirname(place))
    try:
        with files.errors_name(path):
            os.mkdir(new)
            yield new
            with _signals_held_back():
                _swap_in(new, path, place, names)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


@contextlib.contextmanager
def new_folder(path: str) -> Iterator[str]:
    """A folder for files, all of which appear in `path` if all goes well, and otherwise none.

    At `path` there may be nothing or an empty folder. An empty folder may be a mount point, so it is
    kept: the files are written into a hidden folder in it, and then moved.
    """
    place = check_new_folder(path)
    if not os.path.isdir(place):
        with new_tree(path, ()) as new:
            yield new
        return
    inside = files.beside_name(place)
    try:
        with files.errors_name(path):
            os.mkdir(inside, 0o700)
            yield inside
            with _signals_held_back():
                _move_out(inside, path, place)
    except BaseException:
        shutil.rmtree(inside, ignore_errors=True)
        raise


@contextlib.contextmanager
def scratch_folder(path: str) -> Iterator[str]:
    """A folder next to the output `path`, for files that are only needed until the output is written."""
    new = files.beside_name(os.path.dirname(files.real_place(path)))
    try:
        with files.errors_name(path):
            os.mkdir(new, 0o700)
            yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)


def check_new_folder(path: str) -> str:
    """The real path of `path`; UsageError or InputError if `new_folder` cannot put files there."""
    place = files.real_place(path)
    _check_place(path, place, frozenset(), ())
    return place


def _move_out(inside: str, path: str, place: str) -> None:
    # Again: the files took their time to write.
    if os.listdir(place) != [os.path.basename(inside)]:
        raise _not_empty(path)
    moved = []
    try:
        for name in os.listdir(inside):
            os.rename(os.path.join(inside, name), os.path.join(place, name))
            moved.append(name)
    except BaseException:
        for name in moved:
            os.rename(os.path.join(place, name), os.path.join(inside, name))
        raise
    os.rmdir(inside)


def _check_place(path: str, place: str, names: frozenset[str], inputs: Iterable[str]) -> None:
    if os.path.isdir(place):
        _check_content(path, place, names)
    elif os.path.exists(path) or os.path.lexists(place):
        raise UsageError(f"{path}: not a folder; name a new or an empty one")
    elif not os.path.isdir(os.path.dirname(place)):
        raise InputError(f"{path}: its folder does not exist; make it first")
    for each in files.all_inputs(inputs):
        if os.path.realpath(each).startswith(os.path.join(place, "")):
            raise UsageError(
                f"{path}: the output would replace the input {each}; name another folder"
            )


def _check_content(path: str, folder: str, names: frozenset[str]) -> None:
    with os.scandir(folder) as there:
        for each in there:
            if not names:
                raise _not_empty(path)
            if each.name not in names or not each.is_dir(follow_symlinks=False):
                raise UsageError(
                    f"{path}: contains '{each.name}', which is not part of an earlier output; "
                    "name a new folder, so no file is lost"
                )


def _not_empty(path: str) -> UsageError:
    return UsageError(f"{path}: not empty; name a new folder, so no file is lost")


def _swap_in(new: str, path: str, place: str, names: frozenset[str]) -> None:
    try:
        # Where nothing is, or an empty folder.
        os.rename(new, place)
        return
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    old = files.beside_name(os.path.dirname(place))
    os.rename(place, old)
    try:
        # Again: the tree took its time to write.
        _check_content(path, old, names)
        os.rename(new, place)
    except BaseException:
        os.rename(old, place)
        raise
    shutil.rmtree(old)


@contextlib.contextmanager
def _signals_held_back() -> Iterator[None]:
    # They end this process as exceptions, here between two steps that belong together.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
