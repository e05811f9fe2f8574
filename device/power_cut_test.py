"""The device's client and journal survive power cuts, and planted bugs do not.

testing/planted_bugs.py has the bugs.
"""

import json
import os
import random
import re
import subprocess
from pathlib import Path

import pytest
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


@pytest.fixture(name="bundles", scope="module")
def _bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    write_bundles(folder)
    return folder


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [os.path.abspath(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_no_power_cut_breaks_an_update(bundles: Path) -> None:
    done = _run(os.environ["CLIENT"], str(bundles), "1", *os.environ["DISTANCES"].split())
    assert done.returncode == 0, done.stdout
    cuts = re.fullmatch(r"(\d+) cuts in \d+ runs, no fault\n", done.stdout)
    assert cuts and int(cuts[1]) > 700, done.stdout
    print(done.stdout)


def test_no_power_cut_breaks_the_journal() -> None:
    done = _run(os.environ["JOURNAL"])
    assert done.returncode == 0, done.stdout
    cuts = re.fullmatch(r"(\d+) cuts, 0 lost states\n", done.stdout)
    assert cuts and int(cuts[1]) > 3000, done.stdout
    print(done.stdout)


@pytest.mark.parametrize("program", os.environ.get("PLANTED", "").split())
def test_planted_bug_is_found(bundles: Path, program: str) -> None:
    done = _run(program, str(bundles), "1", "5", "0")
    assert done.returncode == 1, f"{done.returncode}: {done.stdout}"
