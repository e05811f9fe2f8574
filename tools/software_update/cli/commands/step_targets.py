"""step targets: digest records into the targets metadata to sign."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options import arguments
from software_update.format import digest_record, metadata, pigweed
from software_update.format.limits import MAX_TARGETS
from software_update.format.messages import Target

_RECORD_BYTES = 64 * 1024 * 1024


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
    targets = _read_records(args.digests)
    if not targets:
        raise UsageError(
            f"{args.digests[0]}: 0 targets, and none was collected; give the bundle at least one"
        )
    if len(targets) > MAX_TARGETS:
        raise UsageError(
            f"{len(targets)} targets; a bundle has at most {MAX_TARGETS}; make several"
        )
    arguments.report_pigweed(args, pigweed.problems(targets))
    content = metadata.build_targets(
        arguments.version_of(args), targets, arguments.expires_of(args)
    )
    inputs = [*args.digests, *arguments.files_of(args.version_file)]
    files.write_output(args.output, content, inputs=inputs)
    return 0


def _read_records(paths: Sequence[str]) -> list[Target]:
    """The targets of all records, each there once."""
    found = [
        (target, path)
        for path in paths
        for target in digest_record.read_record(path, files.read_input(path, _RECORD_BYTES))
    ]
    arguments.check_distinct([(target.name, path) for target, path in found])
    return [target for target, _ in found]
