"""Reads the small text files in which a machine says how it is, such as those of sysfs."""

from software_update.client.system import Storage

_MAX_BYTES = 4096


def read_line(storage: Storage, path: str) -> str:
    """Returns the text in a file of one line, without white space at its ends.

    Raises OSError if there is no such file, and ValueError if it is not one line of ASCII.
    """
    file = storage.open(path)
    try:
        content = file.read(0, _MAX_BYTES)
    finally:
        file.close()
    return one_line(path, content)


def one_line(place: str, content: bytes) -> str:
    """Returns the only line in `content`. Raises ValueError if there is another number of lines."""
    try:
        lines = content.decode("ascii").strip().splitlines()
    except UnicodeDecodeError:
        lines = []
    if len(lines) != 1:
        raise ValueError(f"{place}: not one line of ASCII text")
    return lines[0].strip()
