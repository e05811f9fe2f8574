"""Arguments that several subcommands share."""

import argparse
import os

from software_update.cli.options.arguments import Parser

PROGRAM = "software-update-client"
DEFAULT_CONFIG = "/etc/software_update/client.toml"


def parser_of(name: str, description: str) -> Parser:
    """Returns a parser with --config and --json, which all subcommands have."""
    parser = Parser(name, description, PROGRAM)
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=DEFAULT_CONFIG,
        # The client refuses relative paths: its files must be safe in every folder above them.
        type=os.path.abspath,
        help=f"the configuration; default: {DEFAULT_CONFIG}",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def add_domain(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds --domain, which is needed only on a device with several domains if `what` is about one."""
    parser.add_argument("--domain", metavar="NAME", help=f"the trust domain; default: {what}")


def add_release(parser: argparse.ArgumentParser) -> None:
    """Adds --release, which binds an answer to the release that a person has seen."""
    parser.add_argument(
        "--release",
        metavar="DIGEST",
        help="the release digest that you have seen, or its first 16 or more digits; the answer is refused "
        "if another release waits; default: the release that waits",
    )
