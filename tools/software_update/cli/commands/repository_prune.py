"""repository prune: remove objects that nothing names any more."""

from collections.abc import Sequence

from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import report


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "repository prune",
        "Removes objects that no metadata names any more: old lists, withdrawn bundles, and what interrupted "
        "publications left. It needs no key.",
    )
    options.add_storage(parser)
    options.add_trusted_root(parser)
    parser.add_argument(
        "--older-than",
        metavar="LIFETIME",
        default="7d",
        help="remove only objects that were written before this time; it must be longer than the lifetime of "
        "the timestamp, and than any publication takes; default: 7d",
    )
    parser.add_argument("--dry-run", action="store_true", help="only list the objects")
    options.add_now(parser)
    options.add_json(parser, report.PRUNED)
    args = parser.parse_args(argv)
    from software_update.repository.current import read_current, read_trusted_root
    from software_update.repository.names import parse_lifetime
    from software_update.repository.prune import prune, unneeded

    before = options.now_of(args) - parse_lifetime(args.older_than, "--older-than")
    root = read_trusted_root(args.repository_root)
    storage = options.storage_of(args)
    with storage.publishing():
        current = read_current(storage, root, args.repository_root)
        run_on = unneeded if args.dry_run else prune
        found = sorted(run_on(storage, current, before))
    if args.json:
        print(to_text(report.pruned_document(found, removed=not args.dry_run)), end="")
    else:
        print("\n".join(report.pruned_lines(found, removed=not args.dry_run)))
    return 0
