"""repository add: publish releases in a channel."""

import argparse
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser, add_list
from software_update.cli.repository import arguments as options
from software_update.cli.repository.adding import (
    BundleFile,
    add_publication,
    check_publication,
    publish,
)


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    publish(args, [BundleFile(each, base_version=args.base) for each in args.bundle], args.attach)
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository add",
        "Publishes releases in a channel, after it has verified each bundle as a device does.",
    )
    options.add_storage(parser)
    parser.add_argument("bundle", metavar="BUNDLE", nargs="+", help="the bundles, of one product")
    parser.add_argument(
        "--channel", metavar="NAME", required=True, help="the channel, such as stable"
    )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the product's signed root, which devices trust",
    )
    options.add_trusted_root(parser)
    parser.add_argument(
        "--for",
        dest="base",
        metavar="VERSION",
        help="the bundles are personalized for devices that run this release of the channel",
    )
    add_list(
        parser,
        "--attach",
        "FILE",
        "files to publish next to the bundle, such as its SBOM, besides the proof and the "
        "attachments next to BUNDLE",
    )
    add_publication(parser)
    args = parser.parse_args(argv)
    options.check_channel(args)
    check_publication(args)
    if args.attach and len(args.bundle) > 1:
        raise UsageError("--attach: belongs to one BUNDLE; add the bundles one by one")
    return args
