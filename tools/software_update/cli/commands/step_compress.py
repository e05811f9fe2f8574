"""step compress: artifacts into compressed payloads, and their digest record."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options import arguments
from software_update.cli.options.compression import add_level, level_of
from software_update.format.digest_record import write_record
from software_update.steps.compress import compress_payload, compress_tree


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "step compress",
        "Compresses artifacts with zstd, and describes the payloads in a digest record "
        "(software_update.digests.v1).",
    )
    arguments.add_targets(parser)
    add_level(parser)
    parser.add_argument("--record", metavar="FILE", required=True, help="the record to write")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("-o", "--output", metavar="OUT", help="the payload of one target to write")
    group.add_argument(
        "--folder", metavar="DIR", help="a new or empty folder for the payloads, DIR/NAME each"
    )
    args = parser.parse_args(argv)
    payload_files, found = arguments.payload_files_of(args)
    inputs = [*found, *(path for _, path in payload_files)]
    with files.new_output(args.record, inputs=inputs) as record:
        if args.folder is not None:
            targets = compress_tree(payload_files, args.folder, level_of(args))
        elif len(payload_files) == 1:
            arguments.check_apart(args, "output", "record")
            [(name, path)] = payload_files
            targets = [compress_payload(name, path, args.output, level_of(args))]
        else:
            raise UsageError(f"--output: takes 1 target, not {len(payload_files)}; write --folder")
        files.write_all(record, write_record([], targets))
    return 0
