"""repository root-publish: put a new root into a repository."""

from collections.abc import Sequence

from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "repository root-publish",
        "Puts a signed root into a repository, and signs again what its keys must sign.",
    )
    options.add_storage(parser)
    parser.add_argument("root", metavar="FILE", help="the signed root after the newest one")
    options.add_trusted_root(parser)
    options.add_keys(parser, "targets", "snapshot", optional=["targets", "snapshot"])
    options.add_lifetimes(parser, "targets", "snapshot", "timestamp")
    options.add_now(parser)
    args = parser.parse_args(argv)
    from software_update.repository.current import read_current, read_trusted_root
    from software_update.repository.roots import parse_unsigned, publish_root

    content = read_trusted_root(args.root)
    version = parse_unsigned(content, args.root).signed.version
    trusted = read_trusted_root(args.repository_root)
    publisher = options.publisher_of(args, "targets", "snapshot")
    with publisher.storage.publishing():
        current = read_current(publisher.storage, trusted, args.repository_root, version)
        published = publish_root(publisher, current, content, args.root)
    print(f"published: root {version}")
    if published is not None:
        print("\n".join(text.published_lines(published)))
    return 0
