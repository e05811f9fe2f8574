"""Runs a command, and prints one line: seconds by the wall, in user and in system mode, and peak KiB.

    python3 -I -S spawn.py STDOUT STDERR PROGRAM ARGUMENT...

A program of its own, because Linux counts the memory of the process that starts a command as the
command's: this one is as small as a Python can be. Exits as the command does.
"""

import os
import sys
import time


def main() -> None:
    """Entry point."""
    out, err, *command = sys.argv[1:]
    make = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    begin = time.perf_counter()
    process = os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, out, make, 0o644),
            (os.POSIX_SPAWN_OPEN, 2, err, make, 0o644),
        ],
    )
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - begin
    peak = usage.ru_maxrss // 1024 if sys.platform == "darwin" else usage.ru_maxrss
    print(wall, usage.ru_utime, usage.ru_stime, peak)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main()
