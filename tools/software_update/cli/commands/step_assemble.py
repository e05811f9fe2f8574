"""step assemble: signed metadata and payloads into a bundle."""

import argparse
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.cli.options import arguments, unchanged
from software_update.cli.options.collected import (
    add_collected,
    check_depfile,
    collected_of,
    depfile,
    files_collected,
)
from software_update.cli.options.collected_roots import add_collected_roots, take_collected_roots
from software_update.cli.options.device_limits import read_device_limits
from software_update.cli.render.warnings import warn
from software_update.steps.assemble import DeviceWithLimits, SignedContent, assemble_bundle
from software_update.steps.collected_roots import check_first_root


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser("step assemble", "Puts signed metadata and payloads into a bundle.")
    parser.add_argument("--root", metavar="FILE", required=True, help="signed root metadata")
    arguments.add_root_chain(parser)
    add_collected_roots(parser)
    parser.add_argument(
        "--first-root",
        metavar="FILE",
        help="the root that a build takes for the first one; an error if its version is not 1",
    )
    parser.add_argument(
        "--targets-metadata", metavar="FILE", required=True, help="signed targets metadata"
    )
    arguments.add_payload_files(parser)
    unchanged.add_unchanged_from(parser, metadata=True)
    add_collected(parser)
    arguments.add_strict_pigweed(parser)
    arguments.add_device_limits(parser)
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        help="with --device-limits: the signed root metadata that the device trusts",
    )
    arguments.add_output(parser, "the bundle to write")
    args = parser.parse_args(argv)
    if (args.device_limits is None) != (args.trusted_root is None):
        raise UsageError(
            "--device-limits and --trusted-root: only valid together; add the other one"
        )
    first_root = take_collected_roots(args)
    if args.first_root is not None:
        check_first_root(args.first_root)
    # The signatures of the new metadata confirm the list, so those of the earlier release do not matter.
    earlier = unchanged.earlier_of(args, None)
    collected = collected_of(args)
    payload_files, in_folders = arguments.payload_files_of(args, collected)
    inputs = [
        args.root,
        *first_root,
        *args.root_chain,
        args.targets_metadata,
        *unchanged.unchanged_files(args),
        *(path for _, path in payload_files),
        *arguments.files_of(args.collected, args.collected_roots, args.first_root),
        *arguments.files_of(args.device_limits, args.trusted_root),
    ]
    named = [*files_collected(args, collected), *in_folders]
    check_depfile(args, named)
    with depfile(args, named, inputs):
        assemble_bundle(
            args.output,
            SignedContent(
                payload_files, args.root, args.targets_metadata, args.root_chain, earlier
            ),
            device=_device(args),
            other_inputs=inputs,
            warn=warn,
            pigweed_problem=arguments.pigweed_reporter(args),
        )
    return 0


def _device(args: argparse.Namespace) -> DeviceWithLimits | None:
    if args.device_limits is None:
        return None
    limits = read_device_limits(args.device_limits)
    return DeviceWithLimits(limits, args.device_limits, args.trusted_root)
