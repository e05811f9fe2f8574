"""log record: write the record of a release, for another log."""

from collections.abc import Sequence

from software_update.base import files
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser, add_output


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log record",
        "Verifies a bundle, and writes the record of its release. Submit the file to a log of another "
        "organization, such as a Sigsum log.",
    )
    options.add_bundle(parser)
    add_output(parser, "the record, a text file")
    args = parser.parse_args(argv)
    [release] = options.verified(args, [args.bundle])
    files.write_output(
        args.output, release.record.content(), inputs=[args.bundle, args.trusted_root]
    )
    return 0
