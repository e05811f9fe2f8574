"""Files in and out: an output appears whole or not at all, and never replaces an input."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

from software_update.base.errors import InputError, UsageError, printable

_BESIDE = ".software-update-"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Errors of opening a folder that is a link or a file.
NOT_A_FOLDER = (errno.ENOTDIR, errno.ELOOP)
_MAX_LINKS = 40
_COPY_BYTES = 16 * 1024 * 1024
# The files that this command has its arguments from: inputs, whatever the command.
_arguments_files: ContextVar[tuple[str, ...]] = ContextVar("arguments_files", default=())
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


class BecameShorter(InputError):
    """The error for a file that ends before the range that is read from it."""

    def __init__(self) -> None:
        super().__init__("a file became shorter while it was read; do not write to it meanwhile")


def read_range(fd: int, offset: int, length: int, chunk_bytes: int) -> Iterator[bytes]:
    """Yields `length` bytes of a file from `offset` on, at most `chunk_bytes` at a time.

    Raises BecameShorter if the file ends before.
    """
    end = offset + length
    while offset < end:
        chunk = os.pread(fd, min(chunk_bytes, end - offset), offset)
        if not chunk:
            raise BecameShorter
        yield chunk
        offset += len(chunk)


def copy_range(source: int, target: int, length: int) -> None:
    """Copies the first `length` bytes of a file to the beginning of another one, in the kernel if possible.

    Raises BecameShorter if the file ends before.
    """
    done = 0
    try:
        while done < length:
            count = os.copy_file_range(source, target, min(_COPY_BYTES, length - done), done, done)
            if count == 0:
                break
            done += count
    except (AttributeError, OSError):
        # Not on this system, or not between these file systems. Other errors come again below.
        if done:
            raise
    os.lseek(target, done, os.SEEK_SET)
    for chunk in read_range(source, done, length - done, _COPY_BYTES // 16):
        write_all(target, chunk)


def _no_name(path: str) -> InputError:
    return InputError(f"{printable(path)}: not a valid file name; correct it")


def folder_error(path: str) -> InputError:
    """The error for a folder in place of a file: in a build, a label may give one."""
    name = os.path.basename(os.path.abspath(path))
    return InputError(
        f'{path}: is a folder; give a file, or in Bazel glob(["{name}/**"]), which lists its files'
    )


def _check_regular(path: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise folder_error(path)
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path}: not a regular file; give a file with a fixed content")


def read_input(path: str, limit: int) -> bytes:
    """A whole file of at most `limit` bytes."""
    with open_input(path) as fd, open(fd, "rb", closefd=False) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(f"{path}: larger than {limit} bytes; check that it is the right file")
    return content


def read_arguments_file(path: str, limit: int) -> bytes:
    """As `read_input`. No output of this command, in this context, then replaces the file."""
    _arguments_files.set((*_arguments_files.get(), os.path.abspath(path)))
    return read_input(path, limit)


def all_inputs(inputs: Iterable[str]) -> tuple[str, ...]:
    """The inputs of an output, with the files of arguments."""
    return (*inputs, *_arguments_files.get())


class _Place:
    """The place of an output: its real path, or its name in an open folder.

    Not a NamedTuple: on Python 3.14 that imports modules for 10 ms, and every step imports this one.
    """

    def __init__(self, name: str, folder: int | None) -> None:
        self.name = name
        self.folder = folder


@contextlib.contextmanager
def new_output(
    path: str,
    *,
    inputs: Iterable[str] = (),
    private: bool = False,
    overwrite: bool = True,
    below: str | None = None,
) -> Iterator[int]:
    """A descriptor of a new file, which replaces `path` if all goes well and otherwise vanishes.

    It is written next to its place and renamed. `inputs` are files that must not be replaced.

    By default the user chose `path`, and links in it are followed, except those that another user
    may have planted (`real_place`). With `below`, the user chose only that folder and the tool the
    rest of `path`: no link in that rest is followed. A link in the place of the file is replaced, a
    link in the place of a folder is an InputError, and missing folders are made.
    """
    with errors_name(path), _open_place(path, below) as place:
        _check_place(path, place, inputs, overwrite)
        with _written_beside(place, private, overwrite) as fd:
            yield fd


@contextlib.contextmanager
def _open_place(path: str, below: str | None) -> Iterator[_Place]:
    if os.path.basename(path) in ("", ".", ".."):
        raise UsageError(f"{path or repr(path)}: not the name of a file; name a file to write")
    if below is None:
        yield _Place(real_place(path), None)
        return
    *folders, name = os.path.relpath(path, below).split(os.sep)
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(folder_below(real_place(below), folders))
        except FileNotFoundError:
            raise _no_folder(path) from None
        except OSError as error:
            if error.errno not in NOT_A_FOLDER:
                # It names only the last of the folders.
                error.filename = path
                raise
            raise InputError(
                f"{path}: a link or a file has the name of its folder; remove it"
            ) from None
        yield _Place(name, folder)


@contextlib.contextmanager
def folder_below(folder: str, names: Iterable[str]) -> Iterator[int]:
    """A descriptor of a folder below `folder`, a real path. Makes missing folders, follows no link.

    `names` are the folders on the way. OSError with a number in NOT_A_FOLDER if one of them is a
    link or a file.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    fd = os.open(folder, flags)
    try:
        for name in names:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=fd)
            inner = os.open(name, flags, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def make_folder(path: str) -> None:
    """Makes a folder, and those above it, if missing. Raises InputError if a file is in its place."""
    try:
        os.makedirs(path, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(
            f"{path}: a file has this name or that of a folder above; name another folder"
        ) from None


def is_one_place(path: str, other: str) -> bool:
    """Says whether two outputs are one file, or are on file systems that ignore case."""
    one, two = os.path.realpath(path), os.path.realpath(other)
    return one == two or (
        os.path.basename(one).lower() == os.path.basename(two).lower()
        and _same_folder(os.path.dirname(one), os.path.dirname(two))
    )


def _same_folder(folder: str, other: str) -> bool:
    try:
        return os.path.samefile(folder, other)
    except OSError:
        return False


def real_place(path: str) -> str:
    """The place of an output that the user chose, without links.

    InputError if a link in a folder like /tmp, where all users can write, is the output, or if such a
    link on the way to it is another user's (compare the kernel's `protected_symlinks`).
    """
    if path == "-":
        raise UsageError(
            "-: an output is never standard output; name a file, or write ./- for this name"
        )
    done, links = os.sep, 0
    start = "" if os.path.isabs(path) else os.getcwd()
    rest = os.path.join(start, path).split(os.sep)[::-1]
    while rest:
        name = rest.pop()
        here = os.path.dirname(done) if name == ".." else os.path.normpath(os.path.join(done, name))
        # As many links as Linux follows; opening the place then says that they are too many.
        if links == _MAX_LINKS or not os.path.islink(here):
            done = here
            continue
        if _may_be_planted(os.lstat(here), os.stat(done), is_output=not rest):
            raise InputError(
                f"{path}: {here} is a link in a folder where all users can write, so it may lead "
                "anywhere; name a path without it"
            )
        links += 1
        target = os.readlink(here)
        done = os.sep if os.path.isabs(target) else done
        rest += target.split(os.sep)[::-1]
    return done


def _may_be_planted(link: os.stat_result, folder: os.stat_result, *, is_output: bool) -> bool:
    shared = stat.S_ISVTX | stat.S_IWOTH
    if folder.st_mode & shared != shared:
        return False
    return is_output or link.st_uid not in (os.geteuid(), folder.st_uid)


@contextlib.contextmanager
def errors_name(path: str) -> Iterator[None]:
    """Makes errors about files next to `path` name `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL or _BESIDE in os.fsdecode(error.filename or ""):
            error.filename = path
        raise


@contextlib.contextmanager
def _written_beside(place: _Place, private: bool, overwrite: bool) -> Iterator[int]:
    # Its name is known before it is there: a signal at any point finds what to take away.
    beside = beside_name(os.path.dirname(place.name))
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        fd = os.open(beside, flags, 0o600 if private else 0o666, dir_fd=place.folder)
        try:
            if private:  # whatever the umask says
                # Not permitted on FAT if another user has mounted it; see is_readable_by_others.
                with contextlib.suppress(PermissionError):
                    os.chmod(beside, 0o600, dir_fd=place.folder)
            yield fd
        finally:
            os.close(fd)
        if overwrite:
            os.replace(beside, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        else:
            _put_new(beside, place)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=place.folder)
        raise


def _put_new(beside: str, place: _Place) -> None:
    """Moves a file to a place that nothing has. FileExistsError if something has it."""
    try:
        os.link(beside, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    except FileExistsError:
        raise
    except OSError:  # FAT and exFAT have no hard links
        _reserve_and_replace(beside, place)
    else:
        os.unlink(beside, dir_fd=place.folder)


def _reserve_and_replace(beside: str, place: _Place) -> None:
    """As `_put_new`, without links: an empty file takes the name, and the whole file replaces it.

    A crash between the two leaves the empty file, which no command reads as a key or a root. A file
    that another program writes to the name between the two is lost.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        os.close(os.open(place.name, flags, 0o600, dir_fd=place.folder))
        os.replace(beside, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    except FileExistsError:
        raise
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            if os.stat(place.name, dir_fd=place.folder).st_size == 0:
                os.unlink(place.name, dir_fd=place.folder)
        raise


def is_readable_by_others(fd: int) -> bool:
    """Says whether other users can read a `private` output: some file systems keep no permissions."""
    return bool(os.fstat(fd).st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def beside_name(folder: str) -> str:
    """A name in `folder` that nothing has."""
    return os.path.join(folder, f"{_BESIDE}{os.urandom(8).hex()}")


def is_beside_name(name: str) -> bool:
    """Returns whether `beside_name` makes such names."""
    return name.startswith(_BESIDE)


def write_output(
    path: str, content: bytes, *, inputs: Iterable[str] = (), below: str | None = None
) -> None:
    """Writes a small output."""
    with new_output(path, inputs=inputs, below=below) as fd:
        write_all(fd, content)


def write_all(fd: int, content: bytes | memoryview) -> None:
    """os.write until everything is written."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _check_place(path: str, place: _Place, inputs: Iterable[str], overwrite: bool) -> None:
    try:
        there = _stat(path, place)
    except FileNotFoundError:
        if place.folder is None and not os.path.isdir(os.path.dirname(place.name)):
            raise _no_folder(path) from None
        return
    if not overwrite:
        raise UsageError(f"{path}: exists already and is never overwritten; name another file")
    if not (stat.S_ISREG(there.st_mode) or stat.S_ISLNK(there.st_mode)):
        raise UsageError(f"{path}: not a regular file; name a file to write")
    if any(_is_open(stream, there) for stream in range(3)):
        raise UsageError(f"{path}: standard input, output or error is this file; name another one")
    for each in all_inputs(inputs):
        if _is_at(each, there) or _is_alias(each, place):
            raise UsageError(
                f"{path}: the output would replace the input {each}; name another file"
            )


def _no_folder(path: str) -> InputError:
    return InputError(f"{path}: its folder does not exist; make it first")


def _stat(path: str, place: _Place) -> os.stat_result:
    """Of what an output would replace. FileNotFoundError if it replaces nothing."""
    if place.folder is None:
        # Not of its real path: the kernel finds more at /dev/stdout than the link there says.
        return os.stat(path)
    return os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)


def _is_open(fd: int, there: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), there)
    except OSError:
        return False


def _is_alias(path: str, place: _Place) -> bool:
    """Says whether an output is a file by another spelling: FAT behind FUSE does not tell by its inode."""
    name = os.path.basename(place.name)
    if name.lower() != os.path.basename(path).lower() or not is_one_place(path, place.name):
        return False
    return place.folder is None and name not in os.listdir(os.path.dirname(place.name))


def _is_at(path: str, there: os.stat_result) -> bool:
    """Says whether a path leads to a file, or is itself the link that would be replaced."""
    for follow in (True, False):
        with contextlib.suppress(OSError, ValueError):
            if os.path.samestat(os.stat(path, follow_symlinks=follow), there):
                return True
    return False
