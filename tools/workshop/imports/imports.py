"""Imports of the product's modules, read from their sources.

A module is named by its path below `tools/`, such as `software_update/base/files.py`. Every import
counts: at the head of a module, inside functions (lazy imports), and for type checkers only.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

PRODUCT = "software_update"
# Programs that have no py_library.
PROGRAMS = (
    f"{PRODUCT}/__main__.py",
    f"{PRODUCT}/archived_main.py",
    f"{PRODUCT}/sbom_main.py",
)
_API = f"{PRODUCT}/__init__.py"
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


def imports_of(source: str, modules: Collection[str]) -> set[str]:
    """Returns the imports of a source: modules of the product, and the names of other packages."""
    return {_module(name, modules) for name in _imported_names(ast.parse(source))}


def _imports_of_api(source: str, modules: Collection[str]) -> set[str]:
    """Returns the imports of the package's own `__init__.py`, below all layers.

    It names its public classes and functions for type checkers. When a program runs, it imports only
    the module of a name that the program uses.
    """
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    return {_module(name, modules) for name in _imported_names(tree)}


def _imported_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(name: str, modules: Collection[str]) -> str:
    """Returns the module that an imported name is, or is in."""
    if name.split(".", maxsplit=1)[0] != PRODUCT:
        return name.split(".", maxsplit=1)[0]
    path = name.replace(".", "/")
    parent = path.rpartition("/")[0]
    candidates = (f"{path}.py", f"{parent}.py", f"{path}/__init__.py", f"{parent}/__init__.py")
    return next((each for each in candidates if each in modules), path)


def graph(tools: Path) -> dict[str, set[str]]:
    """Returns, for each module of the product, its imports as `imports_of` does."""
    modules = frozenset(product_modules(tools))
    return {
        module: (_imports_of_api if module == _API else imports_of)(
            (tools / module).read_text(encoding="utf-8"), modules
        )
        for module in sorted(modules)
    }


def closure(edges: Mapping[str, set[str]], roots: Iterable[str]) -> set[str]:
    """Returns the modules that run when `roots` are imported.

    Python also runs the `__init__.py` of each folder above a module.
    """
    found: set[str] = set()
    rest = list(roots)
    while rest:
        module = rest.pop()
        if module in edges and module not in found:
            found.add(module)
            rest += edges[module]
            rest += [f"{folder}/__init__.py" for folder in Path(module).parents]
    return found


def longest_path(edges: Mapping[str, set[str]]) -> list[str]:
    """Returns the longest chain of modules, each of which imports the next.

    Raises ValueError, with the modules in its text, if some import each other in a circle.
    """
    longest: dict[str, list[str]] = {}
    current: list[str] = []

    def from_module(module: str) -> list[str]:
        if module in current:
            circle = [*current[current.index(module) :], module]
            raise ValueError(f"modules import each other: {' -> '.join(circle)}")
        if module not in longest:
            current.append(module)
            imported = sorted(each for each in edges[module] if each in edges)
            rest = max((from_module(each) for each in imported), key=len, default=[])
            longest[module] = [module, *rest]
            current.pop()
        return longest[module]

    return max((from_module(module) for module in sorted(edges)), key=len, default=[])
