"""repository refresh: sign a new timestamp, so that clients know that it is current."""

from collections.abc import Sequence

from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository.text import published_lines


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "repository refresh",
        "Signs a new timestamp, and a new snapshot if half of its lifetime is over. A timer runs it more "
        "often than the timestamp expires.",
    )
    options.add_storage(parser)
    options.add_trusted_root(parser)
    options.add_keys(parser, "snapshot")
    options.add_lifetimes(parser, "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, "software_update.repository_published.v1")
    args = parser.parse_args(argv)
    publisher = options.publisher_of(args, "snapshot")
    from software_update.repository.publication import refresh

    with publisher.storage.publishing():
        published = refresh(publisher, options.current_of(args, publisher))
    if args.json:
        from software_update.cli.repository.text import published_document

        print(to_text(published_document(published)), end="")
    else:
        print("\n".join(published_lines(published)))
    return 0
