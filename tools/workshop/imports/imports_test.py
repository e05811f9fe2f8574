"""Tests of the import check, on small trees with planted faults."""

from pathlib import Path

import build_files
import imports
import layers
import library
import pytest

BUILD = """\
py_library(
    name = "{name}",
    srcs = glob(["*.py"], exclude = ["*_test.py"]),
    deps = [{deps}],
)
"""


def tree(tools: Path, **packages: tuple[str, str]) -> Path:
    """Writes packages into a tree: of each, the labels it depends on and the text of a module."""
    for name, (deps, text) in packages.items():
        folder = tools / "software_update" / name
        folder.mkdir(parents=True)
        (folder / "BUILD.bazel").write_text(BUILD.format(name=name, deps=deps))
        (folder / f"{name}_module.py").write_text(text)
    return tools


LOW = ("", "def low(): pass\n")
HIGH = (
    '"//tools/software_update/base"',
    "from software_update.base.base_module import low\n",
)


def test_imports_with_dependencies_pass(tmp_path: Path) -> None:
    assert layers.problems(tree(tmp_path, base=LOW, verify=HIGH)) == []


@pytest.mark.parametrize(
    "text",
    [
        "from software_update.verify import verify_module\n",
        "from software_update.verify.verify_module import anything\n",
        "import software_update.verify.verify_module\n",
        "def lazily():\n    from software_update.verify import verify_module\n",
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from software_update.verify.verify_module import Name\n",
    ],
)
def test_upward_import_fails(tmp_path: Path, text: str) -> None:
    assert layers.problems(tree(tmp_path, base=("", text), verify=("", ""))) == [
        "software_update/base/base_module.py: imports software_update/verify/verify_module.py, but "
        "//tools/software_update/base:base lacks //tools/software_update/verify:verify"
    ]


def test_dependency_that_no_module_uses_fails(tmp_path: Path) -> None:
    assert layers.problems(tree(tmp_path, base=LOW, verify=(HIGH[0], ""))) == [
        "//tools/software_update/verify:verify: depends on //tools/software_update/base:base, "
        "and no module uses it"
    ]


def test_package_from_outside_needs_a_dependency(tmp_path: Path) -> None:
    problems = layers.problems(tree(tmp_path, base=("", "import cryptography.x509\n")))
    assert problems == [
        "software_update/base/base_module.py: imports cryptography, but "
        "//tools/software_update/base:base lacks @software_update_pip//:cryptography"
    ]


def test_module_without_a_library_fails(tmp_path: Path) -> None:
    tree(tmp_path, base=LOW)
    build = tmp_path / "software_update/base/BUILD.bazel"
    build.write_text('py_library(\n    name = "base",\n    srcs = ["other.py"],\n)\n')
    assert layers.problems(tmp_path) == ["software_update/base/base_module.py: is in no py_library"]


def test_circle_is_found() -> None:
    edges = {"a": {"b", "json"}, "b": {"c"}, "c": {"b"}}
    with pytest.raises(ValueError, match=r"^modules import each other: b -> c -> b$"):
        imports.longest_path(edges)


def test_longest_path() -> None:
    edges: dict[str, set[str]] = {
        "a": {"b", "d"},
        "b": {"c"},
        "c": set(),
        "d": {"e", "b"},
        "e": set(),
    }
    assert imports.longest_path(edges) == ["a", "d", "b", "c"]


def test_closure_has_the_init_of_each_folder() -> None:
    edges: dict[str, set[str]] = {
        "p/a/one.py": {"p/b/two.py", "os"},
        "p/b/two.py": set(),
        "p/b/three.py": set(),
        "p/__init__.py": set(),
        "p/b/__init__.py": set(),
    }
    assert imports.closure(edges, ["p/a/one.py"]) == edges.keys() - {"p/b/three.py"}


def test_reads_libraries() -> None:
    text = (
        'load("x", "y")\npy_library(name = "a", srcs = ["m.py"], deps = [":b"])\n'
        + BUILD.format(name="b", deps="")
    )
    assert build_files.libraries(text) == {
        "a": build_files.Library("a", ("m.py",), (":b",)),
        "b": build_files.Library("b", None, ()),
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("def f():\n    print(1)\n", "2: prints"),
        ("import sys\nsys.stderr.write('x')\n", "2: uses sys.stderr"),
        ("import argparse\n", "1: parses arguments"),
        ("raise ValueError('x: bad; make it with: root create')\n", "1: names a command"),
        ("raise ValueError(f'{1}; see software-update sign')\n", "1: names a command"),
    ],
)
def test_library_that_acts_as_a_command_fails(tmp_path: Path, text: str, fault: str) -> None:
    tree(tmp_path, base=("", text), cli=("", text))
    [problem] = library.problems(tmp_path, [("root", "create"), ("sign", "")])
    assert problem.startswith(f"software_update/base/base_module.py:{fault}")


def test_library_may_describe_commands_in_docstrings(tmp_path: Path) -> None:
    text = '"""For root create."""\nX = "a root created before"\n'
    assert library.problems(tree(tmp_path, base=("", text)), [("root", "create")]) == []
