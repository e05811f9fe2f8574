"""Tests of the check of the slot that runs, with damage planted at every place of an update."""

from collections.abc import Sequence

import pytest

from software_update.client.boot_control import SlotState
from software_update.client.config import Approvers
from software_update.client.domain import HealthCheck, StartCheck, Verity
from software_update.client.question import Phase
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import ActionRefused, Control
from software_update.client.state import Code, Detail, Reply
from software_update.client.system import ProgramResult
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice

HASH = "5f" * 32
CONTENTS = {"app": b"application\n" * 900, "boot": f"{HASH}\n".encode()}
ALICE = Caller("alice", frozenset({"alice"}))


def started(device: FakeDevice, check: StartCheck | None, **changes: object) -> Control:
    domain = device.domain(start_check=check, restart=("reboot",), **changes)  # type: ignore[arg-type]
    client = Client(device.system, STATE, {"main": domain})
    client.start()
    client.check_running("main")
    client.run()
    return Control(client, Approvers(frozenset({"alice"}), frozenset()))


def rebooted(device: FakeDevice, check: StartCheck | None, **changes: object) -> Control:
    device.boot.start()
    device.clock.boot += "+"
    return started(device, check, **changes)


def installed(device: FakeDevice, check: StartCheck | None, version: int = 7) -> Control:
    """Installs a release up to its restart."""
    device.offer(e.bundle(CONTENTS, version=version))
    control = started(device, check)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, list(Phase))
    control._client.run()
    return control


@pytest.fixture
def device() -> FakeDevice:
    made = FakeDevice()
    made.restarts = []  # type: ignore[attr-defined]

    def reboot(argv: Sequence[str], stdin: bytes) -> ProgramResult:
        made.restarts.append(argv)  # type: ignore[attr-defined]
        return ProgramResult(0, b"", b"")

    made.programs.programs = {"reboot": reboot}
    return made


def restarts(device: FakeDevice) -> int:
    return len(device.restarts)  # type: ignore[attr-defined]


def result(control: Control) -> Code | None:
    found = control._client.state.result
    return found.code if found else None


def damaged(control: Control) -> str | None:
    found: str | None = control.status()["domains"]["main"]["damaged_slot"]
    return found


def in_b(device: FakeDevice, check: StartCheck) -> Control:
    """Returns a device that has committed 7 in slot B, after 6 in slot A."""
    device.boot.booted = "B"
    installed(device, check, version=6)
    rebooted(device, check)
    installed(device, check, version=7)
    return rebooted(device, check)


def test_damage_in_the_trial_is_not_committed_and_goes_back(device: FakeDevice) -> None:
    installed(device, StartCheck())
    device.storage.put("/slots/app_B", b"Application\n" * 900)
    control = rebooted(device, StartCheck())
    assert control._client.state.detail == Detail.ROLLING_BACK
    assert device.boot.slots["B"] == SlotState.UNBOOTABLE
    control = rebooted(device, StartCheck())
    assert (device.boot.booted, result(control)) == ("A", Code.SLOT_DAMAGED)
    assert control._client.state.domain("main").floor is None
    assert [each.count for each in control._client.state.failures] == [1]


def test_health_programs_do_not_run_in_a_damaged_slot(device: FakeDevice) -> None:
    ran = []

    def health(argv: Sequence[str], stdin: bytes) -> ProgramResult:
        ran.append(argv)
        return ProgramResult(0, b"", b"")

    device.programs.programs["health"] = health
    checks = [HealthCheck(("health",), 1.0)]
    installed(device, StartCheck())
    device.storage.put("/slots/app_B", b"")
    rebooted(device, StartCheck(), health=checks)
    assert ran == []


def test_trial_with_another_root_hash_in_the_kernel_goes_back(device: FakeDevice) -> None:
    check = StartCheck(verity=Verity(("app",), "boot", file="/cmdline"))
    device.storage.put("/cmdline", f"roothash={'6a' * 32}".encode())
    installed(device, check)
    control = rebooted(device, check)
    assert control._client.state.detail == Detail.ROLLING_BACK
    device.boot.slots["B"] = SlotState.UNBOOTABLE
    device.storage.put("/cmdline", f"roothash={HASH}".encode())
    rebooted(device, check)
    installed(device, check)
    assert result(rebooted(device, check)) == Code.UPDATED


def test_damage_at_a_start_is_reported_and_the_release_is_offered_again(device: FakeDevice) -> None:
    control = in_b(device, StartCheck())
    assert (result(control), damaged(control)) == (Code.UPDATED, None)
    device.storage.put("/slots/boot_B", b"")
    control = rebooted(device, StartCheck())
    assert (result(control), damaged(control)) == (Code.SLOT_DAMAGED, "B")
    told = control.history()["lines"][-1]
    assert (told["event"], told["result"], told["slot"]) == ("SlotVerified", "SLOT_DAMAGED", "B")
    assert (restarts(device), device.boot.booted, device.boot.slots["B"]) == (
        2,
        "B",
        SlotState.GOOD,
    )
    floor = control._client.state.domain("main").floor
    assert floor is not None and floor.targets_version == 7
    lines = control.history()["total"]
    control = rebooted(device, StartCheck())
    assert (damaged(control), control.history()["total"]) == ("B", lines)
    control.check(ALICE)
    plan = control._client.state.plan
    assert plan is not None
    assert (plan.slot, plan.targets_version) == ("A", 7)
    control.answer(ALICE, Reply.YES, list(Phase))
    control._client.run()
    control = rebooted(device, StartCheck())
    assert (device.boot.booted, result(control), damaged(control)) == ("A", Code.UPDATED, None)


def test_slot_that_was_only_hard_to_read_is_good_again(device: FakeDevice) -> None:
    in_b(device, StartCheck())
    device.storage.put("/slots/boot_B", b"")
    control = rebooted(device, StartCheck())
    with pytest.raises(ActionRefused, match="target 'boot' reads back differently"):
        control.verify_installed()
    device.storage.put("/slots/boot_B", CONTENTS["boot"])
    control = rebooted(device, StartCheck())
    assert (damaged(control), control.verify_installed()["targets"]) == (None, ["app", "boot"])
    assert control.status()["domains"]["main"]["slots"]["B"]["targets_version"] == 7


def test_damaged_slot_is_left_for_a_good_one(device: FakeDevice) -> None:
    check = StartCheck(leaves=True)
    in_b(device, check)
    device.storage.put("/slots/app_B", b"")
    rebooted(device, check)
    assert (restarts(device), device.boot.slots["B"]) == (3, SlotState.UNBOOTABLE)
    control = rebooted(device, check)
    assert (device.boot.booted, damaged(control)) == ("A", None)
    assert control.status()["domains"]["main"]["below_floor"]
    device.storage.put("/slots/app_A", b"")
    control = rebooted(device, check)
    # No other slot is good: a device that starts damaged is better than one that does not start.
    assert (restarts(device), device.boot.slots["A"], damaged(control)) == (3, SlotState.GOOD, "A")


def test_unreadable_manifest_is_a_problem_and_not_damage(device: FakeDevice) -> None:
    in_b(device, StartCheck(leaves=True))
    for name in device.storage.list(f"{STATE}/manifests"):
        device.storage.put(f"{STATE}/manifests/{name}", b"")
    control = rebooted(device, StartCheck(leaves=True))
    assert "slot B cannot be checked" in control.status()["problem"]
    assert (damaged(control), device.boot.slots["B"]) == (None, SlotState.GOOD)


def test_nothing_is_read_without_the_option(device: FakeDevice) -> None:
    control = in_b(device, StartCheck())
    device.storage.put("/slots/app_B", b"")
    control = rebooted(device, None)
    assert (damaged(control), result(control)) == (None, Code.UPDATED)


def test_restart_done_checks_the_slot(device: FakeDevice) -> None:
    control = in_b(device, StartCheck())
    device.storage.put("/slots/app_B", b"")
    control.restart_done(ALICE)
    assert damaged(control) == "B"
