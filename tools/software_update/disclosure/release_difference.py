"""The differences of two releases in their metadata and release manifests. Pure."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from software_update.base.dates import format_date
from software_update.disclosure.blast_radius import ADDED, CHANGED, REMOVED, KeyChange
from software_update.disclosure.disclosed import Disclosed
from software_update.format.claims import Attachment
from software_update.format.messages import CommonMetadata, Target
from software_update.format.metadata import TARGETS, Root, RootId
from software_update.format.release_manifest import Advisory, ReleaseManifest

Value: TypeAlias = str | int | bool | list[str] | None


class FieldChange(NamedTuple):
    """A field that two releases have different values of, such as root.version; None: it is not stated."""

    field: str
    old: Value
    new: Value


class TargetChange(NamedTuple):
    """A target that is added, removed or changed, as `change` says. None: that release does not list it."""

    name: str
    change: str
    old: Target | None
    new: Target | None

    @property
    def same_content(self) -> bool:
        """Says whether a device installs the same content, although the payload differs."""
        return bool(self.old and self.new) and _content(self.old) == _content(self.new)


class ReleaseDifference(NamedTuple):
    """The differences. `signers` are keys that signed one of them; empty if one has no signatures.

    `unchanged` is the number of targets that are the same in both.
    """

    fields: tuple[FieldChange, ...]
    signers: tuple[KeyChange, ...]
    targets: tuple[TargetChange, ...]
    unchanged: int

    @property
    def differ(self) -> bool:
        """Says whether there is a difference."""
        return bool(self.fields or self.signers or self.targets)


def release_difference(old: Disclosed, new: Disclosed) -> ReleaseDifference:
    """Returns all differences of two releases but those of their contents."""
    before, after = (
        {each.name: each for each in release.targets.targets} for release in (old, new)
    )
    targets = tuple(
        _target_change(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
    changed = len({each.name for each in targets} & after.keys())
    fields = tuple(_field_changes(old, new))
    signers = tuple(_signer_changes(old, new))
    if old.targets.serialized != new.targets.serialized and not (fields or targets):
        # A field that this version does not read, or another order.
        digests = (each.release_digest.hex() for each in (old, new))
        fields = (FieldChange("targets.sha256", *digests),)
    return ReleaseDifference(fields, signers, targets, len(after) - changed)


def _target_change(name: str, old: Target | None, new: Target | None) -> TargetChange:
    change = ADDED if old is None else REMOVED if new is None else CHANGED
    return TargetChange(name, change, old, new)


def _content(target: Target | None) -> tuple[int, bytes] | None:
    return (target.original.length, target.original.sha256) if target else None


def _field_changes(old: Disclosed, new: Disclosed) -> Iterator[FieldChange]:
    before, after = dict(_fields(old)), dict(_fields(new))
    if old.root and new.root:
        before.update(_root_fields(old.root))
        after.update(_root_fields(new.root))
    if old.root_id and new.root_id:
        before.update(_id_fields(old.root_id))
        after.update(_id_fields(new.root_id))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name), after.get(name))


def _fields(release: Disclosed) -> Iterator[tuple[str, Value]]:
    yield "targets.version", release.targets.common.version
    yield "targets.expires", _expires(release.targets.common)
    if release.manifest:
        yield from _manifest_fields(release.manifest)
    yield "release.attachments", [_attachment(each) for each in release.claims.attachments] or None


def _id_fields(root: RootId) -> Iterator[tuple[str, Value]]:
    yield "root.version", root.version
    yield "root.sha256", root.sha256.hex()


def _root_fields(root: Root) -> Iterator[tuple[str, Value]]:
    yield "root.expires", _expires(root.common)
    yield "root.allowed_targets", sorted(root.allowed_targets) or None
    yield "root.dev_keys", root.is_dev


def _expires(common: CommonMetadata) -> str | None:
    return format_date(common.expires[0]) if common.expires else None


def _manifest_fields(manifest: ReleaseManifest) -> Iterator[tuple[str, Value]]:
    """Yields the fields but the texts for people, which the difference of user_manifest shows."""
    yield "release.product", manifest.product
    yield "release.version", manifest.version
    yield "release.release_counter", manifest.counter
    yield "release.minimum_release_counter", manifest.minimum_counter
    yield "release.hardware_ids", sorted(manifest.hardware_ids) or None
    yield "release.kind", manifest.kind
    yield "release.severity", manifest.severity
    yield "release.advisories", [_advisory(each) for each in manifest.advisories] or None
    yield "release.duration", manifest.duration
    yield "release.unavailable_functions", list(manifest.unavailable_functions) or None
    yield "release.reversible", manifest.reversible
    yield "release.support_until", manifest.support_until


def _advisory(advisory: Advisory) -> str:
    return f"{advisory.id}: {advisory.severity}"


def _attachment(attachment: Attachment) -> str:
    return f"{attachment.name}: {attachment.length} bytes, sha256 {attachment.sha256}"


def _signer_changes(old: Disclosed, new: Disclosed) -> Iterator[KeyChange]:
    if old.signers is None or new.signers is None:
        return
    before, after = set(old.signers), set(new.signers)
    for key_id in sorted(before ^ after):
        yield KeyChange(TARGETS, key_id, ADDED if key_id in after else REMOVED)
