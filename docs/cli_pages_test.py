"""Tests of the pages of the commands: the generated part lists every argument, and people wrote the rest."""

import argparse
import contextlib
import io
import re
from pathlib import Path

import pytest
from render_cli import FOLDER, page, parser_of
from software_update.cli.dispatch import COMMANDS, run_command

_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def name_of(command: tuple[str, str]) -> str:
    return " ".join(command).strip()


def page_of(command: tuple[str, str]) -> tuple[str, str]:
    """Returns the part of a command's page that is generated, and the part that is written by hand."""
    path = Path(FOLDER, f"{name_of(command).replace(' ', '-')}.md")
    generated, mark, by_hand = path.read_text(encoding="utf-8").partition("written by hand. -->\n")
    assert mark
    return generated, by_hand


def help_of(command: tuple[str, str]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        run_command([*name_of(command).split(), "--help"])
    return out.getvalue()


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_page_lists_the_arguments_of_help(command: tuple[str, str]) -> None:
    usage = help_of(command)
    described = " ".join(re.findall(r"^  (-.*?)(?:  |$)", usage, re.MULTILINE))
    generated, by_hand = page_of(command)
    cells = [line.split(" | ")[0] for line in generated.splitlines() if line.startswith("| `")]
    listed = {option for cell in cells for option in _OPTION.findall(cell)}
    assert listed == set(_OPTION.findall(described)) - {"-h", "--help"}
    synopsis = next(line for line in generated.splitlines() if line.startswith("software-update "))
    assert synopsis.startswith(f"software-update {name_of(command)}")
    for name in re.findall(r"^  ([A-Z]+)  ", usage, re.MULTILINE):
        assert name in synopsis
    assert by_hand.strip()


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_every_argument_has_a_meaning(command: tuple[str, str]) -> None:
    for action in parser_of(command)._actions:
        assert action.help, action.dest


@pytest.fixture(name="parser")
def parser_fixture() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Makes A|B as root create does.")
    parser.add_argument("input", metavar="FILE", help="an input; see software_update.root.v1")
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--version", metavar="N", help="a version; default: 7")
    either.add_argument("--version-file", metavar="FILE", help="a file with the version")
    parser.add_argument("--kind", choices=("a", "b"), default="a", help="the kind")
    parser.add_argument("--key", metavar="PUB", nargs="+", help="keys; default: those of --kind")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="the output")
    return parser


def test_generated_part(parser: argparse.ArgumentParser) -> None:
    text = page("thing make", parser)
    assert text.startswith("<!-- Generated from the command's arguments")
    assert text.partition("\n\n# thing make\n\n")[2].splitlines() == [
        r"Makes A\|B as [`root create`](root-create.md) does.",
        "",
        "```text",
        "software-update thing make FILE (--version N | --version-file FILE) -o OUT [options]",
        "```",
        "",
        "| argument | type | default | meaning |",
        "| --- | --- | --- | --- |",
        "| `FILE` | file | required | an input; see "
        "[`software_update.root.v1`](../json.md#software_updaterootv1) |",
        "| `--version N` | integer | this or `--version-file` is required | a version |",
        "| `--version-file FILE` | file | this or `--version` is required | a file with the version |",
        r"| `--kind a\|b` | choice | `a` | the kind |",
        "| `--key PUB...` | public key file | those of `--kind` | keys |",
        "| `--quiet` | flag | off | print nothing |",
        "| `-o OUT`, `--output OUT` | file | required | the output |",
    ]


def test_unknown_metavar_is_an_error(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--odd", metavar="ODD", help="odd")
    with pytest.raises(NotImplementedError, match=r"^odd: no type for the metavar 'ODD'$"):
        page("thing make", parser)
