"""BuildGrid's command line, `bgd`."""

import sys

try:
    from buildgrid.server.app import (  # type: ignore[import-not-found, unused-ignore]
        cli,
    )
except ImportError:
    sys.exit("bgd: BuildGrid is locked for CPython 3.14 on Linux, which is Debian forky's")

if __name__ == "__main__":
    cli()
