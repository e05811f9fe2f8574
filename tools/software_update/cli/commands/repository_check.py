"""repository check: whether a repository is fresh and whole."""

import sys
from collections.abc import Sequence

from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options
from software_update.cli.repository import report


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "repository check",
        "Checks a repository from outside: that it is fresh, and that every object is there and correct. "
        "Exit code 0: nothing to do; 1: something has expired, expires soon, or is wrong.",
    )
    options.add_storage(parser, web=True)
    options.add_trusted_root(parser)
    parser.add_argument(
        "--within",
        metavar="LIFETIME",
        default="14d",
        help="list what expires in at most this time, such as 14d or 12h; default: 14d",
    )
    parser.add_argument(
        "--metadata-only", action="store_true", help="do not read bundles and other target files"
    )
    options.add_now(parser)
    options.add_json(parser, report.CHECK)
    args = parser.parse_args(argv)
    from software_update.repository.check import check
    from software_update.repository.current import read_trusted_root
    from software_update.repository.names import parse_lifetime

    within = parse_lifetime(args.within, "--within")
    found = check(
        options.readable_of(args),
        read_trusted_root(args.repository_root),
        args.repository_root,
        payloads=not args.metadata_only,
    )
    document = report.check_document(found, options.now_of(args), within)
    if args.json:
        print(to_text(document), end="")
    else:
        print("\n".join(report.check_lines(document)), flush=True)
    alarms = report.alarms(document)
    if not alarms:
        return 0
    print(f"software-update: {alarms}", file=sys.stderr)
    return 1
