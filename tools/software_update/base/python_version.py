"""The check that this Python can run the tools.

A program checks here before it imports anything else of the tools. Until then it may only use what
Python 3.7 can parse and run: no `X | Y` and no `list[X]` outside of quotes, no walrus, no `match`.
The programs are `__main__` (also of the installed command), `archived_main` (in Bazel) and
`tools/python/python_archive.py`; `gn/run_tool.py` has a check of its own.
"""

import sys

OLDEST = (3, 11)


def check(program: str, remedy: str) -> None:
    """Ends the program with exit code 3 and one line if this Python is too old.

    `remedy` says what to do; the line ends with it.
    """
    if sys.version_info[:2] >= OLDEST:
        return
    found, needed = ("{}.{}".format(*version) for version in (sys.version_info, OLDEST))
    sys.stderr.write(
        f"{program}: {sys.executable} is Python {found}, and Python {needed} or later is needed; "
        f"{remedy}\n"
    )
    sys.exit(3)
