"""Tests of recovery from the golden bundle: root, floor, consent, and slots that are all damaged."""

import pytest

from software_update.client.boot_control import SlotState
from software_update.client.config import Approvers
from software_update.client.disclosure import Rules
from software_update.client.domain import StartCheck
from software_update.client.question import Phase
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import ActionRefused, Control
from software_update.client.state import Code, Detail, Reply
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice

CONTENTS = {"app": b"application\n", "boot": b"bootloader\n"}
ALICE, MALLORY = (Caller(name, frozenset({name})) for name in ("alice", "mallory"))
GOLDEN = "/recovery/golden.bundle"
FIRST, SECOND = (e.signed(e.root(version), e.ROOT_KEY) for version in (1, 2))


def bundle(version: int, **options: object) -> bytes:
    contents = {name: b"%d %s" % (version, each) for name, each in CONTENTS.items()}
    return e.bundle(contents, version=version, **options)  # type: ignore[arg-type]


def started(device: FakeDevice, **changes: object) -> Control:
    domain = device.domain(golden=GOLDEN, start_check=StartCheck(), **changes)  # type: ignore[arg-type]
    client = Client(device.system, STATE, {"main": domain})
    client.start()
    client.check_running("main")
    client.run()
    return Control(client, Approvers(frozenset({"alice"}), frozenset()))


def rebooted(device: FakeDevice) -> Control:
    device.boot.start()
    device.clock.boot += "+"
    return started(device)


def agree(control: Control) -> None:
    control.answer(ALICE, Reply.YES, list(Phase))
    control._client.run()


def updated(version: int, root: bytes = FIRST) -> FakeDevice:
    """Returns a device that has committed a release in slot B."""
    device = FakeDevice()
    device.storage.make_folder("/recovery")
    device.offer(bundle(version, signed_root=root))
    control = started(device)
    control.check(ALICE)
    agree(control)
    assert code(rebooted(device)) == Code.UPDATED
    return device


def code(control: Control) -> Code | None:
    result = control._client.state.result
    return result.code if result else None


def counter(control: Control) -> tuple[int, bool]:
    """Returns the number of the floor, and whether the running release is below it."""
    found = control.status()["domains"]["main"]
    return found["floor"]["targets_version"], found["below_floor"]


def test_both_slots_are_damaged() -> None:
    device = updated(7)
    for slot in ("A", "B"):
        device.storage.put(f"/slots/app_{slot}", b"damaged")
    device.boot.slots["A"] = SlotState.UNBOOTABLE
    device.storage.put(GOLDEN, bundle(8))
    control = rebooted(device)
    assert code(control) == Code.SLOT_DAMAGED
    control.recover(ALICE)
    assert control._client.state.detail == Detail.AWAITING_CONSENT
    assert device.slot("app", "A") == b"damaged"  # Nothing is written before the answer.
    told = control.history()["lines"][-1]
    assert (told["event"], told["origin"]) == ("Offered", "golden bundle")
    agree(control)
    control = rebooted(device)
    assert (code(control), device.boot.booted) == (Code.UPDATED, "A")
    assert counter(control) == (8, False)


def test_golden_release_that_runs_already_is_installed_again() -> None:
    device = updated(7)
    device.storage.put(GOLDEN, bundle(7))
    control = started(device)
    control.recover(ALICE)
    agree(control)
    control = rebooted(device)
    assert (device.boot.booted, code(control), counter(control)) == ("A", Code.UPDATED, (7, False))


def test_golden_release_below_the_floor_needs_a_person_and_keeps_the_floor() -> None:
    device = updated(7)
    device.storage.put(GOLDEN, bundle(3))
    control = started(device)
    with pytest.raises(ActionRefused, match="the golden release 3 is below the floor 7"):
        control.recover(ALICE)
    assert code(control) == Code.BELOW_FLOOR
    control.recover(ALICE, below_floor=True)
    assert control.history()["lines"][-1]["below_floor"] == "7"
    agree(control)
    control = rebooted(device)
    assert (code(control), counter(control)) == (Code.UPDATED, (7, True))
    # It fetches a release at the floor or above, and no other.
    device.offer(bundle(6))
    control.check(ALICE)
    assert code(control) == Code.REFUSED
    for version in (7, 8):
        device.offer(bundle(version))
        control.check(ALICE)
        assert control._client.state.detail == Detail.AWAITING_CONSENT
    agree(control)
    assert counter(rebooted(device)) == (8, False)


def test_versions_that_start_anew_with_new_keys_are_the_floor() -> None:
    """Only a golden release leaves the floor where it is."""
    device = updated(7)
    root = e.signed(e.root(2, targets_keys=[e.TARGETS_KEY_2]), e.ROOT_KEY)
    targets = e.signed(e.targets(CONTENTS, 2), e.TARGETS_KEY_2)
    payloads = b"".join(e.payload(name, content) for name, content in CONTENTS.items())
    device.offer(e.root_entry(root) + e.targets_entry(targets) + payloads)
    control = started(device)
    control.check(ALICE)
    agree(control)
    control = rebooted(device)
    assert (code(control), counter(control)) == (Code.UPDATED, (2, False))


def test_expiry_of_the_golden_release_does_not_count() -> None:
    device = FakeDevice()
    device.storage.make_folder("/recovery")
    device.clock.wall = 4_000_000_000
    expired = e.signed(e.root(1, expires=1_900_000_000), e.ROOT_KEY)
    targets = e.signed(e.targets(CONTENTS, 3, expires=1_900_000_000), e.TARGETS_KEY)
    payloads = b"".join(e.payload(name, content) for name, content in CONTENTS.items())
    device.storage.put(GOLDEN, e.root_entry(expired) + e.targets_entry(targets) + payloads)
    control = started(device, anchor=expired)
    with pytest.raises(ActionRefused, match="EXPIRED"):
        control.install(ALICE, GOLDEN)
    control.recover(ALICE)
    agree(control)
    assert control._client.state.detail == Detail.AWAITING_RESTART
    assert control._client.state.seen == 0  # Its date proves no time.


def test_golden_bundle_with_an_older_root_is_judged_by_the_root_in_force() -> None:
    device = updated(7, SECOND)
    device.storage.put(GOLDEN, bundle(8))
    control = started(device)
    with pytest.raises(ActionRefused, match="ROOT_ROLLBACK"):
        control.install(ALICE, GOLDEN)
    control.recover(ALICE)
    assert control._client.state.detail == Detail.AWAITING_CONSENT
    assert control.status()["domains"]["main"]["root_version"] == 2


def test_golden_release_of_a_removed_key_is_refused() -> None:
    root = e.signed(e.root(2, targets_keys=[e.TARGETS_KEY_2]), e.ROOT_KEY)
    device = updated(7)
    control = started(device, anchor=root)
    device.storage.put(GOLDEN, bundle(8))
    with pytest.raises(ActionRefused, match="THRESHOLD_NOT_MET"):
        control.recover(ALICE)


def test_recovery_needs_a_root_in_force_and_permission() -> None:
    device = updated(7)
    device.storage.put(GOLDEN, bundle(8))
    with pytest.raises(ActionRefused, match="user mallory may not do this"):
        started(device).recover(MALLORY)
    control = started(device, anchor=e.signed(e.root(1, [e.ROOT_KEY_2]), e.ROOT_KEY_2))
    with pytest.raises(ActionRefused, match="ANCHOR_REFUSED"):
        control.recover(ALICE)


def test_damaged_or_missing_golden_bundle() -> None:
    device = updated(7)
    with pytest.raises(ActionRefused, match=r"golden\.bundle: is missing"):
        started(device).recover(ALICE)
    device.storage.put(GOLDEN, bundle(8)[:-1] + b"!")
    control = started(device)
    control.recover(ALICE)
    agree(control)
    assert (code(control), device.boot.booted) == (Code.REFUSED, "B")
    assert device.boot.slots["A"] == SlotState.UNBOOTABLE


def test_device_without_a_golden_bundle_says_so() -> None:
    device = FakeDevice()
    client = Client(device.system, STATE, {"main": device.domain(rules=Rules())})
    client.start()
    control = Control(client, Approvers(frozenset({"alice"}), frozenset()))
    with pytest.raises(ActionRefused, match="has no golden bundle; configure golden"):
        control.recover(ALICE)


def test_recovery_system_outside_of_all_slots_installs_into_the_first() -> None:
    device = FakeDevice()
    device.storage.make_folder("/recovery")
    device.storage.put(GOLDEN, bundle(3))
    device.boot.booted = ""
    device.boot.slots = dict.fromkeys(("A", "B"), SlotState.UNBOOTABLE)
    control = started(device)
    assert control.status()["domains"]["main"]["running"] is None
    control.recover(ALICE)
    agree(control)
    control = rebooted(device)
    assert (device.boot.booted, code(control)) == ("A", Code.UPDATED)
