"""step assemble: signed metadata and payloads into a bundle."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, shown
from software_update.bundle.extract import check_same_user_manifest, check_user_manifest
from software_update.bundle.writer import Payload, plan_payloads, write_bundle
from software_update.cli.options import arguments
from software_update.cli.options.collected import (
    add_collected,
    collected_of,
    depfile,
    files_collected,
)
from software_update.cli.options.collected_roots import add_collected_roots, take_collected_roots
from software_update.cli.render.warnings import warn
from software_update.format import limits, metadata
from software_update.format.messages import Target
from software_update.format.metadata import Targets
from software_update.format.verdicts import Refused
from software_update.verify.pigweed_roots import RootFile, chain_problems
from software_update.verify.trust_files import parse_root, read_root_chain, read_root_file


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser("step assemble", "Puts signed metadata and payloads into a bundle.")
    parser.add_argument("--root", metavar="FILE", required=True, help="signed root metadata")
    arguments.add_root_chain(parser)
    add_collected_roots(parser)
    parser.add_argument(
        "--targets-metadata", metavar="FILE", required=True, help="signed targets metadata"
    )
    arguments.add_payload_files(parser)
    add_collected(parser)
    arguments.add_strict_pigweed(parser)
    arguments.add_output(parser, "the bundle to write")
    args = parser.parse_args(argv)
    first_root = take_collected_roots(args)
    signed_root = read_root_file(args.root)
    _, root = parse_root(args.root, signed_root)
    root_chain = read_root_chain(args.root_chain, args.root, root)
    chain = list(map(RootFile, args.root_chain, root_chain))
    arguments.report_pigweed(args, chain_problems(chain, RootFile(args.root, signed_root)))
    signed_targets = files.read_input(args.targets_metadata, limits.MAX_TARGETS_METADATA_BYTES)
    listed = _listed(args.targets_metadata, signed_targets)
    collected = collected_of(args)
    payload_files = arguments.payload_files_of(args, collected)
    user_manifest = check_user_manifest(args.user_manifest, warn)
    payloads = plan_payloads(payload_files)
    _check_complete(payloads, listed, args.targets_metadata)
    paths = dict(payload_files)
    inputs = [
        args.root,
        *first_root,
        *args.root_chain,
        args.targets_metadata,
        *paths.values(),
        *arguments.files_of(args.collected, args.collected_roots),
    ]
    with (
        depfile(args, files_collected(args, collected), inputs),
        files.new_output(args.output, inputs=inputs) as fd,
    ):
        signed = (signed_root, signed_targets)
        targets = write_bundle(fd, payloads, signed, lambda _: signed, root_chain)
        check_same_user_manifest(args.user_manifest, user_manifest, targets)
        for target in targets:
            if target != listed[target.name]:
                raise _differs(paths[target.name], target.name)
    return 0


def _listed(path: str, signed_targets: bytes) -> dict[str, Target]:
    try:
        signed = metadata.parse_signed(metadata.TARGETS, signed_targets)
        targets: Targets = metadata.parse_targets(signed.serialized)
        return {
            each.name: Target.of(each.name, each.length, each.sha256) for each in targets.targets
        }
    except Refused as refused:
        raise InputError(
            f"{path}: no signed targets metadata ({refused}); make it with: step sign"
        ) from None


def _check_complete(payloads: Sequence[Payload], listed: dict[str, Target], path: str) -> None:
    names = {payload.name for payload in payloads}
    for name in sorted(names ^ set(listed)):
        where = (
            "has no payload; add --target" if name in listed else "is not listed in it; remake it"
        )
        raise InputError(f"{path}: target '{shown(name)}' {where}")
    for payload in payloads:
        if payload.length != listed[payload.name].length:
            raise _differs(payload.path, payload.name)


def _differs(path: str, name: str) -> InputError:
    return InputError(
        f"{path}: not the payload that the metadata lists for '{shown(name)}'; make the metadata again"
    )
