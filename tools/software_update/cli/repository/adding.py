"""Parts of the two commands that publish bundles: their arguments, and the publication itself."""

import argparse
import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from software_update.base import files
from software_update.base.errors import InputError, UsageError, printable
from software_update.base.strict_json import to_text
from software_update.cli.options.schemes import schemes_of
from software_update.cli.repository import arguments as options
from software_update.cli.repository import text as render
from software_update.cli.repository.beside import files_with
from software_update.format.catalog import CatalogEntry, entry_of

if TYPE_CHECKING:
    from software_update.format.metadata import Installed
    from software_update.repository.attach import Attachment

_MOST_KEPT = 32
_MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024


class BundleFile(NamedTuple):
    """The path of a bundle, and the release that devices of a personalized bundle run; None for a full one.

    `base` is the path of that release, `base_version` its version in the channel.
    """

    path: str
    base: str | None = None
    base_version: str | None = None


def add_publication(parser: argparse.ArgumentParser) -> None:
    """Adds the keys, --keep, --no-fleet, the lifetimes, --now and --json."""
    options.add_keys(parser, "targets", "snapshot", "rollout", optional=["rollout"])
    parser.add_argument(
        "--keep",
        metavar="N",
        type=int,
        default=12,
        help="the number of releases that stay in the channel, besides stepping stones; older ones go to "
        "the archive; default: 12",
    )
    parser.add_argument(
        "--no-fleet",
        action="store_true",
        help="do not show what devices do with the bundles, and read no published bundle",
    )
    options.add_lifetimes(parser, "targets", "rollout", "snapshot", "timestamp")
    options.add_now(parser)
    options.add_json(parser, render.ADDED)


def check_publication(args: argparse.Namespace) -> None:
    """Raises UsageError for values that are not valid."""
    if not 1 <= args.keep <= _MOST_KEPT:
        raise UsageError(f"--keep: {args.keep} is not from 1 to {_MOST_KEPT}")


def publish(
    args: argparse.Namespace,
    bundles: Sequence[BundleFile],
    attach: Sequence[str] = (),
) -> None:
    """Publishes bundles in the channel `args.channel`, all at once, and prints the result.

    Each is verified as by a device with the root `args.trusted_root`, and with its base if it has one.
    `attach` are the paths of attachments, besides the files next to each bundle.
    """
    from software_update.repository.add import NewBundle, add_bundles
    from software_update.repository.bundle_file import describe
    from software_update.steps.release_list import read_base
    from software_update.verify.device import Device
    from software_update.verify.trust_files import read_trusted_root

    publisher = options.publisher_of(args, "targets", "snapshot", "rollout")
    schemes = schemes_of(args)
    root = read_trusted_root(args.trusted_root, schemes)
    with contextlib.ExitStack() as stack:
        new = []
        for path, base, version in bundles:
            installed = None if base is None else read_base(base, schemes)
            device = Device(root, installed, at=publisher.now, schemes=schemes)
            described = describe(path, stack.enter_context(files.open_input(path)), device)
            entry = version if installed is None else _entry(str(base), installed)
            new.append(NewBundle(described, entry, attachments_of(files_with(path, attach))))
        stack.enter_context(publisher.storage.publishing())
        current = options.current_of(args, publisher)
        fleet = not args.no_fleet
        addition = add_bundles(publisher, current, args.channel, new, args.keep, fleet=fleet)
    if args.json:
        print(to_text(render.added_document(addition)), end="")
    else:
        print("\n".join(render.added_lines(addition)))


def attachments_of(paths: Mapping[str, str]) -> "list[Attachment]":
    """Reads the files of attachments; `paths` has their paths by name."""
    from software_update.repository.attach import Attachment

    return [
        Attachment(name, files.read_input(path, _MAX_ATTACHMENT_BYTES))
        for name, path in paths.items()
    ]


def _entry(path: str, installed: "Installed") -> CatalogEntry:
    """Returns the entry of a release that devices run."""
    if installed.release is None:
        raise InputError(
            f"{printable(path)}: has no release manifest; name a release that has one, or publish the whole "
            "bundle only"
        )
    digest = hashlib.sha256(installed.targets.serialized).hexdigest()
    return entry_of(installed.release, digest, first_part=0)
