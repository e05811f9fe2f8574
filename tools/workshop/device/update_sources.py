"""Writes all generated sources of the device library into the source tree. Called by `bazel run`."""

import os
from pathlib import Path

from cpp_sources import sources

if __name__ == "__main__":
    top = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    for path, text in sources().items():
        (top / path).write_text(text, encoding="utf-8")
