"""step targets: digest records into the targets metadata to sign."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options import arguments, unchanged, values
from software_update.format import metadata, pigweed
from software_update.format.messages import Target
from software_update.steps.targets import read_records


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "step targets", "Makes targets metadata from digest records: exactly the bytes to sign."
    )
    values.add_version(parser)
    arguments.add_list(
        parser, "--digests", "RECORD", "digest records from step digest, in any order"
    )
    unchanged.add_unchanged_from(parser, metadata=True)
    unchanged.add_removes(parser)
    parser.add_argument(
        "--root",
        metavar="FILE",
        help="with --unchanged-from: the root metadata that lists the keys of its signatures, if it is a "
        "bundle",
    )
    values.add_expires(parser)
    arguments.add_strict_pigweed(parser)
    arguments.add_output(parser, "the unsigned targets metadata to write")
    args = parser.parse_args(argv)
    unchanged.check_removes(args)
    if (args.root is None) != (args.unchanged_from is None):
        raise UsageError("--root and --unchanged-from: write both or neither")
    version = values.version_of(args)
    targets = _targets(args, version)
    arguments.report_pigweed(args, pigweed.problems(targets))
    content = metadata.build_targets(version, targets, values.expires_of(args))
    inputs = [*args.digests, *unchanged.unchanged_files(args)]
    inputs += arguments.files_of(args.version_file, args.expires_file, args.root)
    files.write_output(args.output, content, inputs=inputs)
    return 0


def _targets(args: argparse.Namespace, version: int) -> list[Target]:
    root = None
    if args.root is not None:
        # Imported here: most runs read no root.
        from software_update.verify.trust_files import read_trusted_root

        root = read_trusted_root(args.root)
    earlier = unchanged.earlier_of(args, root)
    if earlier is None:
        if not args.digests:
            raise UsageError("no --digests; write at least one digest record")
        return read_records(args.digests)
    # Imported here, as it imports the verifier.
    from software_update.steps.unchanged import new_list

    targets = read_records(args.digests, may_be_empty=True)
    return new_list(targets, version, earlier, args.removes)
