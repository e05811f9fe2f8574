"""Predicts what devices in the field do with a bundle: one verdict for each kept release and hardware id.

A *kept release* is the installed manifest of a release that devices run. If a device needs another release
first, the prediction names the shortest way over kept releases, by their release manifests.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from software_update.base.errors import InputError, short_id
from software_update.bundle.envelope import Payload
from software_update.bundle.reader import read_envelope, read_user_manifest
from software_update.format.metadata import Installed, Root
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.verify.bundle_file import hash_payloads, verify_metadata
from software_update.verify.device import Device
from software_update.verify.payloads import verify_payloads


class KeptRelease(NamedTuple):
    """A release that devices run, and the root that these devices trust."""

    release: Installed
    root: Root

    @property
    def name(self) -> str:
        """The product and its version for people, or the targets version without a release manifest."""
        manifest = self.release.release
        if manifest is None:
            return f"targets version {self.release.targets.common.version}"
        return f"{manifest.product} {manifest.version}"


class Prediction(NamedTuple):
    """The verdict of the devices with one kept release and hardware id; None is unknown hardware.

    `first` names the releases to install before, in their order.
    """

    kept: KeptRelease
    hardware_id: str | None
    verdict: Verdict
    first: tuple[str, ...]


def trusted_by(path: str, installed: Installed, roots: Sequence[tuple[str, Root]]) -> Root:
    """Returns the root that a device trusts: the one that its manifest names, among `roots` with their paths.

    Returns the first of them if the manifest names none. Raises InputError if it names another one.
    """
    if installed.root is None:
        return roots[0][1]
    for _, root in roots:
        if root.id == installed.root:
            return root
    version, sha256 = installed.root
    raise InputError(
        f"{path}: its device trusts root version {version} (SHA-256 {short_id(sha256)}...), which is none of "
        "the trusted roots; name that root, too"
    )


def predict(
    fd: int,
    kept: Sequence[KeptRelease],
    hardware_ids: Sequence[str],
    at: int | None,
    payloads: list[Payload] | None = None,
) -> Iterator[Prediction]:
    """Yields the predictions for the bundle file `fd`, by kept release, then by hardware id.

    `at` is the time on the devices in seconds since 1970; None: they do not check expiry. `payloads` are the
    result of `hash_payloads` for the file, if the caller has it. Raises Refused if the file is not a bundle.
    """
    bundle = _Bundle(fd, payloads)
    for each in kept:
        for hardware_id in hardware_ids or (None,):
            verdict = bundle.verdict(Device(each.root, each.release, hardware_id, at, each.root))
            first: tuple[str, ...] = ()
            if verdict == Verdict.RELEASE_GAP:
                minimum, counter = bundle.counters()
                first = stepping_stones(each, hardware_id, kept, minimum, counter)
            yield Prediction(each, hardware_id, verdict, first)


class _Bundle:
    """A bundle file, whose payloads are hashed once at most, when the first device needs their digests."""

    def __init__(self, fd: int, payloads: list[Payload] | None) -> None:
        self._fd = fd
        self._envelope = read_envelope(fd)
        self._user_manifest = read_user_manifest(fd, self._envelope)
        self._payloads = payloads

    def verdict(self, device: Device) -> Verdict:
        try:
            release = verify_metadata(self._envelope, self._user_manifest, device)
            # Every device that comes this far has the same list of targets: the metadata is in the bundle.
            if self._payloads is None:
                self._payloads = hash_payloads(self._fd, release.targets, self._envelope.payloads)
            verify_payloads(
                release.targets, self._payloads, release.user_manifest, device.installed
            )
        except Refused as refused:
            return refused.verdict
        return Verdict.ACCEPT

    def counters(self) -> tuple[int, int]:
        """Returns the release counter that a device needs before, and that of the bundle."""
        manifest = parse_release(self._user_manifest or b"")
        return (manifest.minimum_counter or 0, manifest.counter) if manifest else (0, 0)


def stepping_stones(
    start: KeptRelease,
    hardware_id: str | None,
    kept: Sequence[KeptRelease],
    minimum: int,
    maximum: int,
) -> tuple[str, ...]:
    """Returns the names of the fewest releases that lead from `start` to a release counter from `minimum`.

    None of their release counters is above `maximum`, because devices with it would reject the bundle.
    Each is a kept release of the same product and hardware that the device accepts after the one before. Of
    equally short ways, it takes the one with higher counters. Returns () if there is none.
    """
    known = {each.release.release: each.name for each in kept if each.release.release}
    usable = (manifest for manifest in known if manifest.counter <= maximum)
    by_counter = sorted(usable, key=lambda manifest: manifest.counter, reverse=True)
    if start.release.release is None:
        return ()
    ways: deque[tuple[ReleaseManifest, tuple[str, ...]]] = deque([(start.release.release, ())])
    seen = {start.release.release}
    while ways:
        manifest, way = ways.popleft()
        if manifest.counter >= minimum:
            return way
        for after in by_counter:
            if after not in seen and _may_follow(after, manifest, hardware_id):
                seen.add(after)
                ways.append((after, (*way, known[after])))
    return ()


def _may_follow(after: ReleaseManifest, before: ReleaseManifest, hardware_id: str | None) -> bool:
    return (
        after.product == before.product
        and after.counter > before.counter
        and before.counter >= (after.minimum_counter or 0)
        and (hardware_id is None or not after.hardware_ids or hardware_id in after.hardware_ids)
    )
