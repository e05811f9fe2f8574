"""repository rollout-keys: replace the keys that sign the rollout rules."""

from collections.abc import Sequence

from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "repository rollout-keys",
        "Replaces the keys that sign the rollout rules, and signs the rules of all channels again. The rules "
        "stay.",
    )
    options.add_storage(parser)
    parser.add_argument(
        "--new-public",
        metavar="PUB",
        action="append",
        required=True,
        help="the public key (PEM) of a new key; repeat it for several keys, each of which may sign",
    )
    options.add_trusted_root(parser)
    options.add_keys(parser, "rollout", "targets", "snapshot")
    options.add_lifetimes(parser, "rollout", "targets", "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, text.PUBLISHED)
    args = parser.parse_args(argv)
    from software_update.repository.rollout_keys import replace_rollout_keys

    publisher = options.publisher_of(args, "rollout", "targets", "snapshot")
    new = options.public_keys_of(args, "new")
    with publisher.storage.publishing():
        published = replace_rollout_keys(publisher, options.current_of(args, publisher), new)
    if args.json:
        print(to_text(text.published_document(published)), end="")
    else:
        print("\n".join(text.published_lines(published)))
    return 0
