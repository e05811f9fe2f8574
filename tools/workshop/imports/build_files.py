"""Reads the Python libraries of a BUILD.bazel file. Starlark's calls are also Python's syntax."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """A py_library: its sources, or None if they are a glob, and its direct dependencies."""

    name: str
    sources: tuple[str, ...] | None
    deps: tuple[str, ...]


def libraries(source: str) -> Mapping[str, Library]:
    """Returns the libraries of a BUILD.bazel, by name."""
    calls = [
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    found = [_library(call) for call in calls if _called(call) == "py_library"]
    return {library.name: library for library in found}


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _library(call: ast.Call) -> Library:
    arguments = {keyword.arg: keyword.value for keyword in call.keywords}
    sources = arguments.get("srcs", ast.List(elts=[]))
    return Library(
        name=ast.literal_eval(arguments["name"]),
        sources=tuple(ast.literal_eval(sources)) if isinstance(sources, ast.List) else None,
        deps=tuple(ast.literal_eval(arguments["deps"])) if "deps" in arguments else (),
    )
