"""A temporary folder for sockets: a Unix socket's path has at most 107 bytes, and those in sandboxes more."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_folder() -> Iterator[Path]:
    """Makes a folder with a short path, and removes it afterwards."""
    with tempfile.TemporaryDirectory(prefix="socket", dir="/tmp") as folder:
        yield Path(folder)
