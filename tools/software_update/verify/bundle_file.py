"""Verifies a bundle file: reads it as a stream, and hashes payloads only if the metadata is good."""

from collections.abc import Sequence
from typing import NamedTuple

from software_update.base.hashing import OnChunk, hash_each, sha256_range
from software_update.bundle.decompress import content_problem
from software_update.bundle.envelope import Envelope, Payload
from software_update.bundle.reader import read_envelope, read_user_manifest
from software_update.format.messages import Target
from software_update.format.metadata import Installed, Targets
from software_update.format.verdicts import Refused
from software_update.verify.device import Device
from software_update.verify.payloads import first_wrong_length, verify_payloads
from software_update.verify.recovery import former_root
from software_update.verify.roots import verify_roots
from software_update.verify.targets import VerifiedRelease, verify_targets


class Verified(NamedTuple):
    """An accepted release, with the parts of the file that were read and hashed for the verdict."""

    release: VerifiedRelease
    envelope: Envelope
    payloads: list[Payload]


def verify_bundle(fd: int, device: Device) -> VerifiedRelease:
    """Returns the release in the bundle file `fd`. Raises Refused if the device rejects the bundle.

    It hashes payloads only after it has verified the metadata.
    """
    return verify_file(fd, device).release


def verify_file(fd: int, device: Device) -> Verified:
    """As verify_bundle, with everything that it read."""
    envelope, release = _read_release(fd, device)
    payloads = hash_payloads(fd, release.targets, envelope.payloads)
    _verify_payloads(device, release, payloads)
    return Verified(release, envelope, payloads)


def verify_running(fd: int, device: Device) -> Verified:
    """As verify_file, for the bundle of a release that the device runs: it may leave out payloads.

    The user_manifest must be there, because the bundle describes the release.
    """
    envelope, release = _read_release(fd, device)
    payloads = hash_payloads(fd, release.targets, envelope.payloads)
    runs = Installed(release.targets, release.user_manifest, release.manifest)
    verify_payloads(release.targets, payloads, release.user_manifest, runs)
    return Verified(release, envelope, payloads)


def check_lengths(fd: int, device: Device) -> None:
    """Refuses a bundle with a payload of a wrong length, and bad metadata, as verify_bundle does.

    It reads no payload that can be left unread. For callers that would copy the whole file first.
    """
    envelope, release = _read_release(fd, device)
    if first_wrong_length(release.targets, envelope.payloads) < len(envelope.payloads):
        payloads = hash_payloads(fd, release.targets, envelope.payloads)
        _verify_payloads(device, release, payloads)


def _read_release(fd: int, device: Device) -> tuple[Envelope, VerifiedRelease]:
    try:
        envelope = read_envelope(fd)
    except Refused as refused:
        raise refused.about("", "bundle") from None
    return envelope, verify_metadata(envelope, read_user_manifest(fd, envelope), device)


def _verify_payloads(device: Device, release: VerifiedRelease, payloads: Sequence[Payload]) -> None:
    verify_payloads(release.targets, payloads, release.user_manifest, device.installed)


def verify_metadata(
    envelope: Envelope, user_manifest: bytes | None, device: Device
) -> VerifiedRelease:
    """Returns the release that the bundle's metadata describes, or raises Refused."""
    trusted = verify_roots(device, envelope.root_chain, envelope.root)
    former = None
    if device.installed:
        former = former_root(
            device.installed, device.installed_root, device.root, envelope.root_chain
        )
    return verify_targets(device, trusted, envelope.targets, user_manifest, former)


def hash_payloads(fd: int, targets: Targets, payloads: Sequence[Payload]) -> list[Payload]:
    """Hashes and decompresses the payloads that can change the verdict, large ones side by side.

    These are the ones that `targets` lists, up to the first of a wrong length. The other digests are empty.
    """
    listed = {target.name: target for target in targets.targets}
    end = first_wrong_length(targets, payloads)
    lengths = [_work(listed[each.name]) if each.name in listed else 0 for each in payloads[:end]]
    lengths += [0] * (len(payloads) - end)

    def hash_payload(index: int, on_chunk: OnChunk) -> Payload:
        entry = payloads[index]
        target = listed.get(entry.name)
        if index >= end or target is None:
            return Payload(entry.name, entry.offset, entry.length)
        digest = sha256_range(fd, entry.offset, entry.length, on_chunk)
        problem = ""
        # Only bytes that the metadata lists reach the decompressor.
        if target.compression and digest == target.sha256:
            problem = content_problem(fd, entry, target.compression, on_chunk)
        return Payload(entry.name, entry.offset, entry.length, digest, problem)

    return hash_each("verify", lengths, hash_payload)


def _work(target: Target) -> int:
    """Returns the number of bytes to hash for a target: its payload's, and those of its content."""
    return target.length + (target.compression.original_length if target.compression else 0)
