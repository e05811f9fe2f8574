"""repository add: publish releases in a channel."""

import argparse
import contextlib
import os
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_list
from software_update.cli.options.schemes import schemes_of
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text as render

_MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.add import Attachment, NewBundle, add_bundles
    from software_update.repository.bundle_file import describe
    from software_update.verify.device import Device
    from software_update.verify.trust_files import read_trusted_root

    publisher = options.publisher_of(args, "targets", "snapshot", "rollout")
    schemes = schemes_of(args)
    device = Device(
        read_trusted_root(args.trusted_root, schemes), at=publisher.now, schemes=schemes
    )
    attachments = [
        Attachment(os.path.basename(path), files.read_input(path, _MAX_ATTACHMENT_BYTES))
        for path in args.attach
    ]
    with contextlib.ExitStack() as stack:
        opened = [(path, stack.enter_context(files.open_input(path))) for path in args.bundle]
        new = [NewBundle(describe(path, fd, device), None, attachments) for path, fd in opened]
        stack.enter_context(publisher.storage.publishing())
        current = options.current_of(args, publisher)
        addition = add_bundles(publisher, current, args.channel, new, args.keep)
    if args.json:
        print(to_text(render.added_document(addition)), end="")
    else:
        print("\n".join(render.added_lines(addition)))
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
    options.add_keys(parser, "targets", "snapshot", "rollout", optional=["rollout"])
    add_list(parser, "--attach", "FILE", "files to publish next to the bundle, such as its SBOM")
    parser.add_argument(
        "--keep",
        metavar="N",
        type=int,
        default=12,
        help="the number of releases that stay in the channel, besides stepping stones; older ones go to "
        "the archive; default: 12",
    )
    options.add_lifetimes(parser, "targets", "rollout", "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, render.ADDED)
    args = parser.parse_args(argv)
    options.check_channel(args)
    if not 1 <= args.keep <= 32:
        raise UsageError(f"--keep: {args.keep} is not from 1 to 32")
    if args.attach and len(args.bundle) > 1:
        raise UsageError("--attach: belongs to one BUNDLE; add the bundles one by one")
    return args
