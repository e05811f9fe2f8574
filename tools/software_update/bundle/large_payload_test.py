"""Payloads round 2 and 4 GiB, and of 5 GiB in 50 MiB of memory. Minutes and 6 GB of disk: run by name.

bazel test //tools/software_update:large_payload_test
"""

import hashlib
import json
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.peak import MIB, peak_bytes
from software_update.testing.workspace import APP, create_args

GIB = 1024**3
LIMIT = 50 * MIB
TIMEOUT_SECONDS = 600
LAST = b"the last bytes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def sparse(path: Path, size: int) -> None:
    """A file of `size` bytes: zeros, and at its end something else."""
    with open(path, "wb") as file:
        file.seek(size - len(LAST))
        file.write(LAST)


def sha256_of_sparse(size: int) -> str:
    hasher, left = hashlib.sha256(), size - len(LAST)
    zeros = bytes(MIB)
    while left:
        hasher.update(zeros[: min(left, MIB)])
        left -= min(left, MIB)
    hasher.update(LAST)
    return hasher.hexdigest()


@pytest.mark.parametrize("size", [2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**32 + 1])
def test_sizes_that_do_not_fit_in_some_integers(folder: Path, size: int) -> None:
    sparse(folder / "large", size)
    done(*create_args(folder), "--target", f"large={folder}/large", f"z={folder}/app.bin")
    bundle = folder / "out.bundle"
    verify = ["bundle", "verify", str(bundle), f"--trusted-root={folder}/root.pb"]
    done(*verify)
    described = json.loads(done("bundle", "inspect", bundle, "--json").out)
    target = next(each for each in described["targets"]["targets"] if each["name"] == "large")
    assert target == {"name": "large", "length": size, "sha256": [sha256_of_sparse(size)]}
    large = next(each for each in described["payloads"] if each["name"] == "large")
    end = large["offset"] + size
    with open(bundle, "r+b") as file:
        file.seek(end - len(LAST))
        assert file.read(len(LAST)) == LAST
        # What follows it is found again.
        assert APP in file.read()
        file.seek(end - 1)
        file.write(b"!")
    assert "HASH_MISMATCH: target 'large'" in failed(1, *verify)
    bundle.unlink()


def test_5_gib_in_50_mib(folder: Path) -> None:
    sparse(folder / "large", 5 * GIB)
    args = [*create_args(folder), "--target", f"large={folder}/large"]
    peak = peak_bytes(args, timeout=TIMEOUT_SECONDS)
    bundle = folder / "out.bundle"
    verify = ["bundle", "verify", str(bundle), f"--trusted-root={folder}/root.pb"]
    peaks = {"create": peak, "verify": peak_bytes(verify, timeout=TIMEOUT_SECONDS)}
    print({name: f"{value / MIB:.1f} MiB" for name, value in peaks.items()})
    assert max(peaks.values()) < LIMIT, peaks
    assert bundle.stat().st_size > 5 * GIB
    bundle.unlink()
