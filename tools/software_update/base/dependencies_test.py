"""Tests of dependencies.py: the command with packages that cannot be loaded."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from software_update.base.dependencies import NEEDED, load_problem
from software_update.testing import workspace
from software_update.testing.command import (
    Result,
    command,
    done,
    environment,
    error_line,
    run,
)
from software_update.testing.tree import ROOT

INSTALL = f"install {NEEDED} for this Python"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def env_with(folder: Path, modules: dict[str, str], **changes: str) -> dict[str, str]:
    """An environment in which these modules hide those of the same names."""
    for name, content in modules.items():
        path = folder / "hiding" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    env = environment(**changes)
    return {**env, "PYTHONPATH": f"{folder}/hiding{os.pathsep}{env['PYTHONPATH']}"}


def line(package: str, text: str) -> str:
    return f"{package}: {sys.executable} cannot load it ({text}); {INSTALL}"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("import absent_module", "No module named 'absent_module'"),
        ("from os import absent", "cannot import name 'absent' from 'os'"),
        ("raise ValueError('two\\n  lines')", "two lines"),
        ("class Panic(BaseException): pass\nraise Panic", "Panic"),
        ("import warnings\nwarnings.warn('old')\n1 / 0", "division by zero"),
        ("", "No module named 'cryptography.hazmat'"),
    ],
)
def test_broken_package(folder: Path, content: str, text: str) -> None:
    env = env_with(folder, {"cryptography/__init__.py": content})
    result = run("key", "generate", folder / "key", env=env)
    assert (result.status, result.out) == (3, "")
    said = error_line(result)
    assert text in said
    assert f": {sys.executable} cannot load it (" in said
    assert said.endswith(f"); {INSTALL}")
    assert not (folder / "key").exists()


def write_metadata(folder: Path, env: dict[str, str]) -> Result:
    """Runs a command that needs protobuf: it encodes targets metadata."""
    record = folder / "record"
    done("step", "digest", "--target", f"app={folder}/app.bin", "-o", record)
    return run(
        *("step", "targets", f"--digests={record}", "--version=1", "-o", folder / "targets"),
        env=env,
    )


def test_old_protobuf(folder: Path) -> None:
    older = "from google.protobuf import runtime_version\nruntime_version.MAJOR -= 1"
    env = env_with(folder, {"sitecustomize.py": older})
    result = write_metadata(folder, env)
    said = error_line(result)
    assert result.status == 3
    assert said.startswith(f"protobuf: {sys.executable} cannot load it (Detected incompatible ")
    assert said.endswith(f"; {INSTALL}")


@pytest.mark.parametrize("value", ["cpp", "other"])
def test_setting_that_protobuf_rejects(folder: Path, value: str) -> None:
    env = environment(PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=value)
    result = write_metadata(folder, env)
    said = error_line(result)
    assert result.status == 3
    assert said.startswith(f"protobuf: {sys.executable} cannot load it (")
    assert said.endswith(f"; unset PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION, or {INSTALL}")


def test_worker_goes_on(folder: Path) -> None:
    requests = [["key", "generate", f"{folder}/key"], ["--version"]]
    ended = subprocess.run(
        command(["--persistent_worker"]),
        env=env_with(folder, {"cryptography/__init__.py": "raise ValueError('broken')"}),
        input="".join(json.dumps({"arguments": each}) + "\n" for each in requests),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stderr == ""
    answers = sorted(map(json.loads, ended.stdout.splitlines()), key=lambda each: each["exitCode"])
    assert [each["exitCode"] for each in answers] == [0, 3]
    assert answers[1]["output"] == f"software-update: {line('cryptography', 'broken')}\n"


def test_same_requirements_as_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert " and ".join(project["dependencies"]) == NEEDED


def raised(code: str, module: str) -> BaseException:
    """Returns the error that a module raises. Calls `function` in it if it defines one."""
    names: dict[str, object] = {"__name__": module}
    try:
        exec(compile(code, module, "exec"), names)
    except BaseException as error:
        # Without the frame of this function.
        assert error.__traceback__
        return error.with_traceback(error.__traceback__.tb_next)
    raise AssertionError


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ("raise KeyboardInterrupt", "cryptography"),
        ("raise SystemExit(143)", "cryptography"),
        ("raise MemoryError", "cryptography"),
        ("1 / 0", "software_update.format.metadata"),
        ("from software_update.format.metadata import absent", "software_update.cli.main"),
        ("raise ImportError('of ours')", "software_update.cli.main"),
    ],
)
def test_other_errors(code: str, module: str) -> None:
    assert load_problem(raised(code, module)) is None


def test_error_of_a_call_is_not_one_of_loading() -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("x")
    assert load_problem(caught.value) is None


def test_remedy_of_the_caller() -> None:
    said = load_problem(raised("raise ValueError('x')", "cryptography.x"), "build again")
    assert said == f"cryptography: {sys.executable} cannot load it (x); build again"


@pytest.mark.parametrize(("package", "extra"), [("tuf", "repository"), ("urllib3", "client")])
def test_remedy_for_a_package_of_an_extra(package: str, extra: str) -> None:
    code = f"raise ModuleNotFoundError('absent', name={package + '.api'!r})"
    said = load_problem(raised(code, "software_update.x"))
    end = f"(absent); install the command with it: pip install '.[{extra}]'"
    assert said == f"{package}: {sys.executable} cannot load it {end}"
