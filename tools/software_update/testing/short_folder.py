"""A temporary folder with a short path.

A Unix socket's path has at most 107 bytes, and libubootenv takes at most 255. Those in sandboxes have more.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_folder() -> Iterator[Path]:
    """Makes a folder with a short path, and removes it afterwards."""
    with tempfile.TemporaryDirectory(prefix="short", dir="/tmp") as folder:
        yield Path(folder)
