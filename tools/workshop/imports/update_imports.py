"""Writes gn/private/tool_sources.gni into the source tree. Called by `bazel run`."""

import os
from pathlib import Path

import tool_sources

if __name__ == "__main__":
    top = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    (top / tool_sources.PATH).write_text(tool_sources.render(top / "tools"), encoding="utf-8")
