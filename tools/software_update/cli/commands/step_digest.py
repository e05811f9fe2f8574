"""step digest: length and SHA-256 of artifacts, in a JSON record."""

from collections.abc import Sequence

from software_update.base import files
from software_update.cli.options import arguments
from software_update.cli.options.collected import (
    add_collected,
    check_depfile,
    collected_of,
    depfile,
    files_collected,
)
from software_update.steps.digest import record_of


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "step digest", "Hashes artifacts into a digest record (software_update.digests.v1)."
    )
    arguments.add_payload_files(parser)
    add_collected(parser)
    arguments.add_output(parser, "the record to write")
    args = parser.parse_args(argv)
    collected = collected_of(args)
    payload_files, in_folders = arguments.payload_files_of(args, collected)
    paths = [path for _, path in payload_files]
    inputs = [*paths, *arguments.files_of(args.collected)]
    named = [*files_collected(args, collected), *in_folders]
    check_depfile(args, named)
    with depfile(args, named, inputs):
        files.write_output(args.output, record_of(payload_files), inputs=inputs)
    return 0
