"""Runs a command at a terminal, and types for it."""

import os
import pty
from collections.abc import Mapping
from pathlib import Path


def run(
    words: list[str], prompt: str, typed: str, *, cwd: Path, env: Mapping[str, str]
) -> tuple[int, str]:
    """Types a line after `prompt`. The status, and all that the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(words[0], words, env)
    shown, asked = b"", False
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
            if not asked and prompt.encode() in shown:
                asked = True
                os.write(terminal, typed.encode() + b"\n")
    except OSError:
        pass  # how a terminal ends on Linux
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()
