"""repository status: what a repository has."""

from collections.abc import Sequence

from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import report


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "repository status",
        "Lists the channels of a repository, their releases and rollouts, and when its roles expire.",
    )
    options.add_storage(parser, web=True)
    options.add_trusted_root(parser)
    options.add_json(parser, report.STATUS)
    args = parser.parse_args(argv)
    from software_update.repository.current import read_current, read_trusted_root
    from software_update.repository.survey import survey

    root = read_trusted_root(args.repository_root)
    found = survey(read_current(options.readable_of(args), root, args.repository_root))
    if args.json:
        print(to_text(report.status_document(found)), end="")
    else:
        print("\n".join(report.status_lines(found)))
    return 0
