"""Renders gn/private/tool_sources.gni: the modules that build edges run, as inputs of each edge."""

from pathlib import Path

import build_files
import imports

PATH = "gn/private/tool_sources.gni"
_MAIN = f"{imports.PRODUCT}/cli/main.py"
_COMMANDS = f"{imports.PRODUCT}/cli/commands"
_LIBRARIES = ("action_commands", "gn_test_commands", "image_command")
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


def render(tools: Path) -> str:
    """Returns the text of the file for the sources in `tools`."""
    build = (tools / _COMMANDS / "BUILD.bazel").read_text(encoding="utf-8")
    libraries = build_files.libraries(build)
    sources = [each for name in _LIBRARIES for each in libraries[name].sources or ()]
    roots = [_MAIN, *(f"{_COMMANDS}/{source}" for source in sources)]
    modules = sorted(imports.closure(imports.graph(tools), roots))
    return _HEADER + "".join(f'  "../../tools/{module}",\n' for module in modules) + _FOOTER
