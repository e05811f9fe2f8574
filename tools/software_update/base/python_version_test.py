"""Tests of python_version.py, and of the modules that an old Python must be able to run."""

import ast
import runpy
import sys
from pathlib import Path

import pytest

from software_update.base import python_version
from software_update.testing.tree import ROOT

FOLDER = ROOT / "tools/software_update"
LINE = "software-update: {} is Python {}, and Python 3.11 or later is needed; run it with a newer Python\n"


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 7, 0), (3, 9, 2), (3, 10, 13)])
def test_old_python_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    monkeypatch.setattr(sys, "executable", "/bin/python")
    # Its code is not for an old Python: importing it would give a traceback there.
    monkeypatch.setitem(sys.modules, "software_update.cli.main", None)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("software_update", run_name="__main__")
    assert ended.value.code == 3
    found = "{}.{}".format(*version)
    assert capsys.readouterr().err == LINE.format("/bin/python", found)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1), (4, 0, 0)])
def test_other_python_passes(monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    python_version.check("software-update", "")


def test_console_script_checks_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("software_update")["console"]()
    assert ended.value.code == 3
    assert capsys.readouterr().err == LINE.format(sys.executable, "3.10")


@pytest.mark.parametrize(
    "name",
    [
        "__init__.py",
        "__main__.py",
        "archived_main.py",
        "base/__init__.py",
        "base/python_version.py",
    ],
)
def test_python_3_7_can_run_the_module(name: str) -> None:
    tree = ast.parse(Path(FOLDER, name).read_text(), feature_version=(3, 7))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    annotations = [function.returns for function in functions]
    annotations += [arg.annotation for function in functions for arg in function.args.args]
    # Any other form, as X | Y and list[X], is evaluated when the function is defined.
    assert all(isinstance(each, ast.Name | ast.Constant | None) for each in annotations)
