"""Writes all generated pages into the source tree. Called as: update.py API.binaryproto, by `bazel run`."""

import os
import sys
from pathlib import Path

import generated


def main(api: str) -> None:
    top = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    fresh = generated.pages(Path(api), top)
    for path in generated.stale(fresh, top):
        if path in fresh:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text(fresh[path], encoding="utf-8")
        else:
            (top / path).unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
