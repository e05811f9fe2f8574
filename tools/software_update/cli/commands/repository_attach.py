"""repository attach: publish attachments of a release that is published already."""

import argparse
import os
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_list
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text
from software_update.cli.repository.adding import attachments_of
from software_update.cli.repository.beside import checked
from software_update.format.names import PROOF


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    from software_update.repository.attach import attach

    named = [(os.path.basename(each), each) for each in args.attach]
    attachments = attachments_of(checked([*named, *((PROOF, each) for each in args.proof)]))
    publisher = options.publisher_of(args, "targets", "snapshot")
    with publisher.storage.publishing():
        current = options.current_of(args, publisher)
        attached = attach(
            publisher,
            current,
            args.product,
            args.channel,
            args.release,
            attachments,
            replace=args.replace,
        )
    if args.json:
        print(to_text(text.attached_document(attached)), end="")
    else:
        print("\n".join(text.attached_lines(attached)))
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository attach",
        "Publishes files next to the bundle of a release that is published already, such as an auditor's "
        "statement. The bundle stays as it is, and a device that does not ask for them never fetches them.",
    )
    options.add_storage(parser)
    add_list(
        parser, "--attach", "FILE", "the files, each of which keeps its name in the repository"
    )
    parser.add_argument(
        "--proof",
        metavar="FILE",
        action="append",
        default=[],
        help="the proof that the release is in a log, which gets the name tlog-proof",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="replace attachments of the same name, such as a proof that more witnesses have signed since",
    )
    options.add_channel(parser)
    parser.add_argument(
        "--release", metavar="VERSION", required=True, help="the version of the release"
    )
    options.add_trusted_root(parser)
    options.add_keys(parser, "targets", "snapshot")
    options.add_lifetimes(parser, "targets", "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, text.ATTACHED)
    args = parser.parse_args(argv)
    options.check_channel(args)
    if not args.attach and not args.proof:
        raise UsageError("--attach: is missing; name a file with it, or a proof with --proof")
    return args
