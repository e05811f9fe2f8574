"""Compares the imports of the product with the dependencies that its BUILD.bazel files declare.

Bazel's visibility says which packages may be dependencies. It does not see imports, which also work
if another dependency brings the module along.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import build_files
import imports

_BUILD = "BUILD.bazel"
# The labels of packages from outside, by the names that Python imports. Those of extras are not here: the
# product imports them when they are used, and only programs that use them depend on them.
_PACKAGES = {
    "cryptography": "@software_update_pip//:cryptography",
    "google": "@software_update_pip//:protobuf",
    "tuf": "@software_update_pip//:tuf",
    "urllib3": "@software_update_pip//:urllib3",
    "zstandard": "@software_update_pip//:zstandard",
}


@dataclass(frozen=True)
class _Library:
    label: str
    modules: frozenset[str]
    deps: frozenset[str]


def problems(tools: Path) -> list[str]:
    """Returns a line for each import without a dependency, and each dependency without an import."""
    edges = {
        module: imported
        for module, imported in imports.graph(tools).items()
        if module not in imports.PROGRAMS
    }
    libraries = list(_libraries(tools, edges))
    label_of = {module: library.label for library in libraries for module in library.modules}
    found = [f"{module}: is in no py_library" for module in edges if module not in label_of]
    for library in libraries:
        used: set[str] = set()
        for module in sorted(library.modules):
            # Python runs the `__init__.py` of the folders above a module. It needs no mention.
            used.update(_init_labels(module, label_of))
            for imported in sorted(edges[module]):
                label = label_of.get(imported) or _PACKAGES.get(imported)
                if label is None or label == library.label:
                    continue
                used.add(label)
                if label not in library.deps:
                    found.append(f"{module}: imports {imported}, but {library.label} lacks {label}")
        if library.modules:
            unused = sorted(library.deps - used)
            found += [
                f"{library.label}: depends on {label}, and no module uses it" for label in unused
            ]
    return found


def _libraries(tools: Path, edges: Mapping[str, set[str]]) -> Iterator[_Library]:
    for build in sorted((tools / imports.PRODUCT).rglob(_BUILD)):
        folder = str(build.parent.relative_to(tools))
        inside = frozenset(module for module in edges if _nearest(tools, module) == build.parent)
        libraries = build_files.libraries(build.read_text(encoding="utf-8"))
        named = {
            name: frozenset(f"{folder}/{source}" for source in library.sources) & inside
            for name, library in libraries.items()
            if library.sources is not None
        }
        rest = inside.difference(*named.values())
        for name, library in libraries.items():
            deps = frozenset(_absolute(folder, dep) for dep in library.deps)
            yield _Library(_absolute(folder, f":{name}"), named.get(name, rest), deps)


def _init_labels(module: str, label_of: Mapping[str, str]) -> Iterator[str]:
    inits = (f"{folder}/__init__.py" for folder in Path(module).parents)
    return (label_of[init] for init in inits if init in label_of)


def _nearest(tools: Path, module: str) -> Path:
    """Returns the folder of the Bazel package that a module belongs to."""
    return next(each for each in (tools / module).parents if (each / _BUILD).exists())


def _absolute(folder: str, label: str) -> str:
    """Returns a label with the name of its target written out."""
    if label.startswith("@"):
        return label
    if label.startswith(":"):
        return f"//tools/{folder}{label}"
    return label if ":" in label else f"{label}:{label.rpartition('/')[2]}"
