"""Partial bundles: the targets of an earlier release stay, except those that are replaced or removed.

earlier = read_earlier("bundle_7.installed.pb", root)
targets = new_list([Target.of("app", 5, sha256)], 8, earlier, removes=["logo"])
"""

from collections.abc import Sequence
from typing import NamedTuple

from software_update.base import files
from software_update.base.errors import Advice, InputError, UsageError, shown
from software_update.format import limits, metadata
from software_update.format.messages import Target
from software_update.format.metadata import TARGETS, Root, Targets
from software_update.format.names import USER_MANIFEST, clash
from software_update.format.verdicts import Refused
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.verify.installed import read_installed
from software_update.verify.quorum import check_threshold
from software_update.verify.target_list import check_targets


class Earlier(NamedTuple):
    """An earlier release: the file that lists its targets, its version, and its targets."""

    path: str
    version: int
    targets: tuple[Target, ...]

    @property
    def payloads(self) -> frozenset[Target]:
        """The targets whose payloads a device with this release has; it keeps the user_manifest apart."""
        return frozenset(each for each in self.targets if each.name != USER_MANIFEST)


def read_earlier(path: str, root: Root | None, schemes: Schemes = DEFAULT_SCHEMES) -> Earlier:
    """Reads an earlier release from an installed manifest or a bundle.

    Does not read the payloads of a bundle, and checks its signatures against `root`; with None, it does
    not check them. An installed manifest has no signatures: a device wrote it, or a verification.

    Raises InputError for another file, and for a bundle that too few keys of `root` have signed.
    """
    found = read_installed(path, schemes)
    if found.is_bundle and root is not None:
        try:
            signed = metadata.find_signed(TARGETS, found.signed_targets)
            check_threshold(signed, root, root.targets, "the root's")
        except Refused as refused:
            raise InputError(
                f"{path}: the root of the new bundle does not accept this bundle ({refused}); use its "
                "installed manifest"
            ) from None
    return _earlier(path, found.release.targets)


def read_earlier_metadata(path: str) -> Earlier:
    """Reads an earlier release from unsigned targets metadata of the same build.

    Raises InputError for another file.
    """
    content = files.read_input(path, limits.MAX_TARGETS_METADATA_BYTES)
    try:
        return _earlier(path, metadata.parse_targets(content))
    except Refused as refused:
        raise InputError(f"{path}: not targets metadata ({refused}); make it again") from None


def _earlier(path: str, targets: Targets) -> Earlier:
    try:
        check_targets(targets)
    except Refused as refused:
        raise InputError(
            f"{path}: no device has installed these targets ({refused}); name another release"
        ) from None
    return Earlier(
        path, targets.common.version, tuple(each.as_written() for each in targets.targets)
    )


def new_list(
    targets: Sequence[Target], version: int, earlier: Earlier, removes: Sequence[str] = ()
) -> list[Target]:
    """Returns the targets of `earlier`, with those in `targets` replaced or added, and without `removes`.

    Raises UsageError if `version` is not higher than that of `earlier`, for a name in `removes` that
    `earlier` lacks or `targets` has, for a `user_manifest` that would stay, and for a list that no
    bundle can have.
    """
    if version <= earlier.version:
        raise UsageError(
            f"version {version}: {earlier.path} has version {earlier.version}; use a higher one"
        )
    given = {each.name for each in targets}
    _check_removes(removes, given, earlier)
    kept = [each for each in earlier.targets if each.name not in {*given, *removes}]
    if any(each.name == USER_MANIFEST for each in kept):
        raise UsageError(
            f"{earlier.path}: lists a {USER_MANIFEST}, which describes only that release; state one for "
            "the new release",
            Advice.STATE_USER_MANIFEST,
        )
    return _checked([*kept, *targets], earlier.path)


def _check_removes(removes: Sequence[str], given: set[str], earlier: Earlier) -> None:
    listed = {each.name for each in earlier.targets}
    for name in removes:
        if name not in listed:
            raise UsageError(
                f"removes '{shown(name)}': {earlier.path} has no such target; correct the name"
            )
        if name in given:
            raise UsageError(
                f"removes '{shown(name)}': the new release has a payload for it; leave out one of the two"
            )


def _checked(targets: list[Target], path: str) -> list[Target]:
    twice = clash(each.name for each in targets)
    if twice:
        raise UsageError(
            f"target '{twice[1]}' differs only in case from '{twice[0]}' of {path}; rename it, or "
            "remove the other"
        )
    if not 1 <= len(targets) <= limits.MAX_TARGETS:
        raise UsageError(
            f"{len(targets)} targets with those of {path}; a bundle has 1 to {limits.MAX_TARGETS}"
        )
    return targets
