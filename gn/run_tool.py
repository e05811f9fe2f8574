"""Runs one command of `software-update` for a GN action.

    run_tool.py (--packages FOLDER | --python EXE) -- COMMAND ...

FOLDER has the packages that the tools need; EXE is a Python that has them. The user's
environment, settings and packages have no effect, and no bytecode is written: the
script starts itself again, isolated, and runs the command there.
"""

import os
import sys

_TOOLS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools")
# No PYTHONHASHSEED: an isolated Python does not look at it.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
_NEEDED = "set the GN argument software_update_python to a Python, 3.11 or later"


def main() -> int:
    """Runs the command; its exit code is the result."""
    if len(sys.argv) < 4 or sys.argv[1] not in ("--packages", "--python") or sys.argv[3] != "--":
        return _fail("usage: run_tool.py (--packages FOLDER | --python EXE) -- COMMAND ...")
    packages = sys.argv[2] if sys.argv[1] == "--packages" else ""
    if sys.flags.isolated:
        return _run(packages, sys.argv[4:])
    # -S: what this Python has installed must not get in between the packages of the folder.
    executable, options = (sys.executable, ["-S"]) if packages else (sys.argv[2], [])
    command = [executable, "-I", "-B", *options, *sys.argv]
    try:
        os.execve(executable, command, _ENVIRONMENT)
    except OSError as error:
        return _fail(f"{executable}: {error.strerror}; {_NEEDED}")


def _run(packages: str, command: "list[str]") -> int:
    if sys.version_info < (3, 11):  # noqa: UP036
        version = "{}.{}".format(*sys.version_info)
        setting = (
            "script_executable in .gn" if packages else "the GN argument software_update_python"
        )
        return _fail(f"{sys.executable} is Python {version}; set {setting} to 3.11 or later")
    sys.path[:0] = [packages, _TOOLS] if packages else [_TOOLS]
    from software_update.cli.main import run_process

    run_process(command, _advice(packages))


def _advice(packages: str) -> str:
    if packages:
        return f"remove {packages}.txt and build again"
    lock = os.path.join(_TOOLS, "python", "runtime.txt")
    return f"install {lock} for it with pip, or leave the GN argument software_update_python out"


def _fail(text: str) -> int:
    print(f"run_tool.py: {text}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
