"""repository withdraw: stop offering a release."""

import argparse
from collections.abc import Sequence

from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.withdraw import withdraw

    publisher = options.publisher_of(args, "targets", "snapshot")
    with publisher.storage.publishing():
        current = options.current_of(args, publisher)
        withdrawn = withdraw(publisher, current, args.product, args.channel, args.release)
    if args.json:
        print(to_text(text.withdrawn_document(withdrawn)), end="")
    else:
        print("\n".join(text.withdrawn_lines(args.release, withdrawn)))
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository withdraw",
        "Stops offering a release. It cannot be recalled from devices that have installed it.",
    )
    options.add_storage(parser)
    options.add_channel(parser)
    parser.add_argument(
        "--release", metavar="VERSION", required=True, help="the version of the release"
    )
    options.add_trusted_root(parser)
    options.add_keys(parser, "targets", "snapshot")
    options.add_lifetimes(parser, "targets", "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, text.WITHDRAWN)
    args = parser.parse_args(argv)
    options.check_channel(args)
    return args
