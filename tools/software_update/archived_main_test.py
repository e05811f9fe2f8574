"""The command as the rules run it: out of its archive, with nothing else to import."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from software_update.testing.tree import ROOT

FOLDER = ROOT / "tools/software_update"
VECTORS = ROOT / "tests/vectors/independent"
VERIFY = ("bundle", "verify", VECTORS / "good.bundle", "--at=2026-06-01T00:00:00Z")
TRUSTED_ROOT = f"--trusted-root={VECTORS}/trusted_8a63dc9e.root.pb"


def run(folder: Path, *args: str | Path) -> subprocess.CompletedProcess[str]:
    """A Python without site packages, that gets no environment."""
    argv = [sys.executable, "-I", "-S", folder / "archived_main.py", *args]
    return subprocess.run(argv, env={}, capture_output=True, text=True, check=False)


@pytest.fixture(name="copy")
def copy_fixture(tmp_path: Path) -> Path:
    """The command, where it may be changed."""
    shutil.copy(FOLDER / "archived_main.py", tmp_path)
    shutil.copytree(FOLDER / "packages", tmp_path / "packages", copy_function=shutil.copyfile)
    return tmp_path


def test_verifies_a_signature_with_the_packages_in_the_folder(copy: Path) -> None:
    """So cryptography and protobuf were loaded, with their extension modules."""
    ended = run(copy, *VERIFY, TRUSTED_ROOT)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "good.bundle: ACCEPT" in ended.stdout


@pytest.mark.parametrize(
    ("module", "missing", "status"),
    [
        ("cryptography/hazmat/bindings/_rust.abi3.so", "cryptography.hazmat.bindings._rust", 3),
        ("python.zip", "software_update", 1),
    ],
)
def test_imports_only_from_the_archive_and_the_folder(
    copy: Path, module: str, missing: str, status: int
) -> None:
    (copy / "packages").chmod(0o755)
    (copy / "packages" / module).parent.chmod(0o755)
    (copy / "packages" / module).unlink()
    ended = run(copy, *VERIFY, TRUSTED_ROOT)
    assert ended.returncode == status
    assert f"No module named '{missing}'" in ended.stderr
