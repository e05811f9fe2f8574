"""Arguments of the commands for transparency logs: the log, the releases, the policy."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from software_update.base import files
from software_update.base.errors import printable
from software_update.cli.options.arguments import add_at, time_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format.refusals import NotDisclosed
from software_update.format.verdicts import Refused
from software_update.steps.release_list import RejectedBundle, read_base
from software_update.transparency.log_policy import MAX_POLICY_BYTES, LogPolicy, parse_log_policy
from software_update.transparency.record import ReleaseRecord, record_of
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.device import Device
from software_update.verify.targets import VerifiedRelease
from software_update.verify.trust_files import read_trusted_root

if TYPE_CHECKING:
    from software_update.repository.current import Readable
    from software_update.repository.storages.folder import FolderStorage


class Release(NamedTuple):
    """A verified bundle: its path, the release, and the record of the release."""

    path: str
    release: VerifiedRelease
    record: ReleaseRecord


def add_log(parser: argparse.ArgumentParser, *, web: bool = False) -> None:
    """DIR, the log. `web` says whether it may be the URL of a web server, too."""
    also = ", or its http:// or https:// address" if web else ""
    parser.add_argument(
        "log", metavar="DIR", help=f"the log: a folder that a web server serves{also}"
    )


def add_bundle(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """BUNDLE, or several of them, and how to verify them."""
    if several:
        parser.add_argument("bundles", metavar="BUNDLE", nargs="+", help="the bundles to add")
    else:
        parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
        parser.add_argument(
            "--installed",
            metavar="FILE",
            help="for a personalized bundle: the release that the device runs, an installed manifest or a "
            "bundle",
        )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        required=True,
        help="the signed root metadata that devices trust",
    )
    add_at(parser)
    add_schemes(parser)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """--log-policy FILE."""
    parser.add_argument(
        "--log-policy",
        metavar="FILE",
        required=True,
        help="the logs and witnesses that devices trust, and how many must cosign; see "
        "https://c2sp.org/tlog-policy",
    )


def add_json(parser: argparse.ArgumentParser, schema: str) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help=f"print {schema}")


def policy_of(args: argparse.Namespace) -> LogPolicy:
    """Reads the policy. Raises InputError if it is not valid."""
    content = files.read_input(args.log_policy, MAX_POLICY_BYTES)
    return parse_log_policy(content, printable(args.log_policy))


def folder_of(args: argparse.Namespace) -> "FolderStorage":
    """Returns the folder of the log."""
    from software_update.repository.storages.folder import FolderStorage

    return FolderStorage(args.log)


def readable_of(args: argparse.Namespace) -> "Readable":
    """Returns the folder or the web server of the log, to read from."""
    if args.log.startswith(("http://", "https://")):
        from software_update.repository.web import WebFolder

        return WebFolder(args.log)
    return folder_of(args)


def verified(args: argparse.Namespace, paths: Sequence[str]) -> list[Release]:
    """Verifies bundles as a device does. Raises RejectedBundle if the device rejects one.

    Raises NotDisclosed if one has no record.
    """
    schemes = schemes_of(args)
    base = getattr(args, "installed", None)
    device = Device(
        read_trusted_root(args.trusted_root, schemes),
        None if base is None else read_base(base, schemes),
        at=time_of(args),
        schemes=schemes,
    )
    found = []
    for path in paths:
        with files.open_input(path) as fd:
            try:
                release = verify_bundle(fd, device)
            except Refused as refused:
                raise RejectedBundle(f"{printable(path)}: {refused}", refused.advice) from None
        try:
            found.append(Release(path, release, record_of(release)))
        except NotDisclosed as error:
            raise NotDisclosed(error.refusal, error.detail, subject=printable(path)) from None
    return found
