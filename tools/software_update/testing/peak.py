"""Measures the peak memory of a command."""

import subprocess
from collections.abc import Sequence

from software_update.testing.command import environment, python

MIB = 1024 * 1024
# The kernel's own count for this program only; ru_maxrss would count the parent's pages until exec.
_PROBE = """
import os, sys
os.cpu_count = lambda: int(sys.argv[1])
from software_update.cli.main import main
status = main(sys.argv[2:])
with open("/proc/self/status", encoding="ascii") as file:
    [kib] = [line.split()[1] for line in file if line.startswith("VmHWM:")]
print(kib, file=sys.stderr)
sys.exit(status)
"""


def peak_bytes(args: Sequence[str], *, cores: int = 2, timeout: int = 120) -> int:
    """The peak resident set of `software-update ARGS...`, which must succeed."""
    ended = subprocess.run(
        python("-c", _PROBE, str(cores), *args),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return int(ended.stderr.split()[-1]) * 1024
