"""repository add: publish releases in a channel."""

import argparse
import os
import re
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable
from software_update.cli.options.arguments import Parser, add_list
from software_update.cli.repository import arguments as options
from software_update.cli.repository.adding import (
    BundleFile,
    add_publication,
    check_publication,
    publish,
)

_MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024
# The name becomes a part of a URL, which TUF clients request as it is.
_ATTACHMENT = re.compile(r"[A-Za-z0-9._-]{1,100}")


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.add import Attachment

    attachments = [
        Attachment(os.path.basename(path), files.read_input(path, _MAX_ATTACHMENT_BYTES))
        for path in args.attach
    ]
    publish(args, [BundleFile(each, base_version=args.base) for each in args.bundle], attachments)
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
    add_list(parser, "--attach", "FILE", "files to publish next to the bundle, such as its SBOM")
    add_publication(parser)
    args = parser.parse_args(argv)
    options.check_channel(args)
    check_publication(args)
    if args.attach and len(args.bundle) > 1:
        raise UsageError("--attach: belongs to one BUNDLE; add the bundles one by one")
    for each in args.attach:
        if not _ATTACHMENT.fullmatch(os.path.basename(each)):
            raise UsageError(
                f"--attach {printable(each)}: its name becomes a part of a URL; rename it to at most 100 "
                "letters, digits, '.', '_' and '-'"
            )
    return args
