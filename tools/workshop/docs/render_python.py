"""Renders the public Python API as a page: the docstring of the package, then each public name."""

import inspect
import re

import markup
import software_update

_INTRODUCTION = """\
For Python programs that verify, extract or create bundles: every public name of the package
`software_update`. Other modules of the package are internal and change without notice.

Install the package as [the root key ceremony](../guides/root_ceremony.md) does, or depend on
`@rules_software_update//tools/software_update` in Bazel. The package has type annotations.

"""


def render() -> str:
    """Returns the page."""
    text = markup.head("The Python API", "tools/software_update/__init__.py") + _INTRODUCTION
    text += inspect.cleandoc(software_update.__doc__ or "") + "\n"
    for name in software_update.__all__:
        value = getattr(software_update, name)
        text += f"\n## `{name}`\n\n{_signature(name, value)}{inspect.cleandoc(value.__doc__)}\n"
    return text


def _signature(name: str, value: object) -> str:
    """Returns a code block with the call of a function or a class of plain data; else nothing."""
    if isinstance(value, type) and not hasattr(value, "_fields"):
        return ""
    assert callable(value)
    signature = inspect.signature(value)
    lines = [f"    {_plain(str(each))},\n" for each in signature.parameters.values()]
    starts = [
        index
        for index, each in enumerate(signature.parameters.values())
        if each.kind == inspect.Parameter.KEYWORD_ONLY
    ]
    if starts:
        lines.insert(starts[0], "    *,\n")
    returned = signature.return_annotation
    arrow = ""
    if not isinstance(value, type):
        arrow = f" -> {_plain(inspect.formatannotation(returned))}"
    return f"```python\n{name}(\n{''.join(lines)}){arrow}\n```\n\n"


def _plain(text: str) -> str:
    """Shortens types to their names, and defaults that are objects."""
    text = re.sub(r"\b(?:software_update|collections|typing)(?:\.\w+)*\.(\w+)", r"\1", text)
    text = re.sub(r"Schemes\(accepted=\(.*\)\)", "DEFAULT_SCHEMES", text)
    return re.sub(r" = <function (\w+) at 0x\w+>", r" = ...", text)
