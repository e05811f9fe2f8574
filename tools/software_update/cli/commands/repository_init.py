"""repository init: make a repository in an empty place."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments as options


def run(argv: Sequence[str]) -> int:
    from software_update.repository.create import (
        RoleKeys,
        build_root,
        check_place,
        create_repository,
        left_root,
        sign_root,
    )
    from software_update.repository.current import read_trusted_root
    from software_update.repository.names import Kind, parse_lifetime

    args = _arguments(argv)
    publisher = options.publisher_of(args, "targets", "snapshot")
    rollout = options.public_keys_of(args, "rollout")
    check_place(publisher.storage)
    if args.root is not None:
        path, root = args.root, read_trusted_root(args.root)
    else:
        signers = options.signers_of(args, "root")
        expires = publisher.now + parse_lifetime(args.root_expires, "--root-expires")
        given = {Kind.ROOT: signers, **publisher.signers}
        keys = {
            kind: RoleKeys(
                [(each.name, each.public) for each in of_kind], getattr(args, f"{kind}_threshold")
            )
            for kind, of_kind in given.items()
        }
        built = build_root(keys, expires)
        path = args.output
        root = left_root(publisher.storage, built) or sign_root(built, signers)
        files.write_output(path, root)
    if "://" not in args.storage:
        files.make_folder(args.storage)
    create_repository(publisher, root, path, rollout)
    print(
        f"{printable(publisher.storage.describe())}: is a repository now; its root is {printable(path)}"
    )
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "repository init",
        "Makes a repository in an empty place: its first root, and empty lists. Devices get the root with "
        "their image.",
    )
    options.add_storage(parser)
    parser.add_argument(
        "--root",
        metavar="FILE",
        help="the signed root, from `repository root-create` and `repository root-sign`; instead of "
        "--root-key",
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="the file for the root; required with --root-key"
    )
    options.add_keys(parser, "root", "targets", "snapshot", optional=["root"])
    for kind in ("root", "targets", "snapshot"):
        parser.add_argument(
            f"--{kind}-threshold",
            metavar="N",
            type=int,
            default=1,
            help=f"the number of {kind} keys that must sign; default: 1",
        )
    parser.add_argument(
        "--rollout-public",
        metavar="PUB",
        action="append",
        required=True,
        help="the public key (PEM) of the rollout rules; repeat it for several keys, each of which may sign",
    )
    parser.add_argument(
        "--root-expires",
        metavar="LIFETIME",
        default="365d",
        help="the time after which the root expires; default: 365d",
    )
    options.add_lifetimes(parser, "targets", "snapshot", "timestamp")
    options.add_now(parser)
    args = parser.parse_args(argv)
    if (args.root is None) == (not args.root_key):
        raise UsageError("repository init: name a --root, or a --root-key, one of the two")
    if args.root is not None and args.output is not None:
        raise UsageError("--output: only with --root-key; a --root is a file already")
    if args.root is None and args.output is None:
        raise UsageError("--output: required with --root-key; name the file for the root")
    return args
