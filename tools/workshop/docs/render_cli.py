"""Renders the arguments of each command as the beginning of its page. The rest of a page is written by hand.

Help says a default as `...; default: X`. A metavar says the type of an argument, see `_TYPES`.
"""

import argparse
import re
from pathlib import Path

import markup
from software_update.cli.dispatch import COMMANDS, run_command
from software_update.cli.options.arguments import Parser

FOLDER = "docs/reference/cli"

_INTRODUCTION = """\
For users and build systems that call `software-update`: each command, and the rules that all commands
follow. The actions of the Bazel rules and GN templates call the same commands, so a command that you
run by hand makes the same bytes as the build.

"""
_HAND = "<!-- The text below is written by hand. -->\n"

_TYPES = {
    "ARGUMENT": "text",
    "BUNDLE": "file",
    "DIR": "folder",
    "DOMAIN=FILE": "domain and file",
    "FILE": "file",
    "FILE.json": "file",
    "ID": "text",
    "LABEL": "label",
    "LANGUAGE=FILE": "language and file",
    "LIFETIME": "days or hours, such as `90d` or `12h`",
    "N": "integer",
    "NAME": "name",
    "NAME=COMPRESSION": "name and compression",
    "NAME=FILE": "name and file",
    "NEW": "file",
    "OLD": "file",
    "OTHER": "file",
    "OUT": "file",
    "SCRIPT": "file",
    "STATEMENT": "file",
    "PLACE=FILE": "place and file",
    "PROGRAM": "program",
    "PUB=NAME": "public key file and name",
    "P": "text",
    "PERCENT=TIME": "percent and date",
    "PRIV": "private key file",
    "PUB": "public key file",
    "REASON": "text",
    "RECORD": "file",
    "REGISTRY": "address",
    "RELEASE": "file",
    "REQUEST": "file",
    "ROOT": "file",
    "S": "integer",
    "T": "date",
    "TAG": "language tag",
    "TARGET=PLACE": "target and place",
    "TESTED": "file",
    "TEXT": "text",
    "TIME": "date, `now` or `none`",
    "URI": "URI",
    "URL": "URL",
    "V": "text",
    "VERDICT": "verdict",
    "VERSION": "version of a release",
}
_PAGES = {" ".join(command).strip(): "-".join(filter(None, command)) for command in COMMANDS}
# Parts of a sentence that are code.
_CODE = re.compile(
    "|".join(
        (
            r"`[^`]+`",
            r"(?<![\w-])--[a-z][\w-]*(?: [A-Z]+\b)?",  # an option
            r"\b(?:OUT|REQUEST|FILE|ROOT|DIR|TESTED|RELEASE)\b(?:\.\w+)?",
            r"\b[A-Z]+(?:\.\w+)+\b",  # a file, such as N.root.pb
            r"\bsoftware_update\.\w+\.v\d\b",  # a JSON document
            r"\b[a-z]+_[a-z]+\b",
            r"\d{4}-\d\d-\d\dT[\d:]+Z",
            r"\b[a-z]\w*:(?=[^\s/])[^\s,]*[^\s,;]",  # a URI
            r"\b(?:file|exec):(?=\s|$)",
            r"\[?\{\".*\}\]?",  # JSON
            *(rf"\b{name}\b" for name in _PAGES if " " in name),
        )
    )
)


class _Found(BaseException):
    """Carries the parser of a command."""

    def __init__(self, parser: Parser) -> None:
        super().__init__()
        self.parser = parser


def parser_of(command: tuple[str, str]) -> Parser:
    """Returns the parser of a command, which the command makes when it runs."""

    def found(parser: Parser, _: object) -> None:
        raise _Found(parser)

    parse_args = Parser.parse_args
    Parser.parse_args = found  # type: ignore[method-assign,assignment]
    try:
        run_command(list(filter(None, command)))
    except _Found as stop:
        return stop.parser
    finally:
        Parser.parse_args = parse_args  # type: ignore[method-assign]
    raise NotImplementedError(f"{' '.join(command)}: parses no arguments")


def render(top: Path) -> dict[str, str]:
    """Returns the pages by path, each with the text that is written by hand in the source tree, `top`."""
    pages = {f"{FOLDER}/README.md": _index()}
    for command in COMMANDS:
        name = " ".join(command).strip()
        pages[f"{FOLDER}/{_PAGES[name]}.md"] = page(name, parser_of(command))
    return {path: f"{text}\n{_HAND}{_by_hand(top / path)}" for path, text in pages.items()}


def page(name: str, parser: argparse.ArgumentParser) -> str:
    """Returns the generated part of a command's page."""
    text = markup.head(name, "the command's arguments") + f"{_marked(parser.description or '')}\n\n"
    text += f"```text\n{_synopsis(name, parser)}\n```\n\n"
    alternatives = _alternatives(parser)
    return text + markup.table(
        ("argument", "type", "default", "meaning"),
        (_row(action, alternatives.get(action.dest, [])) for action in _actions(parser)),
    )


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in parser._actions if action.dest != "help"]


def _synopsis(name: str, parser: argparse.ArgumentParser) -> str:
    """Returns a line with the arguments that a command needs. argparse's own differs between Pythons."""
    required = [
        group._group_actions for group in parser._mutually_exclusive_groups if group.required
    ]
    parts = []
    optional = ""
    for action in sorted(_actions(parser), key=lambda each: bool(each.option_strings)):
        group = next((each for each in required if action in each), [])
        if group:
            if action is group[0]:
                parts.append(f"({' | '.join(_forms(each)[0] for each in group)})")
        elif action.required:
            parts.append(_forms(action)[0])
        elif action.option_strings:
            optional = "[options]"
        else:
            parts.append(f"[{_forms(action)[0]}]")
    return " ".join(filter(None, ["software-update", name, *parts, optional]))


def _index() -> str:
    rows = (
        (f"[`{name}`]({file}.md)", text)
        for (name, file), text in zip(_PAGES.items(), COMMANDS.values(), strict=True)
    )
    text = markup.head("The command line", "the commands' arguments") + _INTRODUCTION
    return text + markup.table(("command", "effect"), rows)


def _by_hand(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition(_HAND)[2] if path.is_file() else ""


def _row(action: argparse.Action, alternatives: list[str]) -> tuple[str, ...]:
    meaning, _, default = (action.help or "").replace("%%", "%").partition("; default: ")
    return (
        markup.cell(", ".join(f"`{each}`" for each in _forms(action))),
        _type(action),
        _default(action, _marked(default), alternatives),
        _marked(meaning),
    )


def _forms(action: argparse.Action) -> list[str]:
    """Returns the argument as users write it."""
    value = ""
    if action.nargs != 0:
        value = (
            action.metavar if isinstance(action.metavar, str) else "|".join(action.choices or [])
        )
        value += "..." if action.nargs in ("+", "*") else ""
    return [f"{option} {value}".strip() for option in action.option_strings] or [value]


def _type(action: argparse.Action) -> str:
    if action.nargs == 0:
        return "flag"
    if action.choices:
        return "choice"
    if action.metavar not in _TYPES:
        raise NotImplementedError(f"{action.dest}: no type for the metavar {action.metavar!r}")
    return _TYPES[str(action.metavar)]


def _default(action: argparse.Action, default: str, alternatives: list[str]) -> str:
    if alternatives:
        return f"this or {' or '.join(alternatives)} is required"
    if default:
        return default
    if action.required:
        return "required"
    if action.nargs == 0:
        return "off"
    if not action.default:
        return "none"
    return str(action.default) if " " in str(action.default) else f"`{action.default}`"


def _alternatives(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    """Returns the other arguments of which exactly one is required, by an argument's name."""
    return {
        action.dest: [
            f"`{(other.option_strings or [str(other.metavar)])[0]}`"
            for other in group._group_actions
            if other is not action
        ]
        for group in parser._mutually_exclusive_groups
        if group.required
        for action in group._group_actions
    }


def _marked(text: str) -> str:
    """Returns a sentence with its code marked, and with links to commands and JSON documents."""

    def mark(found: re.Match[str]) -> str:
        code = found[0].strip("`")
        if code in _PAGES:
            return f"[`{code}`]({_PAGES[code]}.md)"
        if code.startswith("software_update."):
            return f"[`{code}`](../json.md#{code.replace('.', '')})"
        return f"`{code}`"

    return _CODE.sub(mark, markup.cell(text))
