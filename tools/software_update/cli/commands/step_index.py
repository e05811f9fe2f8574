"""step index: describe a bundle for a server or a web page."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_output
from software_update.steps.index import describe_bundle


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step index",
        "Writes software_update.index.v1, which describes a bundle for a server. Checks no signature.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    add_output(parser)
    args = parser.parse_args(argv)
    text = to_text(describe_bundle(args.bundle))
    files.write_output(args.output, text.encode(), inputs=[args.bundle])
    return 0
