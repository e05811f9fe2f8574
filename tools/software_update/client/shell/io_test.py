"""A test that only the shell does I/O: the other modules use the Protocols of `system`.

Otherwise the simulated device would not see it, and the tests of power cuts would not cover it.
"""

import ast
from pathlib import Path

import pytest

from software_update import client

_CLIENT = Path(client.__file__).parent
_SHELL = "shell"
_MODULES = frozenset(
    {
        *(
            "asyncio",
            "builtins",
            "http",
            "io",
            "multiprocessing",
            "os",
            "pathlib",
            "random",
            "secrets",
        ),
        *("select", "shutil", "signal", "socket", "subprocess", "tempfile", "threading", "time"),
        *("urllib", "urllib3"),
    }
)
# Functions without I/O of modules that also have others.
_PURE = frozenset({"urllib.parse"})
_CALLS = frozenset({"open", "print", "input", "exec", "eval", "__import__"})


def does_io(source: str) -> list[str]:
    """Returns the imports and calls of a source that may do I/O."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [each.name for each in names if _is_io(each.name)]
            case ast.ImportFrom(module=str(module)):
                found += [module] if _is_io(module) else []
            case ast.Call(func=ast.Name(id=name)):
                found += [f"{name}()"] if name in _CALLS else []
    return found


def _is_io(module: str) -> bool:
    return module not in _PURE and module.split(".", maxsplit=1)[0] in _MODULES


@pytest.mark.parametrize(
    "source",
    [
        "import os\n",
        "def f():\n    import subprocess\n",
        "from urllib.request import urlopen\n",
        "import os.path\n",
        "open('file')\n",
    ],
)
def test_io_is_found(source: str) -> None:
    assert does_io(source)


def test_pure_code_passes() -> None:
    assert does_io("import posixpath\nfrom urllib.parse import urlsplit\nstorage.open('x')\n") == []


def test_only_the_shell_does_io() -> None:
    modules = [
        path
        for path in sorted(_CLIENT.rglob("*.py"))
        if not path.name.endswith("_test.py") and path.relative_to(_CLIENT).parts[0] != _SHELL
    ]
    assert len(modules) > 30
    found = {
        str(path.relative_to(_CLIENT)): does_io(path.read_text(encoding="utf-8"))
        for path in modules
    }
    assert {name: calls for name, calls in found.items() if calls} == {}
