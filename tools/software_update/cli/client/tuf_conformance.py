"""tuf-conformance: the TUF client of this project, for the public suite of tests with that name.

https://github.com/theupdateframework/tuf-conformance/blob/main/CLIENT-CLI.md has the three commands.
"""

import argparse
import os
import time
from collections.abc import Sequence
from urllib.parse import quote

from software_update.base.errors import InputError, SoftwareUpdateError, printable, shown
from software_update.base.files import read_input
from software_update.cli.client.arguments import PROGRAM
from software_update.cli.options.arguments import Parser
from software_update.client.shell.build import machine
from software_update.client.sources.requests import HttpSettings, Requests
from software_update.format.catalog import MAX_ROOT_BYTES

# All that RFC 3986 allows, and escapes that are there already.
_URL_CHARACTERS = "%:/?#[]@!$&'()*+,;=~"


class Rejected(SoftwareUpdateError):
    """A repository or target that the client does not accept."""

    exit_code = 1


def run_tuf_conformance(argv: Sequence[str]) -> int:
    """Runs one command of the suite."""
    parser = Parser(
        "tuf-conformance",
        "Runs only the client's code for TUF repositories, as the public suite tuf-conformance tests it. "
        "It needs no configuration, and installs nothing. Exit code 1: rejected, or not found.",
        PROGRAM,
    )
    parser.add_argument(
        "--metadata-dir", metavar="FOLDER", required=True, help="the folder of trusted metadata"
    )
    parser.add_argument("--metadata-url", metavar="URL", help="the base URL of the metadata")
    parser.add_argument("--target-base-url", metavar="URL", help="the base URL of the targets")
    parser.add_argument("--target-dir", metavar="FOLDER", help="the folder for verified targets")
    parser.add_argument(
        "--target-name", metavar="PATH", action="append", help="a target to download; repeatable"
    )
    parser.add_argument(
        "command",
        metavar="COMMAND",
        choices=("init", "refresh", "download"),
        help="init, refresh or download",
    )
    parser.add_argument(
        "root", metavar="ROOT", nargs="?", help="the root metadata to trust, for init"
    )
    args = parser.parse_args(argv)
    needed = {
        "init": ("root",),
        "refresh": ("metadata_url",),
        "download": ("metadata_url", "target_base_url", "target_dir", "target_name"),
    }[args.command]
    for name in needed:
        if getattr(args, name) is None:
            written = name.upper() if name == "root" else f"--{name.replace('_', '-')}"
            parser.error(f"{args.command} needs {written}")
    _run(args)
    return 0


def _run(args: argparse.Namespace) -> None:
    from tuf.api.exceptions import DownloadError, RepositoryError

    try:
        _run_command(args)
    except (OSError, ValueError, InputError, RepositoryError, DownloadError) as error:
        # The suite knows the exit codes 0 and 1 only.
        raise Rejected(printable(str(error))) from None


def _run_command(args: argparse.Namespace) -> None:
    """Runs a command. Raises also the errors of tuf."""
    from software_update.client.shell.tuf_client import Fetcher, TufClient

    system = machine()
    url = args.metadata_url or "http://localhost"
    pace = HttpSettings(url).pace(system.clock.since_boot, time.sleep)
    fetcher = Fetcher(lambda each: Requests(system, HttpSettings(_escaped(each))), pace)
    os.makedirs(args.metadata_dir, exist_ok=True)
    if args.target_dir:
        os.makedirs(args.target_dir, exist_ok=True)
    client = TufClient(
        args.metadata_dir,
        url,
        fetcher,
        read_input(args.root, MAX_ROOT_BYTES) if args.command == "init" else None,
        system.clock.now(),
        target_url=args.target_base_url,
        target_folder=args.target_dir,
    )
    if args.command == "init":
        return
    client.refresh()
    for name in args.target_name or ():
        target = client.updater.get_targetinfo(name)
        if target is None:
            raise Rejected(f"{args.metadata_url}: lists no target '{shown(name)}'")
        if client.updater.find_cached_target(target) is None:
            client.updater.download_target(target)


def _escaped(url: str) -> str:
    """Escapes the characters that a URL must not have. ngclient takes the names of targets as they are."""
    return quote(url, safe=_URL_CHARACTERS)
