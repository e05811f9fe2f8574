"""The command `software-update-client`: finds the subcommand, and imports only what it needs."""

import importlib
from collections.abc import Sequence

from software_update import __version__
from software_update.base.errors import UsageError
from software_update.cli.client.arguments import PROGRAM

# Subcommand -> its module in this package, and its description. The module has `run_NAME`, with _ for -.
COMMANDS = {
    "provision": ("provision", "state the factory's release and the first preset"),
    "status": ("reading", "show the state of the client, and which command continues it"),
    "check": ("actions", "look for a release now"),
    "approve": ("actions", "agree to the phase that waits, or to several phases"),
    "decline": ("actions", "decline the release that waits"),
    "postpone": ("actions", "put off the release that waits"),
    "install": ("actions", "install a bundle from a file"),
    "recover": ("actions", "install the golden bundle"),
    "restart-done": ("actions", "go on after a restart that the client did not start"),
    "commit": ("actions", "keep the release that is being tried"),
    "rollback": ("actions", "end the update, and go back to the release before it"),
    "clear": ("actions", "lift the quarantine of releases, and forget the last result"),
    "trust": ("trust", "make a refused root in the image the one in force"),
    "factory-reset": ("actions", "forget what belongs to the user, and keep root and floor"),
    "check-backend": ("check_backend", "check boot control and installers on this device"),
    "run": ("service", "run the service until it is stopped"),
    "page": ("service", "print an address of the consent page, for a browser"),
    "history": ("reading", "show or verify what happened on this device"),
    "policy": ("actions", "show or change the preset, the standing answer to questions"),
    "verify-installed": ("reading", "compare the slot that runs with its installed manifest"),
    "tuf-conformance": (
        "tuf_conformance",
        "run only the TUF client, for the public suite of tests",
    ),
}


def main(argv: Sequence[str], remedy: str | None = None) -> int:
    """Runs one subcommand, and returns its exit code; docs/reference/client_command.md lists them."""
    from software_update.cli.dispatch import with_errors
    from software_update.cli.main import run_in_process

    return run_in_process(lambda: with_errors(lambda: _run(argv), PROGRAM, remedy), PROGRAM)


def _run(argv: Sequence[str]) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        print(_help())
        return 0 if argv else UsageError.exit_code
    if argv[0] == "--version":
        print(f"{PROGRAM} {__version__}")
        return 0
    name = argv[0]
    if name not in COMMANDS:
        raise UsageError(f"{name!r} is not a subcommand; see: {PROGRAM} --help")
    module = importlib.import_module(f"software_update.cli.client.{COMMANDS[name][0]}")
    status: int = getattr(module, f"run_{name.replace('-', '_')}")(argv[1:])
    return status


def _help() -> str:
    lines = [f"usage: {PROGRAM} SUBCOMMAND ...  (each has --help)", ""]
    lines += [f"  {name:18}{text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(lines)
