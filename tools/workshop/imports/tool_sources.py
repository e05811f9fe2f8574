"""Renders gn/private/tool_sources.gni: the modules that build edges run, as inputs of each edge."""

from collections.abc import Iterable

_HEADER = """\
# The modules that actions of a build run: the command line, the commands that
# templates call, and the modules that these import. Generated; renew it with:
# bazel run //tools/workshop/imports:update

_modules = [
"""
_FOOTER = """\
]

software_update_tool_sources = get_path_info(_modules, "abspath")
"""


def render(modules: Iterable[str]) -> str:
    """Returns the text of the file. The paths in `modules` are below `tools/`."""
    lines = [f'  "../../tools/{module}",\n' for module in sorted(modules)]
    return _HEADER + "".join(lines) + _FOOTER
