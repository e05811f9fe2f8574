"""The command `software-update` with the packages of all storages."""

import sys

from software_update.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
