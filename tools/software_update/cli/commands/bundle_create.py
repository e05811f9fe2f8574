"""bundle create: a signed bundle from files, in one go."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, UsageError
from software_update.bundle.extract import check_same_user_manifest, check_user_manifest
from software_update.bundle.writer import draft_targets, plan_payloads, write_bundle
from software_update.cli.options import arguments
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.options.target_lists import read_targets_from
from software_update.cli.render.warnings import warn
from software_update.format import metadata, pigweed
from software_update.format.messages import Target
from software_update.format.metadata import Root
from software_update.format.verdicts import Refused, Verdict
from software_update.signing import private_keys
from software_update.verify import verifier
from software_update.verify.pigweed_roots import RootFile, chain_problems
from software_update.verify.trust_files import (
    check_signed_roots,
    parse_trusted_root,
    read_root_chain,
    read_root_file,
)


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser("bundle create", "Makes a signed bundle from files.")
    arguments.add_version(parser)
    arguments.add_payload_files(parser)
    parser.add_argument(
        "--targets-from",
        metavar="FILE.json",
        help='more targets: {"targets": [{"name": ..., "file": ...}]}, with paths relative '
        "to the folder of FILE.json",
    )
    parser.add_argument("--root", metavar="FILE", required=True, help="signed root metadata")
    arguments.add_root_chain(parser)
    arguments.add_dev_signing_keys(parser)
    arguments.add_expires(parser)
    add_schemes(parser)
    arguments.add_strict_pigweed(parser)
    arguments.add_output(parser, "the bundle to write")
    args = parser.parse_args(argv)
    more = [] if args.targets_from is None else read_targets_from(args.targets_from)
    payload_files = arguments.payload_files_of(args, more)
    if not payload_files:
        raise UsageError("no targets; write --target NAME=FILE")
    _create(args, payload_files)
    return 0


def _create(args: argparse.Namespace, payload_files: list[tuple[str, str]]) -> None:
    version, expires = arguments.version_of(args), arguments.expires_of(args)
    signed_root = read_root_file(args.root)
    schemes = schemes_of(args)
    root = parse_trusted_root(args.root, signed_root, schemes)
    root_chain = read_root_chain(args.root_chain, args.root, root)
    check_signed_roots([*args.root_chain, args.root], [*root_chain, signed_root], schemes)
    keys = private_keys.read_keys(args.dev_signing_key, schemes)
    chain = list(map(RootFile, args.root_chain, root_chain))
    arguments.report_pigweed(args, chain_problems(chain, RootFile(args.root, signed_root)))
    private_keys.check_listed(keys, root, metadata.TARGETS)
    user_manifest = check_user_manifest(args.user_manifest, warn)
    payloads = plan_payloads(payload_files)
    drafts = draft_targets(payloads)
    arguments.report_pigweed(args, pigweed.problems(drafts))

    def metadata_of(targets: list[Target]) -> tuple[bytes, bytes]:
        unsigned = metadata.build_targets(version, targets, expires)
        signed = private_keys.sign(metadata.Signed(unsigned, ()), keys)
        return signed_root, metadata.build_signed(metadata.TARGETS, signed)

    # Before the payloads are copied: of what is checked nothing depends on a digest.
    draft = metadata_of(drafts)
    _check_targets(root, draft[1])
    inputs = [
        args.root,
        *args.root_chain,
        *args.dev_signing_key,
        *(path for _, path in payload_files),
    ]
    inputs += arguments.files_of(args.version_file, args.targets_from)
    with files.new_output(args.output, inputs=inputs) as fd:
        targets = write_bundle(fd, payloads, draft, metadata_of, root_chain)
        check_same_user_manifest(args.user_manifest, user_manifest, targets)


def _check_targets(root: Root, signed_targets: bytes) -> None:
    """Checks for faults that a device would reject. Does not check expiry."""
    try:
        verifier.verify_targets(verifier.Device(root), [root], signed_targets, None)
    except Refused as refused:
        if refused.verdict != Verdict.THRESHOLD_NOT_MET:
            raise
        raise InputError(f"{refused.detail}; sign with more --dev-signing-key") from None
