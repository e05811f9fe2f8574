"""The command `software-update`. An old Python can run this module: see `python_version`."""

import sys
from typing import NoReturn

from software_update.base import python_version


def console() -> NoReturn:
    """Runs the command. The entry point of an installed package."""
    python_version.check("software-update", "run it with a newer Python")
    from software_update.cli.main import run_process

    run_process(sys.argv[1:])


def client_console() -> NoReturn:
    """Runs the command `software-update-client`. An entry point of an installed package."""
    python_version.check("software-update-client", "run it with a newer Python")
    from software_update.cli.client.dispatch import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    console()
