"""Tests of the client on a device in memory: whole updates, and what goes wrong in them."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from software_update.base.errors import InputError
from software_update.client import events, history
from software_update.client.boot_control import BootError, SlotState
from software_update.client.decision import Choice, Decision
from software_update.client.domain import HealthCheck, Place
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.policy.chain import Link
from software_update.client.policy.metered import Metered
from software_update.client.question import Phase
from software_update.client.shell.client import Client, error_text
from software_update.client.source import OpenBundle
from software_update.client.state import Answer, Code, Detail, Reply, Staging, State
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import File, ProgramResult
from software_update.format.release_manifest import (
    ReleaseManifest,
    ReleaseTexts,
    build_release,
)
from software_update.testing import encode as e
from software_update.testing.fake_device import BUNDLE, STATE, FakeBoot, FakeDevice, ForwardBundle

APP, BOOT = b"application\n" * 300_000, b"bootloader\n"
CONTENTS = {"app": APP, "boot": BOOT}


@pytest.fixture
def device() -> FakeDevice:
    made = FakeDevice()
    made.offer(e.bundle(CONTENTS, version=7))
    return made


def started(device: FakeDevice, **changes: object) -> Client:
    client = Client(device.system, STATE, {"main": device.domain(**changes)})  # type: ignore[arg-type]
    client.start()
    client.run()
    return client


def restarted(device: FakeDevice, **changes: object) -> Client:
    """Starts the device again."""
    device.boot.start()
    return started(device, **changes)


def agree(client: Client, reply: Reply = Reply.YES, until: int | None = None) -> None:
    """Answers the question that waits."""
    question = client.question()
    assert question is not None
    answer = Answer(question.release, question.root, question.phase, reply, "alice", 9, until)
    assert client.handle(events.Answered(9, answer))
    client.run()


def check(client: Client) -> None:
    client.check("main")
    client.run()


def code(state: State) -> Code | None:
    return state.result.code if state.result else None


@pytest.mark.parametrize("source", [StoredBundle, ForwardBundle])
@pytest.mark.parametrize("staging", list(Staging))
def test_update_from_check_to_commit(
    device: FakeDevice, source: Callable[[File], OpenBundle], staging: Staging
) -> None:
    device.source.opened = source
    client = started(device, staging=staging)
    check(client)
    asked = []
    while (question := client.question()) is not None and client.state.plan is not None:
        asked.append(question.phase)
        assert device.boot.booted == "A"
        agree(client)
        if question.phase == Phase.RESTART:
            break
    between = [Phase.INSTALL] if staging == Staging.STORE else []
    assert asked == [Phase.DOWNLOAD, *between, Phase.RESTART]
    assert device.boot.slots["B"] == SlotState.TRYING
    assert (device.slot("app", "B"), device.slot("boot", "B")) == (APP, BOOT)
    client = restarted(device, staging=staging)
    assert (code(client.state), device.boot.slots["B"]) == (Code.UPDATED, SlotState.GOOD)
    assert client.state.domain("main").floor is not None
    check(client)
    assert code(client.state) == Code.UP_TO_DATE


def test_targets_of_one_folder_must_fit_together(device: FakeDevice) -> None:
    folders = {slot: f"/slots/{slot}" for slot in ("A", "B")}
    shared = [Place(("*",), DirectoryInstaller(device.storage, folders))]
    device.offer(e.bundle({"app": APP, "boot": APP}, version=7))
    device.storage.free = len(APP) * 3 // 2
    client = started(device, places=shared)
    check(client)
    assert code(client.state) == Code.NO_ROOM


def test_nothing_is_written_before_consent(device: FakeDevice) -> None:
    client = started(device)
    check(client)
    assert client.state.detail == Detail.AWAITING_CONSENT
    assert device.slot("app", "B") == b""
    assert "mark_unbootable B" not in device.boot.calls


@pytest.mark.parametrize(
    "a, b, calls",
    [
        (SlotState.GOOD, SlotState.UNBOOTABLE, ["confirm A"]),
        (SlotState.GOOD, SlotState.EXHAUSTED, ["confirm A"]),
        (SlotState.GOOD, SlotState.TRYING, []),
        (SlotState.TRYING, SlotState.GOOD, []),
    ],
)
def test_ordinary_start_restores_the_starts_of_a_good_slot(
    device: FakeDevice, a: SlotState, b: SlotState, calls: list[str]
) -> None:
    """A boot loader that counts starts would leave the slot after a few restarts."""
    device.boot.slots.update(A=a, B=b)
    started(device)
    assert device.boot.calls == calls


def test_client_starts_if_the_starts_cannot_be_restored(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise BootError("/etc/fw_env.config: cannot be written")

    monkeypatch.setattr(device.boot, "confirm", fail)
    client = started(device)
    assert client.problem.endswith("restored: /etc/fw_env.config: cannot be written")


def test_question_is_in_the_language_of_the_device_and_names_the_holders(
    device: FakeDevice,
) -> None:
    texts = (ReleaseTexts("de", "Leuchtet."),)
    manifest = build_release(ReleaseManifest("lamp", "2.0", 2, notes="Glows.", texts=texts))
    device.offer(e.bundle({**CONTENTS, "user_manifest": manifest}, version=7))
    key_id = e.pair(e.TARGETS_KEY).key_id
    client = started(device, language="de", holders={key_id: "release manager"})
    check(client)
    question = client.question()
    assert question is not None
    assert question.notes == "Leuchtet."
    assert question.signers == (f"release manager ({key_id.hex()[:16]})",)


def test_policy_that_fails_is_asked_again_after_the_time_of_the_domain(device: FakeDevice) -> None:
    policy = Metered(device.system, most_bytes=0, file="/run/missing")
    client = started(device, policies=[Link("metered", policy)], policy_retry=77)
    client.handle(events.PresetChanged(1, "main", "auto-all", "alice"))
    check(client)
    assert client.state.plan is not None
    assert client.state.plan.not_before == device.clock.now() + 77
    names = [(name, each.choice) for name, each in client.decisions()]
    assert names == [("preset", Choice.ALLOW), ("metered", Choice.DEFER)]


def test_decisions_belong_to_the_question_that_waits(device: FakeDevice) -> None:
    client = started(device)
    assert client.decisions() == ()
    check(client)
    [(name, decision)] = client.decisions()
    assert (name, decision.choice) == ("preset", Choice.ASK)
    agree(client, Reply.NO)
    assert client.decisions() == ()


def test_slot_is_unbootable_before_its_first_byte(device: FakeDevice) -> None:
    device.boot.slots["B"] = SlotState.GOOD
    client = started(device)
    check(client)
    written: list[SlotState] = []
    client.on_progress = lambda _: written.append(device.boot.slots["B"])
    agree(client)
    assert set(written) == {SlotState.UNBOOTABLE}


def test_consent_survives_restart_of_the_client(device: FakeDevice) -> None:
    check(started(device))
    client = started(device)
    agree(client)
    assert client.state.plan is not None
    assert client.state.plan.phase == Phase.RESTART


def test_replaced_bundle_needs_new_consent(device: FakeDevice) -> None:
    client = started(device)
    check(client)
    device.offer(e.bundle({"app": APP, "boot": BOOT + b"!"}, version=8))
    agree(client)
    assert code(client.state) == Code.RELEASE_CHANGED
    check(client)
    assert client.state.detail == Detail.AWAITING_CONSENT


def test_replaced_bundle_is_not_stored_without_new_consent(device: FakeDevice) -> None:
    client = started(device, staging=Staging.STORE)
    check(client)
    device.offer(e.bundle({"app": APP, "boot": BOOT + b"!"}, version=8))
    agree(client)
    assert code(client.state) == Code.RELEASE_CHANGED
    assert not device.storage.exists(f"{STATE}/stored.bundle")


def test_bundle_that_the_store_has_no_room_for_is_not_asked_about(device: FakeDevice) -> None:
    for slot in ("A", "B"):
        device.storage.put(f"/slots/app_{slot}", bytes(len(APP)))
    client = started(device, staging=Staging.STORE)
    device.storage.free = len(APP) // 2
    check(client)
    assert (code(client.state), client.question()) == (Code.NO_ROOM, None)


def test_changed_payload_is_refused_and_never_bootable(device: FakeDevice) -> None:
    changed = e.bundle(CONTENTS, version=7).replace(b"bootloader", b"b00tloader")
    device.offer(changed)
    client = started(device)
    check(client)
    agree(client)
    assert code(client.state) == Code.REFUSED
    assert client.state.result is not None
    assert "HASH_MISMATCH" in client.state.result.text
    assert device.boot.slots["B"] == SlotState.UNBOOTABLE


def test_target_that_no_installer_takes_is_rejected_before_asking(device: FakeDevice) -> None:
    client = started(device, targets=["app"])
    check(client)
    assert (code(client.state), client.question()) == (Code.NO_PLACE, None)


def test_bundle_of_other_keys_is_refused(device: FakeDevice) -> None:
    device.offer(e.bundle(CONTENTS, version=7, signers=[e.STRANGER]))
    client = started(device)
    check(client)
    assert client.state.result is not None
    assert client.state.result.text.startswith("THRESHOLD_NOT_MET: ")


def test_failed_health_check_goes_back(device: FakeDevice) -> None:
    device.programs.programs["healthy"] = lambda argv, stdin: ProgramResult(1, b"", b"no network\n")
    health = [HealthCheck(("/bin/healthy",), 5)]
    client = started(device)
    check(client)
    agree(client)
    agree(client)
    client = restarted(device, health=health)
    assert client.state.detail == Detail.ROLLING_BACK
    client = restarted(device, health=health)
    assert (code(client.state), device.boot.booted) == (Code.HEALTH_FAILED, "A")
    assert client.state.result is not None
    assert client.state.result.text == "health check /bin/healthy: ended with 1: no network"
    assert client.state.domain("main").floor is None


def test_device_that_falls_back_three_times_quarantines_the_release(device: FakeDevice) -> None:
    client = started(device)
    for failures in range(1, 4):
        check(client)
        while client.state.detail == Detail.AWAITING_CONSENT:
            agree(client)
        for _ in range(4):
            device.boot.start()
        client = started(device)
        assert (code(client.state), device.boot.booted) == (Code.FELL_BACK, "A")
        assert client.state.failures[0].count == failures
    assert client.state.detail == Detail.QUARANTINED
    check(client)
    assert (client.state.detail, code(client.state)) == (Detail.QUARANTINED, Code.QUARANTINED)


def test_personalized_bundle_takes_missing_payload_from_running_slot(device: FakeDevice) -> None:
    client = started(device)
    check(client)
    agree(client)
    agree(client)
    client = restarted(device)
    newer = {"app": APP + b"2", "boot": BOOT}
    device.offer(
        e.root_entry(e.signed(e.root(), e.ROOT_KEY))
        + e.targets_entry(e.signed(e.targets(newer, 8), e.TARGETS_KEY))
        + e.payload("app", newer["app"])
    )
    check(client)
    agree(client)
    agree(client)
    assert (device.slot("app", "A"), device.slot("boot", "A")) == (newer["app"], BOOT)


def test_personalized_bundle_for_a_changed_slot_is_refused(device: FakeDevice) -> None:
    client = started(device)
    check(client)
    agree(client)
    agree(client)
    client = restarted(device)
    device.storage.put("/slots/boot_B", b"BOOTLOADER\n")
    device.offer(
        e.root_entry(e.signed(e.root(), e.ROOT_KEY))
        + e.targets_entry(e.signed(e.targets({"app": b"2", "boot": BOOT}, 8), e.TARGETS_KEY))
        + e.payload("app", b"2")
    )
    check(client)
    agree(client)
    assert code(client.state) == Code.BASE_CHANGED


def test_new_root_is_kept_even_if_the_person_declines(device: FakeDevice) -> None:
    new_root = e.signed(e.root(version=2), e.ROOT_KEY)
    device.offer(e.bundle(CONTENTS, version=7, signed_root=new_root))
    client = started(device)
    check(client)
    agree(client, Reply.NO)
    assert code(client.state) == Code.DECLINED
    assert client.root(client.domains["main"]).common.version == 2
    assert device.slot("app", "B") == b""
    device.offer(e.bundle(CONTENTS, version=8))
    check(started(device))
    assert code(started(device).state) == Code.REFUSED


def test_source_that_fails_is_tried_again(device: FakeDevice) -> None:
    device.source.problem = "update.example: no answer"
    client = started(device)
    check(client)
    assert (client.state.attempts, code(client.state)) == (1, Code.SOURCE_FAILED)


def test_full_disk_leaves_the_device_as_it_was(device: FakeDevice) -> None:
    client = started(device)
    check(client)
    device.storage.free = 1000
    agree(client)
    assert (code(client.state), client.state.failures) == (Code.NO_ROOM, ())
    assert device.boot.slots["B"] == SlotState.UNBOOTABLE
    assert "No space left" in client.problem
    device.storage.free = 1 << 20
    client.run()
    assert client.problem == ""
    assert history.verify(device.storage, STATE, client.state.history) == 6


def test_history_tells_the_whole_update_and_verifies(device: FakeDevice) -> None:
    client = started(device)
    check(client)
    agree(client)
    agree(client)
    client = restarted(device)
    lines = [
        json.loads(line) for line in history.read_lines(device.storage, STATE, client.state.history)
    ]
    assert [(line["event"], line["detail"]) for line in lines] == [
        ("Started", "Idle"),
        ("Offered", "AwaitingConsent"),
        ("Decided", "AwaitingConsent"),
        ("Answered", "AwaitingConsent"),
        ("Decided", "Downloading"),
        ("Written", "Verifying"),
        ("Verified", "AwaitingConsent"),
        ("Decided", "AwaitingConsent"),
        ("Answered", "AwaitingConsent"),
        ("Decided", "AwaitingRestart"),
        ("Activated", "AwaitingRestart"),
        ("Started", "Trying"),
        ("HealthPassed", "Committing"),
        ("Confirmed", "Finished"),
    ]
    assert [line["answer"]["who"] for line in lines if "answer" in line] == ["alice", "alice"]
    assert history.verify(device.storage, STATE, client.state.history) == len(lines)


def test_transition_is_one_write_and_one_sync(device: FakeDevice) -> None:
    client = started(device)
    check(client)
    before = len(device.storage.log)
    assert client.handle(events.Decided(9, Decision(Choice.DEFER, "quiet", 2_000_000_000)))
    assert device.storage.log[before:] == [f"write {STATE}/record", f"sync {STATE}/record"]


def test_second_client_on_the_same_folder_is_an_error(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device.storage, "lock", lambda path: False)
    with pytest.raises(InputError, match="another client uses this folder; stop it first"):
        started(device)


def test_removed_stick_is_nothing_offered(device: FakeDevice) -> None:
    device.storage.remove(BUNDLE)
    client = started(device)
    check(client)
    assert code(client.state) == Code.NOTHING_OFFERED


@dataclass
class CountingBoot(FakeBoot):
    """A boot control that counts the starts of a part that the client outlives."""

    def started(self) -> bool:
        before = self.booted
        self.start()
        return self.slots[self.booted] == SlotState.EXHAUSTED or self.booted == before

    def client_started(self, boot_id: str) -> bool:
        return False


@pytest.mark.parametrize(("exit_code", "ended"), [(0, Code.UPDATED), (1, Code.HEALTH_FAILED)])
def test_part_that_the_client_outlives_is_restarted_and_committed(
    device: FakeDevice, exit_code: int, ended: Code
) -> None:
    device.boot = CountingBoot()
    ends = [exit_code, 0]
    device.programs.programs["restart-app"] = lambda argv, stdin: ProgramResult(
        ends.pop(0), b"", b"no app\n"
    )
    client = started(device, restart=("/bin/restart-app",))
    check(client)
    agree(client)
    agree(client)
    assert code(client.state) == ended
    assert device.boot.booted == ("B" if exit_code == 0 else "A")
    assert client.state.result is not None
    if exit_code:
        assert client.state.result.text == "restart /bin/restart-app: ended with 1: no app"


def test_error_that_was_cut_ends_with_dots() -> None:
    assert error_text(InputError("a" * 240)) == "a" * 240
    assert error_text(InputError("a" * 241)) == "a" * 237 + "..."
