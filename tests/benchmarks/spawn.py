"""Runs a command, and writes its seconds by the wall, its seconds of CPU and its peak bytes to a file.

    python3 -I -S spawn.py REPORT PROGRAM ARGUMENT...

A program of its own, because Linux counts the memory of the process that starts a command as the
command's: this one is as small as a Python can be. Exits as the command does.
"""

import os
import sys
import time

if __name__ == "__main__":
    report, *command = sys.argv[1:]
    begin = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - begin
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with open(report, "w", encoding="ascii") as file:
        print(wall, usage.ru_utime + usage.ru_stime, peak, file=file)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
