"""Runs one of Pigweed's own tools, in a process in which there is none of our code: NAME ARGS..."""

import runpy
import sys

if __name__ == "__main__":
    del sys.argv[0]
    runpy.run_module(f"pw_software_update.{sys.argv[0]}", run_name="__main__", alter_sys=True)
