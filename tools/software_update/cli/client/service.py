"""run: the service; and page: the address of its consent page."""

import os
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.base.strict_json import to_text
from software_update.cli.client.arguments import parser_of
from software_update.cli.client.session import open_service
from software_update.client.consent_form import PageWriter
from software_update.client.shell.build import build_client, machine, read_config
from software_update.client.shell.serve import serve


def run_run(argv: Sequence[str]) -> int:
    """Runs the service until SIGTERM or SIGINT."""
    parser = parser_of(
        "run",
        "Runs the service: it checks, asks policies, installs and answers on its socket, until it is "
        "stopped. It refuses to start if another user could change its configuration or programs.",
    )
    parser.add_argument(
        "--page",
        action="store_true",
        help="also serve the consent page: on the socket, and on loopback if consent.page is true",
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
        _writer() if args.page else None,
    )
    return 0


def run_page(argv: Sequence[str]) -> int:
    """Prints an address of the consent page."""
    parser = parser_of(
        "page",
        "Prints an address of the consent page, which a browser on this device can open once, within two "
        "minutes. The answers on the page are recorded as those of the user who calls. The service must run "
        "with --page, and with consent.page = true.",
    )
    parser.add_argument(
        "--user",
        metavar="NAME",
        help="the user of the browser; default: the user who calls, or who has called sudo",
    )
    args = parser.parse_args(argv)
    user = args.user or (os.environ.get("SUDO_USER") if os.geteuid() == 0 else None)
    found = open_service(args.config).page_address(user)
    print(to_text(found) if args.json else f"{found['address']}\n", end="")
    return 0


def _writer() -> PageWriter:
    # Here, not above: a service without the page needs none of it.
    from software_update.disclosure.page_consent import ConsentPageWriter

    return ConsentPageWriter()
