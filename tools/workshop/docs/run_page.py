"""Runs the commands of a page in the current folder, and compares their outputs with those on the page.

    ```console              a line that begins with `$ ` is a command, one with `> ` goes on with it, and all
                            others are its output; in an output, `...` stands for anything, and on a line
                            of its own for any number of lines
    ```starlark BUILD.bazel any block with a file's name: what that file is to hold

Called as: run_page.py PAGE. The commands that the page uses must be on PATH.
"""

import dataclasses
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "=== next command"


@dataclasses.dataclass(frozen=True)
class Command:
    """A command of a page, and its output on the page."""

    text: str
    shown: str


def commands(page: str) -> list[Command]:
    """Returns the commands that a page's reader runs, in order. Writing a file is a command too."""
    found: list[Command] = []
    for language, file, content in _BLOCK.findall(page):
        if file:
            found.append(Command(f"printf %s {shlex.quote(content)} > {shlex.quote(file)}", ""))
        elif language == "console":
            found += _console(content)
    return found


def _console(content: str) -> list[Command]:
    if not content.startswith("$ "):
        raise ValueError(f"a console block begins with a command: {content}")
    found: list[Command] = []
    for line in content.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], ""))
        elif line.startswith("> "):
            found[-1] = Command(f"{found[-1].text}\n{line[2:]}", "")
        else:
            found[-1] = Command(found[-1].text, f"{found[-1].shown}{line}\n")
    return found


def matches(shown: str, printed: str) -> bool:
    """Returns whether an output matches the output that a page shows."""
    lines = [
        r"(?:.*\n)*?"
        if line.strip() == "..."
        else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in shown.splitlines()
    ]
    return re.fullmatch("".join(lines), printed) is not None


def run(page: str) -> list[str]:
    """Runs a page in the current folder, and returns the differences between its outputs and the page."""
    todo = commands(page)
    # One shell for all of them; the mark keeps $?, so that a page can show an exit code.
    script = f"exec 2>&1; mark() {{ local status=$?; echo '{_MARK}'; return $status; }}\n"
    script += "".join(f"mark\n{command.text}\n" for command in todo)
    process = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    printed = process.stdout.split(f"{_MARK}\n")[1:]
    if len(printed) != len(todo):
        return [f"the shell ended early:\n{process.stdout}"]
    return [
        f"$ {command.text}\nshown:\n{command.shown}\nprinted:\n{output}"
        for command, output in zip(todo, printed, strict=True)
        if not matches(command.shown, output)
    ]


def write_programs(folder: Path, top: Path) -> None:
    """Makes a folder of both commands. Each starts the program that the environment names, below `top`."""
    folder.mkdir()
    for name in ("software-update", "software-update-client"):
        program = top / os.environ[name.upper().replace("-", "_")]
        path = folder / name
        path.write_text(f"#!/bin/sh\nexec '{program}' \"$@\"\n")
        path.chmod(0o755)


def main(argv: list[str]) -> int:
    problems = run(Path(argv[0]).read_text(encoding="utf-8"))
    print("\n\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
