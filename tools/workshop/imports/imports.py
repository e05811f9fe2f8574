"""Imports of the product's modules, read from their sources.

A module is named by its path below `tools/`, such as `software_update/base/files.py`. Every import
counts: at the head of a module, lazy ones inside functions, and those for type checkers only.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PRODUCT = "software_update"
_TEST_HELPERS = "testing"


def product_modules(tools: Path) -> list[str]:
    """Returns the modules of the product, sorted: no tests and none of their helpers."""
    return sorted(
        str(path.relative_to(tools))
        for path in (tools / PRODUCT).rglob("*.py")
        if not path.name.endswith("_test.py")
        and path.name != "conftest.py"
        and _TEST_HELPERS not in path.parts
    )


def imports_of(source: str, modules: Iterable[str]) -> set[str]:
    """Returns the modules that a source imports, and the first names of packages of others.

    A module of the product brings the `__init__.py` of each folder above it, as Python runs them.
    """
    known = set(modules)
    found: set[str] = set()
    for name in _imported_names(ast.parse(source)):
        if name.split(".")[0] != PRODUCT:
            found.add(name.split(".")[0])
            continue
        path = name.replace(".", "/")
        # `from package import name`: the name is a module, or something in one.
        for candidate in (path, path.rpartition("/")[0]):
            if f"{candidate}.py" in known:
                found.add(f"{candidate}.py")
                break
        parts = path.split("/")
        folders = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        found.update(f"{folder}/__init__.py" for folder in folders)
    return {each for each in found if not each.startswith(f"{PRODUCT}/") or each in known}


def _imported_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def graph(tools: Path) -> dict[str, set[str]]:
    """Returns the modules of the product that each of them imports."""
    modules = product_modules(tools)
    found = {}
    for module in modules:
        imported = imports_of((tools / module).read_text(encoding="utf-8"), modules)
        found[module] = {each for each in imported if each in modules} - {module}
    return found


def closure(edges: Mapping[str, set[str]], roots: Iterable[str]) -> set[str]:
    """Returns `roots` and every module that they import, directly or not."""
    found: set[str] = set()
    rest = list(roots)
    while rest:
        module = rest.pop()
        if module not in found:
            found.add(module)
            rest += edges[module]
    return found


def longest_path(edges: Mapping[str, set[str]]) -> list[str]:
    """Returns the longest chain of modules, each of which imports the next.

    Raises ValueError, with the modules in its text, if some import each other in a circle.
    """
    longest: dict[str, list[str]] = {}
    open_modules: list[str] = []

    def from_module(module: str) -> list[str]:
        if module in open_modules:
            circle = [*open_modules[open_modules.index(module) :], module]
            raise ValueError(f"modules import each other: {' -> '.join(circle)}")
        if module not in longest:
            open_modules.append(module)
            rest = max((from_module(each) for each in sorted(edges[module])), key=len, default=[])
            longest[module] = [module, *rest]
            open_modules.pop()
        return longest[module]

    return max((from_module(module) for module in sorted(edges)), key=len, default=[])
