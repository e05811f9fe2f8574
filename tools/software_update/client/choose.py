"""Chooses the next release from a repository, and plans the way to the newest by stepping stones. Pure.

A catalog decides nothing: the bundle's own metadata says whether the device may install it. So the rules here
are those of the verifier, read from the catalog, in order to fetch no bundle in vain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from software_update.base.errors import printable, shown
from software_update.client.repository import Listed, View
from software_update.client.state import FAILURES_TO_QUARANTINE, Code, Installed
from software_update.format import rollout

# The record has room for so many.
MAX_LATER_STEPS = 4
MAX_PATH_BYTES = 256
_MAX_VERSION = 64


@dataclass(frozen=True, slots=True)
class Device:
    """The facts about the device that chooses.

    `running` is the release that runs, and `floor` the one that was committed last; None if not known.
    `secret` decides the device's place in rollouts. `at` is the time in seconds since 1970. `by_person` says
    that a person looks for a release now, so that percentages do not count. `failures` are the numbers of
    failures by release digest.
    """

    product: str
    hardware_id: str | None
    running: Installed | None
    floor: Installed | None
    secret: bytes
    at: int
    by_person: bool = False
    failures: Mapping[str, int] = field(default_factory=dict)


class Choice(NamedTuple):
    """The bundles to install one after another, or the reason why the newest release is not installed.

    Only the first is installed now; after each step, the device chooses again. Without a reason (`code` is
    None), the repository lists no newer release for this device.
    """

    steps: tuple[Listed, ...]
    code: Code | None = None
    text: str = ""

    @property
    def later_versions(self) -> tuple[str, ...]:
        """The versions after the first step. Of a long way, the last version is the last of them."""
        versions = tuple(each.entry.version[:_MAX_VERSION] for each in self.steps[1:])
        if len(versions) <= MAX_LATER_STEPS:
            return versions
        return (*versions[: MAX_LATER_STEPS - 1], versions[-1])


def choose(view: View, device: Device) -> Choice:
    """Returns the way to the newest release that the device may install by itself now."""
    releases = list(_newer(view, device))
    refused = {each.release: _refusal(each, view, device) for each in releases}
    steps = _way([each for each in releases if refused[each.release] is None], device)
    if steps or not releases:
        return Choice(steps)
    newest = max(releases, key=lambda each: each.counter)
    code, text = refused[newest.release] or _no_way(newest)
    return Choice((), code, text)


class _Release(NamedTuple):
    """A release with all its bundles."""

    counter: int
    release: str
    version: str
    minimum_counter: int
    bundles: tuple[Listed, ...]


def _newer(view: View, device: Device) -> Iterator[_Release]:
    """Yields the releases for this device that are newer than its floor, or that are the floor."""
    bundles: dict[str, list[Listed]] = {}
    for each in view.listed:
        if _is_for(each, device):
            bundles.setdefault(each.entry.release, []).append(each)
    for release, found in bundles.items():
        entry = found[0].entry
        if not _is_newer(entry.counter, release, device):
            continue
        minimum = max(each.entry.minimum_counter or 0 for each in found)
        version = shown(entry.version[:_MAX_VERSION])
        yield _Release(entry.counter, release, version, minimum, tuple(found))


def _is_for(listed: Listed, device: Device) -> bool:
    entry, hardware_id = listed.entry, device.hardware_id
    fits = hardware_id is None or not entry.hardware_ids or hardware_id in entry.hardware_ids
    return fits and entry.product == device.product and len(listed.path.encode()) <= MAX_PATH_BYTES


def _is_newer(counter: int, release: str, device: Device) -> bool:
    if device.running and device.running.release == release:
        return False
    if device.floor and device.floor.release == release:
        return True  # The device runs an older one.
    return device.floor is None or device.floor.counter is None or counter > device.floor.counter


def _refusal(release: _Release, view: View, device: Device) -> tuple[Code, str] | None:
    """Returns why the device does not install a release now; None if it may."""
    version = f"version {release.version}"
    if device.failures.get(release.release, 0) >= FAILURES_TO_QUARANTINE:
        text = (
            f"{version} failed {FAILURES_TO_QUARANTINE} times on this device; clear it, or wait for a newer "
            "release"
        )
        return Code.QUARANTINED, text
    rules = view.rollouts.get(release.release)
    if rules is not None and rules.halted:
        return Code.HALTED, halt_text(release.version, rules)
    if device.by_person:
        return None
    if rules is None:
        text = f"{version} is not rolled out; it is only installed if a person looks for it"
        return Code.NOT_ROLLED_OUT, text
    begins = rollout.begins(rules, rollout.place(device.secret, release.release))
    if begins is None or begins > device.at:
        # Without the time: it would tell the receiver of reports the place of the device.
        text = f"{version} is rolled out to other devices first; a person who looks for it need not wait"
        return Code.WAITING_FOR_ROLLOUT, text
    return None


def halt_text(version: str, rules: rollout.Rollout) -> str:
    """Returns the reason of a halted release in words."""
    because = f": {printable(rules.reason)}" if rules.reason else ""
    return f"version {version} was halted by its publisher{because}"


def _no_way(newest: _Release) -> tuple[Code, str]:
    text = (
        f"version {newest.version} needs release counter {newest.minimum_counter} before it, and the "
        "repository lists no release for this device that leads there"
    )
    return Code.NO_STEPPING_STONE, text


def _way(releases: list[_Release], device: Device) -> tuple[Listed, ...]:
    """Returns a bundle for each step: always the newest release that the one before allows."""
    steps: list[Listed] = []
    base = device.running.release if device.running else ""
    # A device without a floor installs any release, and one without a counter is below all.
    counter = (device.floor.counter or 0) if device.floor else None
    while True:
        possible = [
            (each, bundle)
            for each in releases
            if counter is None or each.minimum_counter <= counter
            if (bundle := _bundle(each, base, device)) is not None
        ]
        if not possible:
            return tuple(steps)
        release, bundle = max(possible, key=lambda each: (each[0].counter, each[0].release))
        steps.append(bundle)
        base, counter = release.release, release.counter
        releases = [each for each in releases if each.counter > release.counter]


def _bundle(release: _Release, base: str, device: Device) -> Listed | None:
    """Returns the smallest bundle for a device that runs `base`; None if there is none.

    After a failure only a full one: perhaps the slot that runs lacks what a personalized bundle needs.
    """
    bases = ("",) if device.failures.get(release.release, 0) else ("", base)
    fitting = [each for each in release.bundles if each.entry.base in bases]
    return min(fitting, key=lambda each: (each.length, each.path), default=None)
