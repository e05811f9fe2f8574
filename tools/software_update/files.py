"""Files in and out: outputs appear whole or not at all, and never in the place of an input."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator

from software_update.errors import InputError, UsageError, printable

_BESIDE = ".software-update-"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Without it the open of a FIFO waits for a writer.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def open_input(path: str) -> Iterator[int]:
    """A file descriptor to read a regular file from."""
    try:
        fd = os.open(path, _OPEN_FLAGS)
    except ValueError:
        raise _no_name(path) from None
    try:
        _check_regular(path, os.fstat(fd))
        yield fd
    finally:
        os.close(fd)


def input_length(path: str) -> int:
    """The length of a regular file in bytes, without opening it."""
    try:
        found = os.stat(path)
    except ValueError:
        raise _no_name(path) from None
    _check_regular(path, found)
    return found.st_size


def _no_name(path: str) -> InputError:
    return InputError(f"{printable(path)}: this is no name of a file; correct it")


def _check_regular(path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path}: not a regular file; give a file with a fixed content")


def read_input(path: str, limit: int) -> bytes:
    """A whole file of at most `limit` bytes."""
    with open_input(path) as fd, open(fd, "rb", closefd=False) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(f"{path}: larger than {limit} bytes; is it the right file?")
    return content


@contextlib.contextmanager
def new_output(
    path: str, *, inputs: Iterable[str] = (), private: bool = False, overwrite: bool = True
) -> Iterator[int]:
    """A file descriptor whose content takes the place of `path` if all goes well, else vanishes.

    It is written beside its place and renamed. `inputs` are files that must not be replaced.
    """
    place = os.path.realpath(path)
    _check_place(path, place, inputs, overwrite)
    with errors_name(path), _written_beside(place, private, overwrite) as fd:
        yield fd


@contextlib.contextmanager
def errors_name(path: str) -> Iterator[None]:
    """Errors about what is written beside `path` are about `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL or _BESIDE in os.fsdecode(error.filename or ""):
            error.filename = path
        raise


@contextlib.contextmanager
def _written_beside(place: str, private: bool, overwrite: bool) -> Iterator[int]:
    # Its name is known before it is there: a signal at any point finds what to take away.
    beside = beside_name(os.path.dirname(place))
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        fd = os.open(beside, flags, 0o600 if private else 0o666)
        try:
            if private:  # whatever the umask says
                os.chmod(beside, 0o600)
            yield fd
        finally:
            os.close(fd)
        if overwrite:
            os.replace(beside, place)
        else:
            os.link(beside, place)
            os.unlink(beside)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def beside_name(folder: str) -> str:
    """A name in `folder` that nothing has."""
    return os.path.join(folder, f"{_BESIDE}{os.urandom(8).hex()}")


def is_beside_name(name: str) -> bool:
    """Whether `beside_name` makes such names."""
    return name.startswith(_BESIDE)


def write_output(path: str, content: bytes, *, inputs: Iterable[str] = ()) -> None:
    """Writes a small output."""
    with new_output(path, inputs=inputs) as fd:
        write_all(fd, content)


def write_all(fd: int, content: bytes | memoryview) -> None:
    """os.write until everything is written."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _check_place(path: str, place: str, inputs: Iterable[str], overwrite: bool) -> None:
    try:
        there = os.stat(place)
    except FileNotFoundError:
        if not os.path.isdir(os.path.dirname(place)):
            raise InputError(f"{path}: its folder does not exist; make it first") from None
        return
    if not overwrite:
        raise UsageError(f"{path}: exists already and is never overwritten; name another file")
    if not stat.S_ISREG(there.st_mode):
        raise UsageError(f"{path}: not a regular file; name a file to write")
    for each in inputs:
        if os.path.exists(each) and os.path.samestat(os.stat(each), there):
            raise UsageError(
                f"{path}: the output would replace the input {each}; name another file"
            )
