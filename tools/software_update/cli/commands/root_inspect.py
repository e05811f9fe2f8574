"""root inspect: show what is in root metadata."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.render import description
from software_update.format import limits
from software_update.format.verdicts import Refused

SCHEMA = "software_update.root.v1"


def run(argv: Sequence[str]) -> int:
    parser = Parser("root inspect", "Shows the content of root metadata. Checks no signature.")
    parser.add_argument("file", metavar="FILE", help="root metadata")
    parser.add_argument("--json", action="store_true", help="print software_update.root.v1")
    args = parser.parse_args(argv)
    content = files.read_input(args.file, limits.MAX_ROOT_METADATA_BYTES)
    try:
        root = description.describe_root(content)
    except Refused as refused:
        raise refused.about("root", printable(args.file)) from None
    if args.json:
        print(to_text({"schema": SCHEMA, **root}), end="")
    else:
        print("\n".join(description.root_lines(printable(args.file), root)))
    return 0
