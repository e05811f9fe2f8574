"""Writes the page of sizes into the workspace."""

import os
from pathlib import Path

import device_sizes

if __name__ == "__main__":
    text = device_sizes.render(device_sizes.measure())
    Path(os.environ["BUILD_WORKSPACE_DIRECTORY"], os.environ["PAGE"]).write_text(text)
