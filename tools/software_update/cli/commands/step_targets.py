"""step targets: digest records into the targets metadata to sign."""

from collections.abc import Sequence

from software_update.base import files
from software_update.cli.options import arguments
from software_update.format import metadata, pigweed
from software_update.steps.targets import read_records


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "step targets", "Makes targets metadata from digest records: exactly the bytes to sign."
    )
    arguments.add_version(parser)
    parser.add_argument(
        "--digests",
        metavar="RECORD",
        nargs="+",
        action="extend",
        required=True,
        help="digest records from step digest, in any order",
    )
    arguments.add_expires(parser)
    arguments.add_strict_pigweed(parser)
    arguments.add_output(parser, "the unsigned targets metadata to write")
    args = parser.parse_args(argv)
    targets = read_records(args.digests)
    arguments.report_pigweed(args, pigweed.problems(targets))
    content = metadata.build_targets(
        arguments.version_of(args), targets, arguments.expires_of(args)
    )
    inputs = [*args.digests, *arguments.files_of(args.version_file)]
    files.write_output(args.output, content, inputs=inputs)
    return 0
