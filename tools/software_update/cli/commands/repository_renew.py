"""repository renew: sign again the roles that expire soon."""

import argparse
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.names import parse_lifetime
    from software_update.repository.renew import renew

    within = parse_lifetime(args.within, "--within")
    publisher = options.publisher_of(args, "targets", "rollout", "snapshot")
    with publisher.storage.publishing():
        published = renew(publisher, options.current_of(args, publisher), within)
    if args.json:
        print(to_text(text.published_document(published)), end="")
    elif published is None:
        print(f"nothing expires within {args.within}; nothing is published")
    else:
        print("\n".join(text.published_lines(published)))
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository renew",
        "Signs again the lists of releases and the rollout rules that expire soon. Their content stays.",
    )
    options.add_storage(parser)
    options.add_trusted_root(parser)
    options.add_keys(parser, "targets", "rollout", "snapshot", optional=["targets", "rollout"])
    parser.add_argument(
        "--within",
        metavar="LIFETIME",
        default="45d",
        help="renew what expires in at most this time; default: 45d",
    )
    options.add_lifetimes(parser, "targets", "rollout", "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, text.PUBLISHED)
    args = parser.parse_args(argv)
    if not (args.targets_key or args.rollout_key):
        raise UsageError("repository renew: name a --targets-key, a --rollout-key, or both")
    return args
