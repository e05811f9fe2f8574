"""step compress: artifacts into compressed payloads, and their digest record."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options import arguments
from software_update.cli.options.collected import (
    add_collected,
    check_depfile,
    collected_of,
    depfile,
    files_collected,
)
from software_update.cli.options.compression import add_level, level_of
from software_update.format.digest_record import write_record
from software_update.format.messages import Target
from software_update.steps.compress import compress_payload, compress_tree


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "step compress",
        "Compresses artifacts with zstd, and describes the payloads in a digest record "
        "(software_update.digests.v1).",
    )
    arguments.add_targets(parser)
    add_collected(parser)
    add_level(parser)
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--payload", metavar="FILE", help="the payload of one target to write")
    group.add_argument(
        "--folder",
        metavar="DIR",
        help="the folder to write with a payload for each target: a new or empty one, or an earlier one",
    )
    arguments.add_output(parser, "the record to write")
    args = parser.parse_args(argv)
    collected = collected_of(args)
    payload_files, in_folders = arguments.payload_files_of(args, collected)
    inputs = [*(path for _, path in payload_files), *arguments.files_of(args.collected)]
    named = [*files_collected(args, collected), *in_folders]
    check_depfile(args, named)
    with depfile(args, named, inputs), files.new_output(args.output, inputs=inputs) as record:
        files.write_all(record, write_record([], _compress(args, payload_files)))
    return 0


def _compress(args: argparse.Namespace, payload_files: Sequence[tuple[str, str]]) -> list[Target]:
    if args.folder is not None:
        return compress_tree(payload_files, args.folder, level_of(args))
    arguments.check_apart(args, "output", "payload")
    if len(payload_files) != 1:
        raise UsageError(f"--payload: takes 1 target, not {len(payload_files)}; write --folder")
    [(name, path)] = payload_files
    return [compress_payload(name, path, args.payload, level_of(args))]
