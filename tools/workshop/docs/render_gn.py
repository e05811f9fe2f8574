"""Renders the comments of the GN API as Markdown, docs/reference/gn.md.

The API is everything that gn/software_update.gni imports. The comment above a template lists its arguments as
`#   name: [type] Meaning. Default: value.`, and under `# Makes` its labels as `#   label: meaning`;
continuation lines are indented more. In declare_args, each argument's comment ends with `# Type: type.`
"""

import dataclasses
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import markup

_IMPORT = "//third_party/software_update/gn/software_update.gni"

_TEMPLATE = re.compile(r'((?:^#.*\n)+)template\("(\w+)"\) \{\n(.*?)^\}\n', re.MULTILINE | re.DOTALL)
_DECLARED = re.compile(r"((?:^  #.*\n)+)  (\w+) =((?:.*\n)(?:^   +\S.*\n)*)", re.MULTILINE)
_CONSTANT = re.compile(r"^(_\w+) =((?:.*\n)(?:^ +\S.*\n)*)", re.MULTILINE)
_ITEM = re.compile(r"^   (\w[\w., ]*): (?:\[([^\]]+)\] )?(.*)$")
# Code in a sentence: strings, paths, and names that do not look like words.
_CODE = re.compile(r'"[^"]+"|\$\w[\w./$]*\w|\bNAME\b[\w.]*\b|\b\w[\w.]*_[\w./]*\w')


class CommentError(Exception):
    """A comment does not have the documented form; the text says where."""


@dataclasses.dataclass(frozen=True)
class Argument:
    """An argument of a template or of the build."""

    name: str
    type: str
    meaning: str
    default: str


@dataclasses.dataclass(frozen=True)
class Template:
    """A template, as its comment describes it, and its code."""

    name: str
    text: list[str]
    arguments: list[Argument]
    made: list[tuple[str, str]]
    code: str


def templates(folder: Path) -> list[Template]:
    """Returns the templates of the API."""
    imports = re.findall(
        r'^import\("(\w+\.gni)"\)', (folder / "software_update.gni").read_text(), re.M
    )
    return [
        _template(name, comment, code)
        for file in imports
        for comment, name, code in _TEMPLATE.findall((folder / file).read_text())
    ]


def build_arguments(folder: Path) -> list[Argument]:
    """Returns the arguments of the build, as `gn args` shows them."""
    text = (folder / "args.gni").read_text()
    constants: dict[str, str] = {}
    for name, value in _CONSTANT.findall(text):
        constants[name] = _value(value, constants)
    return [
        _build_argument(name, comment, _value(default, constants))
        for comment, name, default in _DECLARED.findall(text)
    ]


def _template(name: str, comment: str, code: str) -> Template:
    text: list[str] = []
    arguments: list[Argument] = []
    made: list[tuple[str, str]] = []
    for lines in _paragraphs(comment):
        if lines[0] == " Makes":
            made = [(each, meaning) for each, _, meaning in _items(name, lines[1:])]
        elif _ITEM.match(lines[0]):
            for item in _items(name, lines):
                arguments += _arguments(*item)
        else:
            text.append(_joined(lines))
    if not (text and arguments and made):
        raise CommentError(f"{name}: the comment lacks a text, arguments, or what it makes")
    return Template(name, text, arguments, made, code)


def _paragraphs(comment: str) -> list[list[str]]:
    """Returns the lines without their #, split at empty lines."""
    lines = [line.removeprefix("#") for line in comment.splitlines()]
    return [part.split("\n") for part in "\n".join(lines).strip("\n").split("\n\n")]


def _items(template: str, lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yields the name, type and meaning of each argument or label."""
    for item in re.split(r"\n(?=   \w)", "\n".join(lines)):
        first, *more = item.split("\n")
        found = _ITEM.match(first)
        if not found or not all(line.startswith("     ") for line in more):
            raise CommentError(f"{template}: neither arguments nor labels: #{item}")
        yield found[1], found[2] or "", _joined([found[3], *more])


def _arguments(names: str, type_: str, text: str) -> Iterator[Argument]:
    meaning, found, default = text.rpartition(" Default: ")
    for name in names.split(", "):
        if found:
            yield Argument(name, type_, meaning, default.removesuffix("."))
        else:
            yield Argument(name, type_, text, "mandatory")


def _build_argument(name: str, comment: str, default: str) -> Argument:
    text = _joined(line.strip().removeprefix("#") for line in comment.splitlines())
    meaning, found, type_ = text.rpartition(" Type: ")
    if not found:
        raise CommentError(f"{name}: the comment has no '# Type: ...'")
    return Argument(name, type_.removesuffix("."), meaning, f"`{default}`")


def _value(expression: str, constants: Mapping[str, str]) -> str:
    """Returns the value of an expression that needs no GN; paths start from this repository's top."""
    text = re.sub(
        r'get_path_info\(\s*"([^"]+)",\s*"abspath"\)',
        lambda found: f'"{posixpath.normpath(posixpath.join("gn", found[1]))}"',
        " ".join(expression.split()),
    )
    for name, value in constants.items():
        text = re.sub(rf"\${name}\b", value.strip('"'), text)
        text = re.sub(rf"\b{name}\b", value, text)
    return text.replace('" + "', "")


def _joined(lines: Iterable[str]) -> str:
    return " ".join(line.strip() for line in lines)


def render(folder: Path) -> str:
    """Returns the page for the API in a folder."""
    text = markup.head("GN reference", "the comments in gn/")
    text += "For users of the GN templates: every template, argument and label. "
    text += "The guide is [Bundles in a GN build](../guides/gn.md).\n\n"
    text += "Import one file; this is its path if the repository is in `//third_party`:\n\n"
    text += f'```gn\nimport("{_IMPORT}")\n```\n\n'
    text += "`NAME` stands for the name of a target.\n"
    for template in templates(folder):
        text += _section(template)
    text += (
        "\n## GN arguments\n\nSet them with `gn args`, or for a whole tree in `default_args` of "
    )
    text += "`.gn`. Paths in the defaults are relative to the top of this repository.\n\n"
    return text + markup.table(_HEAD, (_row(each) for each in build_arguments(folder)))


_HEAD = ("argument", "type", "default", "meaning")


def _section(template: Template) -> str:
    text = f"\n## {template.name}\n\n" + "\n\n".join(map(_cell, template.text)) + "\n\n"
    text += markup.table(_HEAD, map(_row, template.arguments)) + "\n"
    made = ((f"`{label}`", _cell(what)) for label, what in template.made)
    return text + markup.table(("label", "what it makes"), made)


def _row(argument: Argument) -> tuple[str, ...]:
    return (
        f"`{argument.name}`",
        argument.type,
        _cell(argument.default),
        _cell(argument.meaning),
    )


def _cell(text: str) -> str:
    """Returns a sentence with its code marked."""
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [_CODE.sub(r"`\g<0>`", part) for part in parts[::2]]
    return "".join(parts).replace("|", "\\|")
