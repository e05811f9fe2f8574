"""The wheels that Bazel fetched, in a folder as fetch.py makes it, for tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LOCK = Path(os.path.abspath(__file__)).parents[2] / "tools" / "python" / "runtime.txt"


def copy_wheels(folder: Path) -> Path:
    """Fills the folder."""
    folder.mkdir(parents=True)
    for wheel in os.environ["WHEELS"].split():
        shutil.copyfile(wheel, folder / Path(wheel).name)
    return folder
