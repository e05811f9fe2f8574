"""Compares the payloads of a bundle with its targets metadata (TUF specification 1.0.34, 5.7). Pure."""

from collections.abc import Sequence

from software_update.bundle.envelope import Payload
from software_update.format.messages import SHA256
from software_update.format.metadata import Installed, Targets
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Verdict
from software_update.verify.target_list import about_target


def first_wrong_length(targets: Targets, payloads: Sequence[Payload]) -> int:
    """Returns the index of the first payload that is not as long as `targets` lists it.

    Returns len(payloads) if there is none. No digest of that payload, or of one after it, changes the
    verdict.
    """
    listed = {target.name: target.length for target in targets.targets}
    for index, payload in enumerate(payloads):
        if payload.length != listed.get(payload.name, payload.length):
            return index
    return len(payloads)


def verify_payloads(
    targets: Targets,
    payloads: Sequence[Payload],
    user_manifest: bytes | None = None,
    installed: Installed | None = None,
) -> None:
    """Checks that `payloads`, in the bundle's order, are the ones that `targets` lists (5.7.2).

    A payload may be left out if the installed release has a target of the same name and content, compressed
    or not. So may the user_manifest, if `user_manifest` is its content.
    """
    listed = {target.name: target for target in targets.targets}
    for payload in payloads:
        target = listed.get(payload.name)
        if target is None:
            continue
        if payload.length != target.length:
            raise about_target(
                Verdict.LENGTH_MISMATCH,
                payload.name,
                f"{payload.length} bytes, the metadata lists {target.length}",
            )
        if payload.sha256 != target.sha256:
            raise about_target(
                Verdict.HASH_MISMATCH, payload.name, "its SHA-256 is not the one in the metadata"
            )
        if payload.content_problem:
            raise about_target(Verdict.DECOMPRESSION_FAILED, payload.name, payload.content_problem)
    present = {payload.name for payload in payloads}
    _check_complete(targets, present, user_manifest, installed)


def _check_complete(
    targets: Targets,
    present: set[str],
    user_manifest: bytes | None,
    installed: Installed | None,
) -> None:
    on_device = _payloads_on(installed) if installed else set()
    for target in targets.targets:
        if target.name == USER_MANIFEST and user_manifest is not None:
            continue
        if target.name in present:
            continue
        original = target.original
        if (target.name, original.length, original.sha256) not in on_device:
            raise about_target(
                Verdict.MISSING_PAYLOAD, target.name, "not in the bundle, nor installed"
            )
    for name in sorted(present - {target.name for target in targets.targets}):
        raise about_target(
            Verdict.UNLISTED_PAYLOAD, name, "in the bundle, but the metadata does not list it"
        )


def _payloads_on(installed: Installed) -> set[tuple[str, int, bytes]]:
    """Name, length and SHA-256 of what the device has; its user_manifest is kept apart."""
    return {
        (each.name, each.length, digest)
        for each in (target.original for target in installed.targets.targets)
        for function, digest in each.hashes
        if function == SHA256 and each.name != USER_MANIFEST
    }
