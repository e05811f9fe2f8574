"""The console of the gateway: it reads commands, one a line, and runs each to its end.

All commands of the client run in this process: in an emulator, starting Python takes seconds.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys

from software_update.cli.client.dispatch import main as client

PROMPT = "# "
_CLIENT = "software-update-client"


def run(words: list[str]) -> int:
    """Runs a command, and returns its exit code."""
    if words[0] == _CLIENT:
        return client(words[1:])
    try:
        return subprocess.run(words, check=False).returncode
    except OSError as error:
        print(error)
        return 127


def _version() -> str:
    with open("/etc/os-release") as file:
        return dict(line.rstrip().split("=", 1) for line in file)["VERSION_ID"]


def _is_verified() -> bool:
    """Returns whether the firmware checks images (four bytes are attributes)."""
    with open(
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "rb"
    ) as file:
        return file.read()[4:] == b"\1"


def main() -> None:
    """Tells the version, goes on with an update that waited for the restart, and runs commands."""
    print(f"gateway: version {_version()}, Secure Boot {'on' if _is_verified() else 'off'}")
    client(["restart-done"])
    while True:
        print(PROMPT, end="", flush=True)
        words = shlex.split(sys.stdin.readline())
        if words:
            code = run(words)
            if code:
                print(f"(exit code {code})")


if __name__ == "__main__":
    os.chdir("/")
    with contextlib.suppress(KeyboardInterrupt):
        main()
