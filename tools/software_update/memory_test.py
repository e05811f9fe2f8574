"""Memory does not grow with payloads, nor with cores."""

from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.peak import MIB, peak_bytes
from software_update.testing.workspace import create_args

LIMIT = 50 * MIB


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def sparse(path: Path, size: int) -> None:
    with open(path, "wb") as file:
        file.truncate(size)


def check(folder: Path, create: list[str], cores: int) -> None:
    bundle = f"{folder}/out.bundle"
    verify = ["bundle", "verify", bundle, f"--trusted-root={folder}/root.pb"]
    for args in (
        create,
        verify,
        ["bundle", "inspect", bundle],
        ["bundle", "extract", bundle, f"-o{folder}/extracted"],
    ):
        peak = peak_bytes(args, cores=cores)
        print(f"{args[1]}: {peak / MIB:.1f} MiB")
        assert peak < LIMIT, f"{args[1]}: {peak / MIB:.1f} MiB"


def test_one_large_payload(folder: Path) -> None:
    sparse(folder / "large", 300 * MIB)
    check(folder, [*create_args(folder), "--target", f"large={folder}/large"], cores=2)


def test_large_payloads_and_many_cores(folder: Path) -> None:
    sparse(folder / "large", 8 * MIB)
    many = [f"large/{index}={folder}/large" for index in range(30)]
    check(folder, [*create_args(folder), "--target", *many], cores=64)


def test_many_payloads(folder: Path) -> None:
    many = [f"file/{index:05}={folder}/app.bin" for index in range(1000)]
    check(folder, [*create_args(folder), "--target", *many], cores=2)
