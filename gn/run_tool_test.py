"""Tests of run_tool.py, in a copy of the tree and as ninja runs it: from the build folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import locked_wheels
import make_environment
import pytest
import run_tool
import software_update


@dataclass(frozen=True)
class Tree:
    """A copy of the files that the script needs, and a build folder next to it."""

    root: Path

    @property
    def build(self) -> Path:
        return self.root / "out"

    def run(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "../gn/run_tool.py", *args],
            cwd=self.build,
            env={"HOME": str(self.root), **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def fails(self, *args: str, program: str = "run_tool.py") -> str:
        """The one line that the script itself prints, or the command."""
        done = self.run(*args)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"{program}: ") and done.stderr.count("\n") == 1
        return done.stderr.removeprefix(f"{program}: ").rstrip()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    wheels = locked_wheels.copy_wheels(folder / "wheels")
    args = [f"--lock={locked_wheels.LOCK}", f"--wheels={wheels}", f"--out={folder / 'packages'}"]
    args += [f"--stamp={folder / 'packages.txt'}", f"--depfile={folder / 'packages.d'}"]
    assert make_environment.main([*args, "--module=google.protobuf.message"]) == 0
    return folder / "packages"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    ignore = shutil.ignore_patterns("__pycache__", "*_test.py", "testing")
    source = Path(software_update.__file__).parent
    shutil.copytree(source, tmp_path / "tools/software_update", ignore=ignore)
    (tmp_path / "gn").mkdir()
    shutil.copyfile(run_tool.__file__, tmp_path / "gn/run_tool.py")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/app.bin").write_bytes(b"payload")
    return Tree(tmp_path)


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A Python without packages."""
    venv.create(tmp_path / "venv", with_pip=False)
    return tmp_path / "venv/bin/python"


DIGEST = ("--", "step", "digest", "--target", "app=app.bin", "-o", "digest.json")
GENERATE = ("--", "key", "generate", "key.pem")


def test_runs_a_command(tree: Tree, packages: Path) -> None:
    done = tree.run("--packages", os.path.relpath(packages, tree.build), *DIGEST)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [target] = json.loads((tree.build / "digest.json").read_text())["targets"]
    assert (target["name"], target["length"]) == ("app", 7)


def test_the_packages_of_the_folder(tree: Tree, packages: Path) -> None:
    done = tree.run("--packages", str(packages), *GENERATE)
    assert done.returncode == 0, done.stderr
    assert (tree.build / "key.pem").exists()


def test_a_python_that_has_the_packages(tree: Tree, packages: Path, bare_python: Path) -> None:
    [site] = (tree.root / "venv/lib").glob("python*/site-packages")
    (site / "packages.pth").write_text(f"{packages}\n")
    done = tree.run("--python", "../venv/bin/python", *GENERATE)
    assert done.returncode == 0, done.stderr
    assert (tree.build / "key.pem").exists()


@pytest.mark.parametrize(
    "command, status, said",
    [
        (("bundle", "verify"), 2, "software-update: "),
        (("bundle", "inspect", "app.bin"), 1, "software-update: UNEXPECTED_FIELD: app.bin: "),
        (("bundle", "inspect", "none"), 3, "software-update: none: No such file"),
        ((), 2, ""),
    ],
)
def test_exit_code_of_the_command(
    tree: Tree, packages: Path, command: tuple[str, ...], status: int, said: str
) -> None:
    done = tree.run("--packages", str(packages), "--", *command)
    assert done.returncode == status
    assert done.stderr.startswith(said)


def test_environment_has_no_effect(tree: Tree, packages: Path) -> None:
    other = tree.root / "other"
    for name in ("software_update", "cryptography", "json", "hashlib", "argparse"):
        (other / name).mkdir(parents=True)
        (other / name / "__init__.py").write_text(f"raise SystemExit('the other {name}')\n")
    # Beside the script and in the build folder too.
    shutil.copytree(other, tree.root / "gn", dirs_exist_ok=True)
    shutil.copytree(other, tree.build, dirs_exist_ok=True)
    for command in (DIGEST, GENERATE):
        done = tree.run("--packages", str(packages), *command, PYTHONPATH=str(other))
        assert done.returncode == 0, done.stderr


def test_environment_of_the_command_is_constant(tree: Tree, packages: Path) -> None:
    shown = tree.root / "tools/software_update/cli/main.py"
    shown.write_text(
        "import os\n"
        "def run_process(argv, remedy):\n"
        "    print(sorted(os.environ))\n"
        "    raise SystemExit(7)\n"
    )
    done = tree.run("--packages", str(packages), "--", SECRET="x", LC_ALL="C", PYTHONOPTIMIZE="2")
    assert done.returncode == 7
    assert done.stdout == "['LC_ALL', 'PATH']\n"


def test_packages_of_this_python_do_not_mix_in(
    tree: Tree, packages: Path, bare_python: Path
) -> None:
    # `google` has no __init__.py in the folder, so that one with it would win wherever it lies.
    [site] = (tree.root / "venv/lib").glob("python*/site-packages")
    (site / "google").mkdir()
    (site / "google/__init__.py").write_text("raise SystemExit('the other google')\n")
    command = ["--packages", str(packages), "--", "bundle", "inspect", "app.bin"]
    done = subprocess.run(
        [bare_python, "../gn/run_tool.py", *command],
        cwd=tree.build,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("software-update: UNEXPECTED_FIELD: ")


def test_writes_no_bytecode(tree: Tree, packages: Path, bare_python: Path) -> None:
    before = set(packages.rglob("*"))
    tree.run("--packages", str(packages), *GENERATE)
    tree.run("--python", str(bare_python), *GENERATE)
    for part in ("gn", "tools"):
        assert not list((tree.root / part).rglob("__pycache__"))
    assert set(packages.rglob("*")) == before


def test_a_package_is_missing(tree: Tree, bare_python: Path) -> None:
    lock = tree.root / "tools/python/runtime.txt"
    args = ("--python", str(bare_python), *GENERATE)
    assert tree.fails(*args, program="software-update") == (
        f"cryptography: {bare_python} cannot load it (No module named 'cryptography'); install"
        f" {lock} for it with pip, or leave the GN argument software_update_python out"
    )


def test_the_folder_is_missing(tree: Tree) -> None:
    args = ("--packages", "gen/packages", *GENERATE)
    assert tree.fails(*args, program="software-update") == (
        f"cryptography: {sys.executable} cannot load it (No module named 'cryptography'); remove"
        " gen/packages.txt and build again"
    )


def test_a_package_is_broken(tree: Tree) -> None:
    (tree.root / "packages/cryptography").mkdir(parents=True)
    (tree.root / "packages/cryptography/__init__.py").write_text("raise ValueError('too old')")
    args = ("--packages", "../packages", *GENERATE)
    assert tree.fails(*args, program="software-update") == (
        f"cryptography: {sys.executable} cannot load it (too old); remove ../packages.txt and build"
        " again"
    )


def test_any_other_exception_is_a_bug_and_shown(tree: Tree, packages: Path) -> None:
    (tree.root / "tools/software_update/cli/main.py").write_text("1 / 0")
    done = tree.run("--packages", str(packages), "--")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr and "Traceback" in done.stderr


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("none", None, "No such file or directory"),
        ("text", "words", "Permission denied"),
        (".", None, "Permission denied"),
    ],
)
def test_a_python_that_cannot_run(tree: Tree, name: str, content: str | None, said: str) -> None:
    if content:
        (tree.build / name).write_text(content)
    assert tree.fails("--python", name, *DIGEST) == (
        f"{name}: {said}; set the GN argument software_update_python to a Python, 3.11 or later"
    )


def test_a_file_that_is_not_a_program(tree: Tree) -> None:
    (tree.build / "python").write_text("words")
    (tree.build / "python").chmod(0o755)
    assert tree.fails("--python", "python", *DIGEST).startswith("python: Exec format error; set")


def test_old_python(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 1, "final", 0))
    assert run_tool._run("", ["--version"]) == 3
    assert capsys.readouterr().err == (
        f"run_tool.py: {sys.executable} is Python 3.10;"
        " set the GN argument software_update_python to 3.11 or later\n"
    )
    assert run_tool._run("packages", ["--version"]) == 3
    assert "; set script_executable in .gn to 3.11 or later" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args", [(), ("--packages", "x"), ("--other", "x", "--", "y"), ("--python", "x", "y")]
)
def test_usage(tree: Tree, args: tuple[str, ...]) -> None:
    assert tree.fails(*args).startswith("usage: run_tool.py (--packages FOLDER | --python EXE) --")
