"""Reads the release that a device has installed: from the device's manifest, or from a bundle."""

from typing import NamedTuple

from software_update.base import files
from software_update.base.errors import Advice, InputError, short_id
from software_update.bundle.reader import begins_as_bundle, read_envelope, read_user_manifest
from software_update.format import limits, metadata
from software_update.format.metadata import Installed, Root, RootId
from software_update.format.names import USER_MANIFEST
from software_update.format.release_manifest import parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.verify.roots import trust_root
from software_update.verify.targets import listed_user_manifest
from software_update.verify.trust_files import read_trusted_root


class InstalledFile(NamedTuple):
    """An installed release, and the root that it may have been accepted under.

    `is_bundle` tells that it was read from a bundle, which nothing has judged. `signed_targets` is the
    signed targets metadata in that bundle.
    """

    release: Installed
    root: Root | None
    is_bundle: bool
    signed_targets: bytes = b""


def read_installed(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> InstalledFile:
    """Reads the installed release from a manifest or bundle file. Raises InputError if it is neither."""
    with files.open_input(path) as fd:
        return read_installed_file(fd, path, schemes)


def read_installed_file(fd: int, path: str, schemes: Schemes = DEFAULT_SCHEMES) -> InstalledFile:
    """As `read_installed`, for an open file that `path` names in errors."""
    try:
        if begins_as_bundle(fd):
            return _read_bundle(fd, schemes)
        with open(fd, "rb", closefd=False) as file:
            content = file.read(limits.MAX_MANIFEST_BYTES + 1)
        if len(content) > limits.MAX_MANIFEST_BYTES:
            raise InputError(
                f"{path}: larger than {limits.MAX_MANIFEST_BYTES} bytes, and not a bundle",
                Advice.WRITE_INSTALLED_MANIFEST,
            )
        return InstalledFile(metadata.parse_manifest(content), None, False)
    except Refused as refused:
        raise InputError(
            f"{path}: not a usable manifest or bundle of an installed release ({refused})",
            Advice.WRITE_INSTALLED_MANIFEST,
        ) from None


def read_installed_root(
    path: str, installed_path: str, installed: Installed, schemes: Schemes = DEFAULT_SCHEMES
) -> Root:
    """Reads the root that the user names for the installed release.

    Raises InputError if the manifest names another one.
    """
    root = read_trusted_root(path, schemes)
    if installed.root not in (None, root.id):
        version, sha256 = installed.root or root.id
        raise InputError(
            f"{path}: not the root that {installed_path} names (version {version}, SHA-256 "
            f"{short_id(sha256)}...); name that root"
        )
    return root


def check_trusted_root(
    path: str, trusted: Root, installed_path: str, accepted_under: RootId
) -> None:
    """InputError if `trusted` is older than the root of the installed release, or another of that version."""
    version, sha256 = accepted_under
    if trusted.common.version < version:
        raise InputError(
            f"{path}: root version {trusted.common.version}, but {installed_path} was accepted under "
            f"root version {version}; name the root that the device has now"
        )
    if trusted.common.version == version and trusted.id != accepted_under:
        raise InputError(
            f"{path}: differs from the root version {version} under which {installed_path} was "
            f"accepted (SHA-256 {short_id(sha256)}...); name that root"
        )


def _read_bundle(fd: int, schemes: Schemes) -> InstalledFile:
    """The release that a bundle describes, as a device that installed it has it.

    Its root is the one in the bundle: no device accepts the bundle under an older root, or under
    another one of that version. Without one, the device kept a root that the bundle does not name.
    """
    content = read_envelope(fd)
    if content.targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "has no targets metadata")
    _, targets = metadata.parse_signed_targets(content.targets)
    user_manifest = listed_user_manifest(targets, read_user_manifest(fd, content), None)
    if user_manifest is None and any(each.name == USER_MANIFEST for each in targets.targets):
        raise Refused(Verdict.MISSING_PAYLOAD, "does not contain the user_manifest that it lists")
    root = None if content.root is None else trust_root(content.root, schemes)
    release = None if user_manifest is None else parse_release(user_manifest)
    installed = Installed(targets, user_manifest, release, root.id if root else None)
    return InstalledFile(installed, root, True, content.targets)
