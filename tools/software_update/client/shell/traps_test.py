"""Traps of update clients that the client avoids, on a device in memory.

docs/explanation/client_traps.md lists all traps.
"""

import errno
from collections.abc import Callable
from dataclasses import replace

import pytest

from software_update.base.errors import InputError, SoftwareUpdateError
from software_update.client import events, history
from software_update.client.boot_control import BootError, SlotState
from software_update.client.config import Approvers
from software_update.client.domain import HealthCheck
from software_update.client.installers.raw import RawInstaller
from software_update.client.policy.postponement import Postponement
from software_update.client.question import Phase
from software_update.client.record import PLACE_BYTES, Record, encode
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.client.state import Answer, Code, Detail, Reply, Staging
from software_update.client.system import ProgramResult, ProgramTimeout
from software_update.testing import encode as e
from software_update.testing.fake_device import BUNDLE, STATE, FakeDevice, FakeSource

CONTENTS = {"app": b"application\n" * 9000, "boot": b"bootloader\n"}
ALICE = Caller("alice", frozenset({"alice"}))
DAY = 24 * 60 * 60
ANSWER = Answer("r" * 64, "q" * 64, Phase.DOWNLOAD, Reply.NO, "alice", 1)


@pytest.fixture
def device() -> FakeDevice:
    made = FakeDevice()
    made.offer(e.bundle(CONTENTS, version=7))
    return made


def started(device: FakeDevice, **changes: object) -> tuple[Client, Control]:
    client = Client(device.system, STATE, {"main": device.domain(**changes)})  # type: ignore[arg-type]
    client.start()
    client.run()
    return client, Control(client, Approvers(frozenset({"alice"}), frozenset()))


def agreed(device: FakeDevice, *phases: Phase, **changes: object) -> tuple[Client, Control]:
    """Returns a client that was allowed some phases, and has done them."""
    client, control = started(device, **changes)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, phases)
    client.run()
    return client, control


def code(client: Client) -> Code | None:
    return client.state.result.code if client.state.result else None


# Outcomes.


def test_restart_is_a_phase_of_its_own(device: FakeDevice) -> None:
    client, _ = agreed(device, Phase.DOWNLOAD)
    assert (client.state.plan.phase, device.boot.slots["B"]) == (  # type: ignore[union-attr]
        Phase.RESTART,
        SlotState.UNBOOTABLE,
    )


def test_restart_that_was_put_off_does_not_happen_and_is_shown(device: FakeDevice) -> None:
    device.programs.programs["reboot"] = lambda argv, stdin: ProgramResult(0, b"", b"")
    cap = Postponement(times=2, days=3)
    client, control = agreed(device, Phase.DOWNLOAD, restart=("reboot",), postponement=cap)
    control.answer(ALICE, Reply.LATER)
    client.run()
    assert control.status()["not_before"] is not None
    assert device.programs.calls == []
    control.answer(ALICE, Reply.LATER)
    with pytest.raises(SoftwareUpdateError, match="may not be put off again"):
        control.answer(ALICE, Reply.LATER)


def test_metadata_that_expires_between_installation_and_restart_is_not_asked_again(
    device: FakeDevice,
) -> None:
    """aktualizr stopped with an error there."""
    expires = device.clock.now() + DAY
    device.offer(e.bundle(CONTENTS, version=7, expires=expires))
    agreed(device, *Phase)
    device.clock.wall += 60 * DAY
    device.boot.start()
    client, control = started(device)
    assert code(client) == Code.UPDATED
    # A device that was off for two months can check.
    device.offer(e.bundle(CONTENTS, version=8, expires=device.clock.now() + DAY))
    control.check(ALICE)
    assert client.state.detail == Detail.AWAITING_CONSENT


@pytest.mark.parametrize("wall", [0, 1_500_000_000])
def test_clock_at_1970_does_not_revive_an_expired_release(device: FakeDevice, wall: int) -> None:
    expires = device.clock.now() + DAY
    device.offer(e.bundle(CONTENTS, version=7, expires=expires))
    _, control = started(device)
    control.check(ALICE)
    control.answer(ALICE, Reply.NO)
    old = e.bundle(CONTENTS, version=8, expires=device.clock.now() - DAY)
    device.offer(old)
    device.clock.wall = wall
    client, control = started(device)
    control.check(ALICE)
    assert client.state.result is not None
    assert client.state.result.text.startswith("TARGETS_EXPIRED: ")


def test_clock_that_was_once_in_the_future_does_not_end_all_updates(device: FakeDevice) -> None:
    """Only a time before a signed date is believed."""
    now = device.clock.now()
    device.clock.wall = now + 70 * 365 * DAY
    _, control = started(device)
    control.check(ALICE)
    device.clock.wall = now
    device.offer(e.bundle(CONTENTS, version=8, expires=now + DAY))
    client, control = started(device)
    control.check(ALICE)
    assert client.state.detail == Detail.AWAITING_CONSENT


def test_root_that_was_kept_for_a_failed_update_takes_the_next_one(device: FakeDevice) -> None:
    root = e.signed(e.root(version=2), e.ROOT_KEY)
    good = e.bundle(CONTENTS, version=7, signed_root=root)
    device.offer(good.replace(b"bootloader", b"b00tloader"))
    client, control = agreed(device, Phase.DOWNLOAD)
    assert code(client) == Code.REFUSED
    device.offer(good)
    client, control = started(device)
    control.check(ALICE)
    assert client.state.detail == Detail.AWAITING_CONSENT


def test_failed_download_is_not_skipped_the_next_time(device: FakeDevice) -> None:
    """RAUC recorded the checksum of a slot that had failed; here, the bad bytes were in the store."""
    good = e.bundle(CONTENTS, version=7)
    device.offer(good.replace(b"bootloader", b"b00tloader"))
    client, control = agreed(device, Phase.DOWNLOAD, staging=Staging.STORE)
    assert code(client) == Code.REFUSED
    assert not device.storage.exists(f"{STATE}/stored.bundle")
    device.offer(good)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, list(Phase))
    client.run()
    assert client.state.detail == Detail.AWAITING_RESTART


def test_confirmation_that_the_boot_loader_did_not_keep_fails(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RAUC printed success while its tool failed."""
    agreed(device, *Phase)

    def fail(slot: str) -> None:
        raise BootError("fw_printenv: reads back 'A' instead of 'B'")

    monkeypatch.setattr(device.boot, "confirm", fail)
    device.boot.start()
    client, _ = started(device)
    assert (code(client), client.state.domain("main").floor) == (Code.BOOT_CONTROL_FAILED, None)


def test_result_of_a_talkative_health_check_is_one_line(device: FakeDevice) -> None:
    said = b"first\n\x1b[31msecond\n" * 100
    device.programs.programs["healthy"] = lambda argv, stdin: ProgramResult(1, said, b"")
    agreed(device, *Phase)
    device.boot.start()
    client, _ = started(device, health=[HealthCheck(("healthy",), 5)])
    assert client.state.result is not None
    assert client.state.result.text.isprintable()
    assert len(client.state.result.text) < 700


@pytest.mark.parametrize("changed", [False, True])
def test_stored_personalized_bundle_takes_payloads_from_the_running_slot(
    device: FakeDevice, changed: bool
) -> None:
    agreed(device, *Phase)
    device.boot.start()
    started(device)
    newer = {"app": b"new\n", "boot": CONTENTS["boot"]}
    device.offer(
        e.root_entry(e.signed(e.root(), e.ROOT_KEY))
        + e.targets_entry(e.signed(e.targets(newer, 8), e.TARGETS_KEY))
        + e.payload("app", newer["app"])
    )
    if changed:
        device.storage.put("/slots/boot_B", b"BOOTLOADER\n")
    client, _ = agreed(device, *Phase, staging=Staging.STORE)
    assert code(client) == (Code.BASE_CHANGED if changed else Code.UPDATED)
    if not changed:
        assert client.state.detail == Detail.AWAITING_RESTART
        assert {name: device.slot(name, "A") for name in newer} == newer


# Faults of backends.


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ("mark_unbootable", Code.INSTALL_FAILED),
        ("try_slot", Code.BOOT_CONTROL_FAILED),
        ("confirm", Code.BOOT_CONTROL_FAILED),
    ],
)
def test_fault_in_boot_control_is_a_failure_with_a_code(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch, work: str, expected: Code
) -> None:
    client, control = started(device)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, list(Phase))

    def fail(slot: str) -> None:
        raise ValueError("invalid literal for int()")

    monkeypatch.setattr(device.boot, work, fail)
    client.run()
    if work == "confirm":
        device.boot.start()
        client, _ = started(device)
    assert client.state.result is not None
    assert (client.state.result.code, client.state.result.text) == (
        expected,
        "ValueError: invalid literal for int()",
    )


def test_fault_in_boot_control_ends_no_check_without_a_code(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, control = started(device)

    def fail() -> None:
        raise ValueError("bad")

    monkeypatch.setattr(device.boot, "status", fail)
    control.check(ALICE)
    assert client.state.result is not None
    assert client.state.result.text == "ValueError: bad"
    with pytest.raises(BootError, match="domain 'main': ValueError: bad"):
        client.boot_status()


def test_fault_in_an_installer_ends_no_verification_without_a_line(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed(device, *Phase)
    device.boot.start()
    _, control = started(device)

    def fail(*_: object) -> None:
        raise ValueError("bad")

    monkeypatch.setattr(RawInstaller, "read", fail)
    with pytest.raises(SoftwareUpdateError, match=r"^ValueError: bad$"):
        control.verify_installed()


def failing(error: Exception) -> Callable[..., ProgramResult]:
    def run(argv: object, stdin: bytes) -> ProgramResult:
        raise error

    return run


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        (failing(FileNotFoundError(errno.ENOENT, "No such file")), "No such file"),
        (lambda argv, stdin: ProgramResult(3, b"", b"busy"), "ended with 3: busy"),
        (failing(ProgramTimeout("no end within 30 s")), ""),
    ],
)
def test_restart_program_that_fails_does_not_roll_back(
    device: FakeDevice, program: Callable[..., ProgramResult], problem: str
) -> None:
    device.programs.programs["reboot"] = program
    client, _ = agreed(device, *Phase, restart=("reboot",))
    assert (client.state.detail, client.state.failures) == (Detail.AWAITING_RESTART, ())
    assert client.problem.endswith(problem)


def test_old_release_on_a_stick_does_not_hide_the_next_source(device: FakeDevice) -> None:
    other = FakeSource(device.storage)
    stick = replace(other, problem="")
    stick.opened_hook = lambda: device.offer(b"not a bundle")
    other.opened_hook = lambda: device.offer(e.bundle(CONTENTS, version=7))
    client, control = started(device, sources=[stick, other])
    control.check(ALICE)
    assert client.state.detail == Detail.AWAITING_CONSENT
    client, control = started(device, sources=[stick])
    control.check(ALICE)
    assert code(client) == Code.REFUSED


# The record and the history.


def test_record_takes_whatever_texts_it_gets(device: FakeDevice) -> None:
    """A state that cannot be recorded would stop the client for ever."""
    client, control = started(device)
    control.check(ALICE)
    plan = client.state.plan
    assert plan is not None
    long = "\ud800\N{SNOWMAN}\n" * 5000
    answers = tuple(replace(ANSWER, release=f"{n:064x}", who=long) for n in range(12))
    client.state = replace(
        client.state, answers=answers, plan=replace(plan, product=long, identity=long, reason=long)
    )
    client.handle(events.Failed(10, Code.INSTALL_FAILED, long))
    assert len(encode(Record(1, client.state))) <= PLACE_BYTES
    client, _ = started(device)
    assert code(client) == Code.INSTALL_FAILED


def test_answers_to_the_release_that_waits_are_kept_longest(device: FakeDevice) -> None:
    _, control = started(device)
    client = control._client
    control.check(ALICE)
    control.answer(ALICE, Reply.LATER)
    kept = client.state.answers
    others = tuple(replace(ANSWER, release=f"{n:064x}", who="x" * 500) for n in range(40))
    client.state = replace(client.state, answers=(*kept, *others))
    client.handle(events.WaitOver(10))
    assert set(kept) <= set(client.state.answers)
    assert 0 < len(client.state.answers) < 40


def test_full_disk_does_not_stop_an_update_for_the_sake_of_its_history(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, control = agreed(device, Phase.DOWNLOAD)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(history, "append", fail)
        for number in range(40):
            control.set_preset(ALICE, ("ask", "auto-security")[number % 2])
    lost = client.state.history.lost
    assert lost > 0
    control.set_preset(ALICE, "ask")
    client.run()
    lines = control.history(0, control.verify_history()["total"])["lines"]
    assert [line["lost"] for line in lines if "lost" in line] == [lost]
    assert client.state.history.lost == 0


def test_checks_with_the_same_result_are_one_line(device: FakeDevice) -> None:
    device.storage.remove(BUNDLE)
    client, control = started(device)
    before = client.state.history.lines
    for _ in range(50):
        device.clock.wall += DAY
        control.check(ALICE)
        client.run()
    assert client.state.history.lines == before + 1


def test_shortened_record_does_not_make_a_new_device(device: FakeDevice) -> None:
    """A new device has no floor."""
    started(device)
    device.storage.open_to_write(f"{STATE}/record").truncate(0)
    with pytest.raises(InputError, match=r"record: has 0 bytes instead of 16384: it was shortened"):
        started(device)


def test_history_without_its_record_is_an_error_and_stays(device: FakeDevice) -> None:
    started(device)
    before = device.storage.content(f"{STATE}/history.jsonl")
    device.storage.remove(f"{STATE}/record")
    with pytest.raises(InputError, match=r"history.jsonl: has no record next to it"):
        started(device)
    assert device.storage.content(f"{STATE}/history.jsonl") == before


def test_damaged_manifest_is_written_again_by_the_next_check(device: FakeDevice) -> None:
    client, control = started(device)
    control.check(ALICE)
    assert client.state.plan is not None
    device.storage.put(f"{STATE}/manifests/{client.state.plan.manifest}", b"")
    control.check(ALICE)
    assert client.question() is not None


def test_path_that_the_record_cannot_take_is_refused(device: FakeDevice) -> None:
    _, control = started(device)
    with pytest.raises(SoftwareUpdateError, match="the path is not UTF-8; rename it"):
        control.install(ALICE, "/stick/\udcff.bundle")
    with pytest.raises(SoftwareUpdateError, match="the path is too long"):
        control.install(ALICE, "/" + "\N{SNOWMAN}" * 200)


def test_two_domains_with_the_same_boot_loader_start(device: FakeDevice) -> None:
    domains = {"main": device.domain(), "radio": replace(device.domain(), name="radio")}
    client = Client(device.system, STATE, domains)
    client.start()
    assert {name: each.running for name, each in client.state.domains.items()} == {
        "main": "A",
        "radio": "A",
    }
