"""run: the service."""

import os
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.cli.client.arguments import parser_of
from software_update.client.shell.build import build_client, machine, read_config
from software_update.client.shell.serve import serve


def run_run(argv: Sequence[str]) -> int:
    """Runs the service until SIGTERM or SIGINT."""
    parser = parser_of(
        "run",
        "Runs the service: it checks, asks policies, installs and answers on its socket, until it is "
        "stopped. It refuses to start if another user could change its configuration or programs.",
    )
    args = parser.parse_args(argv)
    if args.json:
        raise UsageError("--json: the service prints nothing; remove it")
    system = machine()
    config = read_config(system, args.config, check_owners=True)
    serve(
        config,
        system,
        lambda on_change, on_progress: build_client(config, system, on_change, on_progress),
        os.environ,
    )
    return 0
