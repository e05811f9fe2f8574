"""The command `software-update`."""

import sys

from software_update.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
