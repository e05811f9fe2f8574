"""Runs the examples in docstrings."""

import textwrap
from types import ModuleType
from typing import Any


def run_example(module: ModuleType, **names: Any) -> dict[str, Any]:
    """Runs the indented lines at the head of a module's docstring, in the module and with `names`.

    Returns the variables that exist afterwards.
    """
    paragraphs = (module.__doc__ or "").split("\n\n")
    example = next(each for each in paragraphs if each.startswith("    "))
    variables = {**vars(module), **names}
    exec(textwrap.dedent(example), variables)
    return variables
