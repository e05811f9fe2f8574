"""expiry: what expires soon, how to renew it, and what devices do."""

import sys
import time
from collections.abc import Sequence

from software_update.base import files
from software_update.base.dates import parse_date
from software_update.base.errors import printable, shown_list
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, parse_integer
from software_update.cli.render import expiry
from software_update.verify.expiry import read_dated_file


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "expiry",
        "Reports which metadata has expired or expires soon, and how to renew it. Checks no "
        "signature. Exit code 0: none; 1: some.",
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="a bundle, signed root or targets metadata, or an installed manifest",
    )
    parser.add_argument(
        "--within",
        metavar="N",
        default="30",
        help="also report what expires in at most so many days; default: 30",
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help="the time from which to count: a date, or now; default: now",
    )
    parser.add_argument("--json", action="store_true", help="print software_update.expiry.v1")
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write software_update.expiry.v1 to FILE, and print nothing if nothing expires soon",
    )
    args = parser.parse_args(argv)
    within = parse_integer(args.within, "--within", "number of days")
    at = int(time.time()) if args.at == "now" else parse_date(args.at, "--at")
    report = expiry.describe([read_dated_file(each) for each in args.files], at, within)
    found = expiry.expiring(report)
    if args.report:
        files.write_output(args.report, to_text(report).encode(), inputs=args.files)
    if args.json:
        print(to_text(report), end="")
    elif found or not args.report:
        print("\n".join(expiry.lines(report)), flush=True)
    if not found:
        return 0
    print(
        f"software-update: {printable(shown_list(found))}: expired, or expires in at most "
        f"{within} {'day' if within == 1 else 'days'}; renew it as shown above",
        file=sys.stderr,
    )
    return 1
