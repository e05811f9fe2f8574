"""bundle create: a signed bundle from files, in one go."""

from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.cli.options import arguments, unchanged, values
from software_update.cli.options.compression import add_compression, levels_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render.warnings import warn
from software_update.steps.create import NewBundle, create_bundle
from software_update.steps.target_lists import read_targets_from


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser("bundle create", "Makes a signed bundle from files.")
    values.add_version(parser)
    arguments.add_payload_files(parser)
    parser.add_argument(
        "--targets-from",
        metavar="FILE.json",
        help='more targets: {"targets": [{"name": ..., "file": ...}]}, with paths relative '
        "to the folder of FILE.json",
    )
    unchanged.add_unchanged_from(parser)
    unchanged.add_removes(parser)
    parser.add_argument("--root", metavar="FILE", required=True, help="signed root metadata")
    arguments.add_root_chain(parser)
    arguments.add_dev_signing_keys(parser)
    values.add_expires(parser)
    add_compression(parser)
    add_schemes(parser)
    arguments.add_strict_pigweed(parser)
    arguments.add_output(parser, "the bundle to write")
    args = parser.parse_args(argv)
    unchanged.check_removes(args)
    more = [] if args.targets_from is None else read_targets_from(args.targets_from)
    payload_files, _ = arguments.payload_files_of(args, more)
    if not payload_files and args.unchanged_from is None:
        raise UsageError("no targets; write --target NAME=FILE")
    new = NewBundle(
        payload_files,
        values.version_of(args),
        args.root,
        args.dev_signing_key,
        args.root_chain,
        values.expires_of(args),
        schemes_of(args),
        args.unchanged_from,
        args.removes,
        levels_of(args, [name for name, _ in payload_files]),
    )
    create_bundle(
        args.output,
        new,
        other_inputs=arguments.files_of(args.version_file, args.expires_file, args.targets_from),
        warn=warn,
        pigweed_problem=arguments.pigweed_reporter(args),
    )
    return 0
