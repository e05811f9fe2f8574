"""Makes the page of a release from its metadata and claims. Pure."""

import hashlib
from collections.abc import Mapping, Sequence

from software_update.base.dates import format_date
from software_update.disclosure.blast_radius import blast_radius, content_of
from software_update.disclosure.disclosed import Disclosed
from software_update.disclosure.page import (
    ADDED,
    CHANGED,
    SAME,
    PageFile,
    PageKey,
    PageRoot,
    PageTarget,
    Previous,
    ReleasePage,
)
from software_update.format.messages import KEY_SCHEMES, CommonMetadata, Target
from software_update.format.metadata import Root
from software_update.keys.dev_key_ids import DEV_KEY_IDS


def page_of_release(
    release: Disclosed,
    previous: Disclosed | None = None,
    *,
    is_verified: bool,
    not_checked: Sequence[str] = (),
    file: str = "",
    size: int = 0,
    files: Sequence[PageFile] = (),
) -> ReleasePage:
    """Returns the page of a release, compared with the previous one.

    `file` and `size` are the name of the bundle, and its length in bytes. `files` accompany it.
    """
    common = release.targets.common
    before = (
        {each.name: content_of(each) for each in previous.targets.targets} if previous else None
    )
    payloads = {each.name for each in release.payloads}
    return ReleasePage(
        is_verified=is_verified,
        is_dev=release.root is not None and release.root.is_dev,
        file=file,
        size=size,
        release_digest=hashlib.sha256(release.targets.serialized).hexdigest(),
        manifest=release.manifest,
        radius=blast_radius(previous, release),
        claims=release.claims,
        targets_version=common.version,
        targets_expires=_expires(common),
        targets=tuple(
            _target(each, before, each.name in payloads) for each in release.targets.targets
        ),
        root=None if release.root is None else _root(release.root),
        signers=tuple(each.hex() for each in release.signers or ()),
        not_checked=tuple(not_checked),
        previous=None if previous is None else _previous(previous, release),
        files=tuple(files),
    )


def _target(
    target: Target, before: Mapping[str, tuple[int, bytes]] | None, in_bundle: bool
) -> PageTarget:
    change = None
    if before is not None:
        old = before.get(target.name)
        change = ADDED if old is None else SAME if old == content_of(target) else CHANGED
    original = target.compression
    return PageTarget(
        target.name,
        target.length,
        target.sha256.hex(),
        original.original_length if original else None,
        original.original_sha256.hex() if original else None,
        change,
        in_bundle,
    )


def _root(root: Root) -> PageRoot:
    roles = {"root": root.root, "targets": root.targets}
    return PageRoot(
        version=root.common.version,
        sha256=root.id.sha256.hex(),
        expires=_expires(root.common),
        thresholds=tuple((name, role.threshold) for name, role in roles.items()),
        keys=tuple(
            PageKey(
                key.key_id.hex(),
                KEY_SCHEMES.get(key.scheme, str(key.scheme)),
                tuple(name for name, role in roles.items() if key.key_id in role.key_ids),
                key.key_id.hex() in DEV_KEY_IDS,
            )
            for key in root.keys
        ),
        allowed_targets=root.allowed_targets,
    )


def _previous(previous: Disclosed, release: Disclosed) -> Previous:
    names = {each.name for each in release.targets.targets}
    manifest = previous.manifest
    return Previous(
        manifest.version if manifest else None,
        manifest.counter if manifest else None,
        tuple(each.name for each in previous.targets.targets if each.name not in names),
    )


def _expires(common: CommonMetadata) -> str | None:
    return format_date(common.expires[0]) if common.expires else None
