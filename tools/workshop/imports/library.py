"""Checks that the library below the command line does not print, parse arguments or name commands."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import imports

_CLI = f"{imports.PRODUCT}/cli/"
_EXEMPT = {
    # Runs before there is a command line, with a Python that cannot run it.
    f"{imports.PRODUCT}/base/python_version.py",
    *imports.PROGRAMS,
}
# A command of another program, and the seed of keys that are fixed.
_OTHER_TEXTS = ("az keyvault ", "software-update signer check: no known private key")
_STREAMS = ("stdout", "stderr")


def problems(tools: Path, commands: Iterable[tuple[str, str]]) -> list[str]:
    """Returns a line for each fault. `commands` are the groups and names of the command line."""
    names = "|".join(re.escape(f"{group} {name}") for group, name in sorted(commands) if name)
    named = re.compile(rf"\bsoftware-update [a-z]|(?<![\w-])(?:{names})(?![\w-])")
    found = []
    for module in imports.product_modules(tools):
        if not module.startswith(_CLI) and module not in _EXEMPT:
            tree = ast.parse((tools / module).read_text(encoding="utf-8"))
            found += [f"{module}:{line}: {fault}" for line, fault in _faults(tree, named)]
    return found


def _faults(tree: ast.AST, named: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    docstrings = _docstrings(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "prints; return the text, or call a function of the caller"
            case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name in _STREAMS:
                yield node.lineno, f"uses sys.{name}; leave it to the command line"
            case ast.Import(names=[ast.alias(name="argparse")]):
                yield node.lineno, "parses arguments; leave it to the command line"
            case ast.Constant(value=str(text)) if node not in docstrings and named.search(text):
                if text.startswith(_OTHER_TEXTS):
                    continue
                yield node.lineno, f"names a command in {text!r}; give the error advice"


def _docstrings(tree: ast.AST) -> set[ast.AST]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }
