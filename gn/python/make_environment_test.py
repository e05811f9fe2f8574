"""Tests of make_environment.py, as GN runs it: with paths from the build folder."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import fetch_wheels
import locked_wheels
import make_environment
import pytest

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Tree:
    """A build folder, and next to it a folder of wheels, whose names must be escaped."""

    build: Path

    @property
    def wheels(self) -> Path:
        return self.build.parent / "the #1 $wheels"

    @property
    def packages(self) -> Path:
        return self.build / "gen/packages"

    def run(self, lock: Path = locked_wheels.LOCK) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, make_environment.__file__, "--lock", str(lock)]
        command += ["--wheels", f"../{self.wheels.name}", "--out", "gen/packages"]
        command += ["--stamp", "gen/packages.txt", "--depfile", "gen/packages.d"]
        command += [
            "--module=cryptography.hazmat.bindings._rust",
            "--module=google.protobuf.message",
        ]
        return subprocess.run(command, cwd=self.build, capture_output=True, text=True, check=False)

    def succeeds(self) -> None:
        done = self.run()
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def fails(self, lock: Path = locked_wheels.LOCK) -> str:
        """The one line that it says, after which nothing is there that was not before."""
        before = set(self.build.rglob("*"))
        done = self.run(lock)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("make_environment.py: ") and done.stderr.count("\n") == 1
        assert set(self.build.rglob("*")) == before
        return done.stderr.removeprefix("make_environment.py: ").rstrip()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "out")
    (tree.build / "gen").mkdir(parents=True)
    return tree


@pytest.fixture
def full(tree: Tree) -> Tree:
    locked_wheels.copy_wheels(tree.wheels)
    return tree


def wheel_of(tree: Tree, pattern: str) -> Path:
    [wheel] = tree.wheels.glob(pattern)
    return wheel


def test_makes_the_environment(full: Tree) -> None:
    (full.wheels / "other-1.0-py3-none-any.whl").write_bytes(b"of another project")
    full.succeeds()

    assert sorted(os.listdir(full.build / "gen")) == ["packages", "packages.d", "packages.txt"]
    names = sorted(Path(wheel).name for wheel in os.environ["WHEELS"].split())
    hashes = [hashlib.sha256((full.wheels / name).read_bytes()).hexdigest() for name in names]
    assert (full.build / "gen/packages.txt").read_text() == "".join(
        f"{sha256}  {name}\n" for sha256, name in zip(hashes, names, strict=True)
    )
    assert (full.build / "gen/packages.d").read_text() == (
        "gen/packages.txt: " + " ".join(rf"../the\ \#1\ $$wheels/{name}" for name in names) + "\n"
    )


def test_serves_every_cpython_and_is_compiled_for_this_one(full: Tree) -> None:
    full.succeeds()
    native = {path.name.split("-")[1] for path in full.packages.glob("_cffi_backend.cpython-*")}
    assert native == {python.replace(".", "") for python in fetch_wheels.PYTHONS}
    module = full.packages / "google/protobuf/message.py"
    assert Path(importlib.util.cache_from_source(str(module))).exists()


def test_stale_file_is_removed(full: Tree) -> None:
    for name in ("packages", "packages.new", "packages.old"):
        (full.build / "gen" / name).mkdir()
        (full.build / "gen" / name / "stale.py").touch()
    full.succeeds()
    assert not list(full.build.rglob("stale.py"))


def test_same_stamp_at_each_run(full: Tree) -> None:
    full.succeeds()
    stamp = (full.build / "gen/packages.txt").read_bytes()
    full.succeeds()
    assert (full.build / "gen/packages.txt").read_bytes() == stamp


def test_no_folder_of_wheels(tree: Tree) -> None:
    fetch = Path(make_environment.__file__).with_name("fetch.py")
    command = shlex.join(["python3", str(fetch), "--out", str(tree.wheels)])
    assert tree.fails() == (
        f"../the #1 $wheels: there is no such folder; fetch them with: {command}"
        " (the GN argument software_update_wheels names another folder)"
    )


def test_folder_next_to_the_script_needs_no_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(make_environment, "_HERE", tmp_path)
    assert make_environment._how_to_fetch(tmp_path / "wheels", locked_wheels.LOCK).startswith(
        f"fetch them with: python3 {tmp_path}/fetch.py ("
    )


def test_a_missing_wheel(full: Tree) -> None:
    wheel_of(full, "protobuf-*").unlink()
    wheel_of(full, f"cffi-*-cp{_PYTHON.replace('.', '')}-*").unlink()
    said = full.fails()
    assert "../the #1 $wheels: no wheel in it of cffi==" in said
    assert ", protobuf==" in said and f" for CPython {_PYTHON} on this platform; fetch them" in said


def test_a_wheel_for_another_cpython_may_be_missing(full: Tree) -> None:
    for wheel in full.wheels.glob("cffi-*"):
        if f"-cp{_PYTHON.replace('.', '')}-" not in wheel.name:
            wheel.unlink()
    full.succeeds()


def test_a_changed_byte_in_a_wheel(full: Tree) -> None:
    full.succeeds()
    wheel = wheel_of(full, "cryptography-*")
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    wheel.write_bytes(content)
    assert full.fails() == (
        f"../the #1 $wheels/{wheel.name}: its sha256 is not in runtime.txt;"
        " find out why, then remove it and fetch the wheels again"
    )
    assert (full.packages / "cryptography").is_dir()  # That of the run before.


def test_no_lock(full: Tree, tmp_path: Path) -> None:
    assert full.fails(tmp_path / "none.txt") == f"{tmp_path}/none.txt: No such file or directory"


def test_packages_that_this_python_cannot_load(
    full: Tree, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # As on a free-threaded CPython: the wheels' names fit, what is in them does not.
    unpack = fetch_wheels.unpack

    def unpack_without_native(wheel: Path, site: Path) -> None:
        unpack(wheel, site)
        for path in site.glob("_cffi_backend.*"):
            path.unlink()

    monkeypatch.setattr(fetch_wheels, "unpack", unpack_without_native)
    assert run_here(full) == 1
    said = capsys.readouterr().err
    assert (
        f"{sys.executable} cannot load the locked packages (No module named '_cffi_backend');"
        in said
    )
    assert "the wheels are for CPython 3.11 to 3.14: set script_executable in .gn to one" in said
    assert said.count("\n") == 1
    assert not list((full.build / "gen").iterdir())


def test_python_that_is_not_supported(
    full: Tree, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_environment, "_THIS_PYTHON", "3.15")
    assert run_here(full) == 1
    assert f"{sys.executable} is CPython 3.15; the wheels are for CPython 3.11 to" in (
        capsys.readouterr().err
    )


def test_old_python(full: Tree) -> None:
    script = (
        "import runpy, sys; sys.version_info = (3, 10, 1, 'final', 0);"
        f" runpy.run_path({make_environment.__file__!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "make_environment.py: GN runs actions with Python 3.10; set script_executable in .gn, or"
        " the GN argument software_update_python, to 3.11 or later\n"
    )


def run_here(tree: Tree) -> int:
    """In this process, so that a part can be replaced."""
    arguments = {
        "lock": locked_wheels.LOCK,
        "wheels": tree.wheels,
        "out": tree.packages,
        "stamp": tree.build / "gen/packages.txt",
        "depfile": tree.build / "gen/packages.d",
        "module": "cryptography.hazmat.bindings._rust",
    }
    return make_environment.main([f"--{name}={value}" for name, value in arguments.items()])
