"""Makes the bundles for programs of power cuts, and runs these."""

import json
import os
import random
import subprocess
from pathlib import Path

from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY

# Keys of the second root.
_SECOND = (101, 201)
_FIRST_ROOT = e.signed(e.root(), ROOT_KEY)
_SECOND_ROOT = e.signed(e.root(2, [_SECOND[0]], [_SECOND[1]]), ROOT_KEY, _SECOND[0])


def _content(target: str, version: int) -> bytes:
    # Version 2 has the radio of version 1, so that a bundle can leave it out.
    of = 1 if target == "radio" and version == 2 else version
    size = {"app": 331, "radio": 95}[target] + of
    return random.Random(f"{target} {of}").randbytes(size)


def _contents(version: int) -> dict[str, bytes]:
    release = {
        "schema": "software_update.release.v1",
        "product": "meter",
        "version": f"1.{version}",
        "release_counter": version,
    }
    return {
        "user_manifest": json.dumps(release).encode(),
        **{target: _content(target, version) for target in ("app", "radio")},
    }


def _bundle(version: int) -> bytes:
    return e.bundle(_contents(version), version=version)


def _rotated(version: int) -> bytes:
    return e.bundle(
        _contents(version), version=version, signed_root=_SECOND_ROOT, signers=[_SECOND[1]]
    )


def _personal(version: int) -> bytes:
    contents = _contents(version)
    left_out = e.payload("radio", contents["radio"])
    return _bundle(version).replace(left_out, b"")


def write_bundles(folder: Path) -> None:
    """Writes the files that the program of power cuts reads."""
    rotated_bad = bytearray(_rotated(2))
    rotated_bad[-1] ^= 1
    files = {
        "anchor": _FIRST_ROOT,
        "one": _bundle(1),
        "two": _bundle(2),
        "three": _bundle(3),
        "rotated_two": _rotated(2),
        "rotated_three": _rotated(3),
        "rotated_bad_two": bytes(rotated_bad),
        "personal_two": _personal(2),
        **{f"{target}_{v}": _content(target, v) for target in ("app", "radio") for v in range(4)},
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)


def run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of power cuts, and captures its output."""
    command = [os.path.abspath(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
