"""Runs a program of Debian that writes one file: `run_debian.py PROGRAM ...`.

Such programs are not quiet when they succeed; their output is shown only if they fail.
"""

from __future__ import annotations

import subprocess
import sys


def main() -> None:
    """Runs it, and ends with its status."""
    done = subprocess.run(sys.argv[1:], check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
