"""The release list of a build: the bundles that a repository is to list, and the root that verifies them.

A build verifies them and writes the list; `software-update repository publish` reads it elsewhere.
Paths in the file are relative to its own folder, so a build folder may move.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from software_update.base import files
from software_update.base.errors import (
    InputError,
    SoftwareUpdateError,
    UsageError,
    printable,
    shown,
)
from software_update.base.strict_json import parse_file, to_text
from software_update.format.catalog import channel_problem
from software_update.format.metadata import Installed
from software_update.format.release_manifest import ReleaseManifest
from software_update.format.verdicts import Refused
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.device import Device
from software_update.verify.installed import read_installed
from software_update.verify.trust_files import read_trusted_root

SCHEMA = "software_update.release_list.v1"

_MAX_BYTES = 1024 * 1024
_DIGEST = re.compile("[0-9a-f]{64}")


class ListedBundle(NamedTuple):
    """The path of a bundle to publish.

    `base` is the path of an installed manifest or a bundle: the release that devices run for which this
    bundle was personalized. It is None for a whole bundle. `release` is the release digest, in hexadecimal;
    None before the bundle is verified.
    """

    path: str
    base: str | None = None
    release: str | None = None


class ReleaseList(NamedTuple):
    """The bundles of one product to publish in a channel, the oldest release first.

    `trusted_root` is the path of the root that devices trust. `repository_root` is the path of the root of
    the repository, a JSON file; None if the build does not name it.
    """

    channel: str
    trusted_root: str
    bundles: tuple[ListedBundle, ...]
    repository_root: str | None = None


class RejectedBundle(SoftwareUpdateError):
    """A bundle that devices reject: the path, the verdict and its reason."""

    exit_code = Refused.exit_code


class _Release(NamedTuple):
    """A verified release: the path of its bundle, its release digest, and its release manifest."""

    path: str
    digest: bytes
    manifest: ReleaseManifest


def check_release_list(
    release_list: ReleaseList, schemes: Schemes = DEFAULT_SCHEMES
) -> ReleaseList:
    """Verifies each bundle from the trusted root as a device would, and checks that they fit together.

    Returns the list with the release digest of each bundle. It checks no expiry, because a build reads no
    clock. Raises RejectedBundle for a bundle that devices reject, UsageError for a channel that is not valid,
    and InputError for bundles that no repository lists.
    """
    problem = channel_problem(release_list.channel)
    if problem:
        raise UsageError(f"channel '{shown(release_list.channel)}': {problem}")
    root = read_trusted_root(release_list.trusted_root, schemes)
    whole: list[_Release] = []
    listed: list[ListedBundle] = []
    for each in release_list.bundles:
        installed = None if each.base is None else read_base(each.base, schemes)
        release = _verified(each.path, Device(root, installed, schemes=schemes))
        listed.append(each._replace(release=release.digest.hex()))
        if each.base is None:
            _check_follows(release, whole)
            whole.append(release)
        elif release.digest not in [other.digest for other in whole]:
            raise InputError(
                f"{printable(each.path)}: a personalized bundle of a release that is not listed before it; "
                "also publish the whole bundle, for devices with other releases"
            )
    return release_list._replace(bundles=tuple(listed))


def read_base(path: str, schemes: Schemes) -> Installed:
    """Returns the release that devices run, from an installed manifest or a bundle.

    It is as if they had accepted it under the trusted root, whichever root it names.
    """
    targets, user_manifest, release, _ = read_installed(path, schemes).release
    return Installed(targets, user_manifest, release)


def _verified(path: str, device: Device) -> _Release:
    with files.open_input(path) as fd:
        try:
            release = verify_bundle(fd, device)
        except Refused as refused:
            raise RejectedBundle(f"{printable(path)}: {refused}", refused.advice) from None
    if release.manifest is None:
        raise InputError(
            f"{printable(path)}: has no release manifest, by which devices choose a release; set "
            "user_manifest"
        )
    digest = hashlib.sha256(release.targets.serialized).digest()
    return _Release(path, digest, release.manifest)


def _check_follows(release: _Release, before: Sequence[_Release]) -> None:
    """InputError if a release does not fit those that are listed before it."""
    for other in before:
        problem = _problem(release.manifest, other.manifest)
        if problem:
            raise InputError(f"{printable(release.path)}: {problem} ({printable(other.path)})")


def _problem(new: ReleaseManifest, old: ReleaseManifest) -> str | None:
    if new.product != old.product:
        return (
            f"is of the product '{shown(new.product)}', and another bundle of '{shown(old.product)}'; "
            "publish each product by itself"
        )
    if new.version == old.version:
        return f"has the version of another release, '{shown(new.version)}'; give each its own"
    if new.counter <= old.counter:
        return (
            f"release counter {new.counter} is not above {old.counter}; list the oldest release first, "
            "and raise the counter of each"
        )
    return None


# The file.


def build(release_list: ReleaseList, folder: str) -> bytes:
    """Returns the content of a release list in `folder`."""

    def relative(path: str) -> str:
        return os.path.relpath(path, folder or ".").replace(os.sep, "/")

    bundles: list[dict[str, Any]] = []
    for each in release_list.bundles:
        base = {} if each.base is None else {"base": relative(each.base)}
        release = {} if each.release is None else {"release": each.release}
        bundles.append({"file": relative(each.path), **base, **release})
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "channel": release_list.channel,
        "trusted_root": relative(release_list.trusted_root),
    }
    if release_list.repository_root is not None:
        document["repository_root"] = relative(release_list.repository_root)
    return to_text(document | {"bundles": bundles}).encode()


def read(path: str) -> ReleaseList:
    """Reads a release list. Raises InputError if it is not one; nothing else is checked."""
    folder = os.path.dirname(path)

    def found(name: object) -> str:
        if not isinstance(name, str) or not name:
            raise ValueError
        return os.path.join(folder, name)

    try:
        fields = parse_file(path, files.read_input(path, _MAX_BYTES))
        if fields["schema"] != SCHEMA or not isinstance(fields["channel"], str):
            raise ValueError
        repository_root = fields.get("repository_root")
        return ReleaseList(
            fields["channel"],
            found(fields["trusted_root"]),
            tuple(
                ListedBundle(
                    found(each["file"]),
                    None if "base" not in each else found(each["base"]),
                    _release_of(each),
                )
                for each in fields["bundles"]
            ),
            None if repository_root is None else found(repository_root),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{printable(path)}: is not a release list ({SCHEMA}); name the file that the build writes"
        ) from None


def _release_of(bundle: dict[str, Any]) -> str | None:
    """Returns the release digest of a bundle in a list; None if it has none.

    Raises ValueError for another value.
    """
    if "release" not in bundle:
        return None
    release = bundle["release"]
    if not isinstance(release, str) or not _DIGEST.fullmatch(release):
        raise ValueError
    return release
