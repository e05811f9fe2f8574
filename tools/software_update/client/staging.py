"""Brings the bytes of a verified release into a slot, and proves that they are there.

The slot is unbootable meanwhile, so bytes may be written before they are verified. Every byte is hashed on
its way, and read back from the medium afterwards: only the second hash leads to activation.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import dataclass
from posixpath import dirname

from software_update.base.errors import shown
from software_update.bundle.envelope import Envelope, Payload
from software_update.bundle.head import MetadataAfterPayloads, Rest, read_head, read_whole
from software_update.client.copying import Copy, copy_hashed
from software_update.client.domain import Domain, installer_of
from software_update.client.installer import Installer
from software_update.client.payload_copy import Input, Means, SlotCopy, read_target
from software_update.client.release import (
    SlotTarget,
    offered_digest,
    payload_targets,
    release_digest,
    slot_targets,
)
from software_update.client.source import OpenBundle, Source, SourceError, first_part_of
from software_update.client.state import Code
from software_update.client.system import Storage
from software_update.format.metadata import Installed, Targets
from software_update.format.names import USER_MANIFEST
from software_update.verify.payloads import verify_payloads

# After a cut, a part that is on the medium, one that is not, and the compared bytes are fetched again: 1 MiB.
_PART_BYTES = 480 * 1024
# More than the metadata of most bundles.
_COMPARED_BYTES = 64 * 1024


class PlanFailed(Exception):
    """The plan cannot go on: a code, and the place and reason in one line."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Base:
    """The release in the slot that runs, from which a personalized bundle takes payloads."""

    slot: str
    installed: Installed


def write_slot(
    domain: Domain,
    slot: str,
    release: Installed,
    bundle: OpenBundle,
    base: Base | None,
    means: Means,
) -> None:
    """Writes all targets of `release` into a slot, from a bundle and, for those it lacks, from `base`.

    It fetches a target that `base` lacks by now from the domain's full bundle, if there is one. After an
    interruption, it continues downloads, and keeps targets that are complete. Raises Refused for wrong bytes,
    PlanFailed, SourceError and OSError.
    """
    slot_copy = SlotCopy(means, domain.name, slot, release_digest(release.targets))
    entries = _entries(bundle, release.targets, expected=not slot_copy.continues)
    slot_copy.begin(each.installer for each in domain.places)
    listed = {each.name: each for each in payload_targets(release.targets)}
    found: list[Payload] = []
    for entry in entries:
        target = listed.get(entry.name)
        if target is None or entry.length != target.length:
            # verify_payloads rejects it; its bytes are not read.
            found.append(entry)
            continue
        # Before a part that waits, nothing else may be fetched than this payload.
        skips = slot_copy.part not in ("", entry.name)
        end = entry.offset + entry.length if skips else bundle.size()
        installer = installer_for(domain, entry.name)
        digest = slot_copy.take(installer, target, Input(bundle, entry, end))
        found.append(Payload(entry.name, entry.offset, entry.length, digest))
        if digest != target.sha256:
            break
    base_release = base.installed if base else None
    verify_payloads(release.targets, found, release.user_manifest, base_release)
    present = {each.name for each in found}
    absent = [each for each in slot_targets(release.targets) if each.name not in present]
    if base is None:
        return
    changed = [each for each in absent if not _taken_from_base(domain, slot_copy, each, base)]
    if changed and domain.full_bundle is None:
        raise _base_changed(base.slot, changed[0])
    if changed and domain.full_bundle is not None:
        names = {each.name for each in changed}
        _copy_from_full(domain, slot_copy, release, domain.full_bundle, names)


def _entries(bundle: OpenBundle, targets: Targets, *, expected: bool = True) -> Iterator[Payload]:
    """Finds the payloads of a bundle. Raises PlanFailed if it offers another release by now.

    `expected` says that all of them are going to be read.
    """
    if bundle.can_reread:
        envelope = read_whole(bundle).envelope
        _check_same(envelope, targets)
        return (each for each in envelope.payloads if each.name != USER_MANIFEST)
    head = read_head(bundle, first_part_of(bundle))
    _check_same(head.envelope, targets)
    if expected:
        bundle.expect(head.end, bundle.size() - head.end)
    return _rest(Rest(bundle, head))


def _rest(rest: Rest) -> Iterator[Payload]:
    try:
        yield from rest.payloads()
    except MetadataAfterPayloads as error:
        raise PlanFailed(Code.ORDER_NOT_TAKEN, str(error)) from None


def _check_same(envelope: Envelope, targets: Targets) -> None:
    expected = release_digest(targets)
    if offered_digest(envelope) != expected:
        raise PlanFailed(
            Code.RELEASE_CHANGED,
            f"the source does not offer release {expected[:16]}... any more; check again",
        )


def _taken_from_base(domain: Domain, slot_copy: SlotCopy, target: SlotTarget, base: Base) -> bool:
    """Copies a target that the bundle lacks from the slot that runs, and hashes it on the way.

    Returns whether it was the listed one; if not, the slot does not have it.
    """
    installer = installer_for(domain, target.name)
    if slot_copy.has(installer, target):
        return True
    if slot_copy.part == target.name:
        return False  # The base has another one, so it was being fetched.
    writer = installer.begin(slot_copy.slot, target.name, target.length)
    try:
        digest = slot_copy.means.copy(read_target(installer, base.slot, target), writer.write)
    except FileNotFoundError:
        writer.abort()
        return False
    except BaseException:
        writer.abort()
        raise
    if digest != target.sha256:
        writer.abort()
        return False
    writer.finish()
    return True


def _copy_from_full(
    domain: Domain, slot_copy: SlotCopy, release: Installed, source: Source, names: Set[str]
) -> None:
    """Copies targets from the full bundle of a release. Of other payloads, it reads only the headers."""
    bundle = source.open()
    if bundle is None:
        raise SourceError(f"{source.describe()}: offers no bundle now")
    listed = {each.name: each for each in payload_targets(release.targets)}
    left = set(names)
    try:
        for entry in _entries(bundle, release.targets, expected=False):
            if entry.name not in left:
                continue
            target = listed[entry.name]
            digest = b""
            if entry.length == target.length:
                payload = Input(bundle, entry, entry.offset + entry.length)
                digest = slot_copy.take(installer_for(domain, entry.name), target, payload)
            if digest != target.sha256:
                # It rejects this payload, for its length or digest.
                found = Payload(entry.name, entry.offset, entry.length, digest)
                verify_payloads(release.targets, [found], release.user_manifest)
            left.remove(entry.name)
    finally:
        bundle.close()
    if left:
        raise PlanFailed(
            Code.BASE_CHANGED, f"{source.describe()}: lacks target '{shown(min(left))}'"
        )


def _base_changed(slot: str, target: SlotTarget) -> PlanFailed:
    return PlanFailed(
        Code.BASE_CHANGED,
        f"target '{shown(target.name)}' in slot {slot} is not the installed one; "
        "install the full bundle, or set full_bundle",
    )


def verify_slot(
    domain: Domain,
    slot: str,
    targets: Targets,
    on_progress: Callable[[int], None],
    copy: Copy = copy_hashed,
    skipped: Collection[str] = (),
) -> None:
    """Reads targets back from the medium and hashes them. Raises PlanFailed for the first wrong one."""
    for target in slot_targets(targets):
        if target.name in skipped:
            continue
        chunks = read_target(installer_for(domain, target.name), slot, target)
        try:
            digest = copy(chunks, lambda chunk: on_progress(len(chunk)))
        except FileNotFoundError:
            digest = b""
        if digest != target.sha256:
            raise PlanFailed(
                Code.INSTALL_FAILED,
                f"slot {slot}: target '{shown(target.name)}' reads back differently; check the medium",
            )


def installer_for(domain: Domain, target: str) -> Installer:
    """Returns the installer that takes a target. Raises PlanFailed if none does."""
    installer = installer_of(domain, target)
    if installer is None:
        raise PlanFailed(Code.NO_PLACE, no_place(domain, target))
    return installer


def no_place(domain: Domain, target: str) -> str:
    """Returns the sentence about a target that no installer takes."""
    return (
        f"no installer of domain '{domain.name}' takes target '{shown(target)}'; "
        "add it to an installer's targets"
    )


def copy_to_store(
    storage: Storage,
    path: str,
    targets: Targets,
    bundle: OpenBundle,
    on_progress: Callable[[int], None],
) -> None:
    """Copies a whole bundle into a file, and continues after the bytes that the file has.

    Raises PlanFailed, and reads no payload, if the source offers another release than that of `targets`.
    Each part is on the medium before the next is written. So a power cut may have spoiled only the last
    one, which is copied again. A file that begins differently has another bundle, and is copied anew.
    """
    head = read_whole(bundle) if bundle.can_reread else read_head(bundle, first_part_of(bundle))
    _check_same(head.envelope, targets)
    file = storage.open_to_write(path)
    try:
        storage.sync_folder(dirname(path))
        offset = max(0, min(file.size(), bundle.size()) - 1) // _PART_BYTES * _PART_BYTES
        compared = min(offset, _COMPARED_BYTES)
        if compared and bundle.read(0, compared) != file.read(0, compared):
            offset = 0
        file.truncate(offset)
        bundle.expect(offset, bundle.size() - offset)
        while offset < bundle.size():
            chunk = bundle.read(offset, min(_PART_BYTES, bundle.size() - offset))
            file.write(offset, chunk)
            file.sync()
            offset += len(chunk)
            on_progress(len(chunk))
    finally:
        file.close()


def verify_stored(
    release: Installed,
    bundle: OpenBundle,
    base: Base | None,
    on_progress: Callable[[int], None],
) -> None:
    """Hashes the payloads of a stored bundle. Raises Refused as a verifier does, and PlanFailed."""
    listed = {each.name: each for each in payload_targets(release.targets)}
    found = []
    for entry in _entries(bundle, release.targets):
        hasher = hashlib.sha256()
        if entry.name in listed and entry.length == listed[entry.name].length:
            for chunk in Input(bundle, entry, bundle.size()).chunks():
                hasher.update(chunk)
                on_progress(len(chunk))
        found.append(Payload(entry.name, entry.offset, entry.length, hasher.digest()))
    verify_payloads(release.targets, found, release.user_manifest, base.installed if base else None)
