"""Compresses payloads into files, for the steps that need their digests."""

import os
from collections.abc import Sequence

from software_update.base import files
from software_update.base.trees import new_tree
from software_update.bundle.compress import compress_file
from software_update.format.messages import Target

# A folder of its own, so that the next run knows that it may replace what it finds.
_TARGETS = "targets"


def compress_payload(
    name: str, path: str, output: str, level: int, *, below: str | None = None
) -> Target:
    """Compresses the file `path` to `output`. Returns the target `name` with that payload.

    Raises InputError for a file that cannot be used, and if zstandard is not the pinned version.
    """
    with files.new_output(output, inputs=[path], below=below) as fd:
        return compress_file(name, path, fd, level)


def compress_tree(
    payload_files: Sequence[tuple[str, str]], folder: str, level: int
) -> list[Target]:
    """Compresses each file of (name, path) pairs to FOLDER/targets/NAME.

    The folder is new or empty, or has such a tree, which is replaced.
    """
    inputs = [path for _, path in payload_files]
    with new_tree(folder, [_TARGETS], inputs=inputs) as new:
        os.mkdir(os.path.join(new, _TARGETS))
        return [
            compress_payload(name, path, os.path.join(new, _TARGETS, name), level, below=new)
            for name, path in payload_files
        ]
