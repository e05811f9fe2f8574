"""Tests of the way of a release's bytes into a slot, and into the store."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from software_update.client import payload_copy
from software_update.client.domain import Domain
from software_update.client.fetched import FetchedFile
from software_update.client.payload_copy import Means
from software_update.client.release import decode_release, encode_release, release_digest
from software_update.client.source import OpenBundle, SourceError
from software_update.client.staging import (
    Base,
    PlanFailed,
    copy_to_store,
    installer_for,
    verify_slot,
    verify_stored,
    write_slot,
)
from software_update.client.state import Code
from software_update.client.stored_bundle import StoredBundle
from software_update.format.metadata import Installed, parse_signed_targets
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice, FakeSource, ForwardBundle
from software_update.verify.roots import trust_root

APP, BOOT = b"application " * 100, b"bootloader " * 60
MANIFEST = b'{"schema": "software_update.release_manifest.v1"}'
CONTENTS = {"user_manifest": MANIFEST, "app": APP, "boot": BOOT}
STORE = f"{STATE}/stored.bundle"


class Killed(BaseException):
    """The client was killed."""


class Counted(ForwardBundle):
    """A bundle that can be read forward, and counts the bytes that are read of it."""

    can_reread = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ranges: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.ranges.append((offset, offset + length))
        return super().read(offset, length)

    def read_of(self, content: bytes) -> int:
        """Returns how many bytes of a payload were read."""
        start = super().read(0, self.size()).index(content)
        end = start + len(content)
        return sum(max(0, min(last, end) - max(first, start)) for first, last in self.ranges)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload_copy, "FETCHED_CHUNK_BYTES", 50)
    monkeypatch.setattr(payload_copy, "SYNCED_BYTES", 100)


@pytest.fixture(name="device")
def device_fixture() -> FakeDevice:
    device = FakeDevice()
    device.storage.put(f"{STATE}/x", b"")
    return device


def release_of(contents: Mapping[str, bytes], version: int = 7) -> Installed:
    """Returns an accepted release, as the client keeps it."""
    signed = e.signed(e.targets(contents, version), e.TARGETS_KEY)
    root = trust_root(e.signed(e.root(), e.ROOT_KEY))
    targets = parse_signed_targets(signed)[1]
    return decode_release(encode_release(targets, contents["user_manifest"], root.id))


def opened(device: FakeDevice, content: bytes, kind: Callable[[Any], Any] = StoredBundle) -> Any:
    device.offer(content)
    return kind(device.storage.open("/stick/update.bundle"))


def means(device: FakeDevice, on_progress: Callable[[int], None] = lambda _: None) -> Means:
    return Means(device.storage, STATE, on_progress)


def without(name: str, contents: Mapping[str, bytes], version: int = 7) -> bytes:
    """Returns a personalized bundle, which lacks a payload."""
    return e.bundle(contents, version=version).replace(e.payload(name, contents[name]), b"")


def base_of(device: FakeDevice, contents: Mapping[str, bytes], version: int = 6) -> Base:
    """Returns the release that runs in slot A."""
    for name in ("app", "boot"):
        device.storage.put(f"/slots/{name}_A", contents[name])
    return Base("A", release_of(contents, version))


@pytest.mark.parametrize("kind", [StoredBundle, Counted])
def test_all_targets_are_in_the_slot(device: FakeDevice, kind: Any) -> None:
    done: list[int] = []
    release = release_of(CONTENTS)
    bundle = opened(device, e.bundle(CONTENTS, version=7), kind)
    write_slot(device.domain(), "B", release, bundle, None, means(device, done.append))
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    assert sum(done) == len(APP) + len(BOOT)
    verify_slot(device.domain(), "B", release.targets, done.append)
    assert sum(done) == 2 * (len(APP) + len(BOOT))


@pytest.mark.parametrize("kind", [StoredBundle, Counted])
def test_bundle_of_another_release_is_not_written(device: FakeDevice, kind: Any) -> None:
    bundle = opened(device, e.bundle(CONTENTS, version=8), kind)
    with pytest.raises(PlanFailed, match="does not offer release") as caught:
        write_slot(device.domain(), "B", release_of(CONTENTS), bundle, None, means(device))
    assert caught.value.code == Code.RELEASE_CHANGED
    assert device.slot("app", "B") == b""
    with pytest.raises(PlanFailed, match="does not offer release"):
        release = release_of(CONTENTS)
        copy_to_store(device.storage, STORE, release.targets, bundle, lambda _: None)
    assert not device.storage.exists(STORE)


@pytest.mark.parametrize("kind", [StoredBundle, Counted])
def test_wrong_payload_is_rejected_and_the_next_one_not_read(device: FakeDevice, kind: Any) -> None:
    content = e.bundle(CONTENTS, version=7).replace(APP, APP[:-1] + b"!")
    bundle = opened(device, content, kind)
    with pytest.raises(Refused, match="app") as caught:
        write_slot(device.domain(), "B", release_of(CONTENTS), bundle, None, means(device))
    assert caught.value.verdict == Verdict.HASH_MISMATCH
    assert device.slot("boot", "B") == b""
    with pytest.raises(Refused, match="app"):
        verify_stored(release_of(CONTENTS), bundle, None, lambda _: None)


def test_payload_of_another_length_is_not_read(device: FakeDevice) -> None:
    content = e.bundle(CONTENTS, version=7).replace(e.payload("app", APP), e.payload("app", BOOT))
    with pytest.raises(Refused, match="app"):
        bundle = opened(device, content, Counted)
        write_slot(device.domain(), "B", release_of(CONTENTS), bundle, None, means(device))
    assert device.slot("app", "B") == b""


def test_absent_payload_is_copied_from_the_running_slot(device: FakeDevice) -> None:
    base = base_of(device, CONTENTS)
    bundle = opened(device, without("boot", CONTENTS), Counted)
    write_slot(device.domain(), "B", release_of(CONTENTS), bundle, base, means(device))
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)


def test_changed_base_is_named(device: FakeDevice) -> None:
    base = base_of(device, CONTENTS)
    device.storage.put("/slots/boot_A", BOOT[:-1] + b"!")
    bundle = opened(device, without("boot", CONTENTS))
    with pytest.raises(PlanFailed, match=r"^target 'boot' in slot A is not the installed one; "):
        write_slot(device.domain(), "B", release_of(CONTENTS), bundle, base, means(device))


class Full(FakeSource):
    """A source with the full bundle."""

    last: Counted

    def open(self) -> OpenBundle | None:
        self.times += 1
        self.last = Counted(self.storage.open("/full.bundle"))
        return self.last


def personalized(device: FakeDevice) -> tuple[Domain, Base, bytes]:
    """A device whose running slot lacks the target `boot` by now, so it comes from a full bundle."""
    base = base_of(device, CONTENTS)
    device.storage.put("/slots/boot_A", b"!" + BOOT[1:])
    device.storage.put("/full.bundle", e.bundle(CONTENTS, version=7))
    domain = device.domain(full_bundle=Full(device.storage))
    return domain, base, without("boot", CONTENTS)


def test_download_from_the_full_bundle_continues(device: FakeDevice) -> None:
    domain, base, content = personalized(device)
    release, done = release_of(CONTENTS), 0

    def kill(length: int) -> None:
        nonlocal done
        done += length
        if done > len(APP) + 450:
            raise Killed

    with pytest.raises(Killed):
        bundle = opened(device, content, Counted)
        write_slot(domain, "B", release, bundle, base, means(device, kill))
    device.storage.cut_power()
    kept = FetchedFile(device.storage, STATE).read("main", "B", release_digest(release.targets))
    assert kept is not None
    assert (kept.target, kept.length) == ("boot", 400)
    bundle = opened(device, content, Counted)
    write_slot(domain, "B", release, bundle, base, means(device))
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    assert isinstance(domain.full_bundle, Full)
    assert (bundle.read_of(APP), domain.full_bundle.last.read_of(BOOT)) == (0, len(BOOT) - 400)


def test_target_that_came_from_the_full_bundle_is_not_replaced_by_that_of_the_base(
    device: FakeDevice,
) -> None:
    domain, base, content = personalized(device)
    release = release_of(CONTENTS)
    write_slot(domain, "B", release, opened(device, content, Counted), base, means(device))
    # The client was killed before it recorded that the slot is complete.
    write_slot(domain, "B", release, opened(device, content, Counted), base, means(device))
    assert device.slot("boot", "B") == BOOT
    assert isinstance(domain.full_bundle, Full)
    assert domain.full_bundle.times == 1


def test_full_bundle_that_offers_nothing_or_lacks_the_target(device: FakeDevice) -> None:
    domain, base, content = personalized(device)

    class Nothing(FakeSource):
        def open(self) -> OpenBundle | None:
            return None

    nothing = device.domain(full_bundle=Nothing(device.storage))
    with pytest.raises(SourceError, match="offers no bundle now"):
        write_slot(nothing, "B", release_of(CONTENTS), opened(device, content), base, means(device))
    device.storage.put("/full.bundle", content)
    with pytest.raises(PlanFailed, match="lacks target 'boot'") as caught:
        write_slot(domain, "B", release_of(CONTENTS), opened(device, content), base, means(device))
    assert caught.value.code == Code.BASE_CHANGED


def test_slot_that_reads_back_differently_or_lacks_a_target_is_named(device: FakeDevice) -> None:
    release = release_of(CONTENTS)
    bundle = opened(device, e.bundle(CONTENTS, version=7))
    write_slot(device.domain(), "B", release, bundle, None, means(device))
    device.storage.put("/slots/boot_B", BOOT[:-1])
    text = "slot B: target 'boot' reads back differently; check the medium"
    with pytest.raises(PlanFailed, match=f"^{text}$"):
        verify_slot(device.domain(), "B", release.targets, lambda _: None)
    device.storage.remove("/slots/boot_B")
    with pytest.raises(PlanFailed, match=f"^{text}$"):
        verify_slot(device.domain(), "B", release.targets, lambda _: None)


def test_target_without_an_installer_is_named(device: FakeDevice) -> None:
    with pytest.raises(
        PlanFailed, match=r"^no installer of domain 'main' takes target 'other'; add it to an "
    ) as caught:
        installer_for(device.domain(), "other")
    assert caught.value.code == Code.NO_PLACE


def test_stored_bundle_is_the_one_of_the_source(device: FakeDevice) -> None:
    done: list[int] = []
    release = release_of(CONTENTS)
    content = e.bundle(CONTENTS, version=7)
    bundle = opened(device, content, Counted)
    copy_to_store(device.storage, STORE, release.targets, bundle, done.append)
    assert device.storage.content(STORE) == content
    assert sum(done) == len(content)
    verify_stored(release, StoredBundle(device.storage.open(STORE)), None, done.append)
    assert sum(done) == len(content) + len(APP) + len(BOOT)
    device.storage.cut_power()
    assert device.storage.content(STORE) == content
