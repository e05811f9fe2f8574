"""Tests of the actions of users."""

import json
from dataclasses import replace

import pytest

from software_update.base.errors import SoftwareUpdateError
from software_update.client.config import Approvers
from software_update.client.policy.postponement import Postponement
from software_update.client.question import Phase
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.client.state import Code, Reply, Staging
from software_update.testing import encode as e
from software_update.testing.fake_device import BUNDLE, STATE, FakeDevice

CONTENTS = {"app": b"application\n", "boot": b"bootloader\n"}
ALICE = Caller("alice", frozenset({"alice", "fitters"}))
EVE = Caller("eve", frozenset({"eve"}))
DAY = 24 * 60 * 60


@pytest.fixture
def device() -> FakeDevice:
    made = FakeDevice()
    made.offer(e.bundle(CONTENTS, version=7))
    return made


def started(device: FakeDevice, **changes: object) -> tuple[Client, Control]:
    client = Client(device.system, STATE, {"main": device.domain(**changes)})  # type: ignore[arg-type]
    client.start()
    client.run()
    return client, Control(client, Approvers(frozenset(), frozenset({"fitters"})))


def asking(device: FakeDevice, **changes: object) -> tuple[Client, Control]:
    """Returns a client that waits for consent to the download."""
    client, control = started(device, **changes)
    control.check(ALICE)
    client.run()
    return client, control


def refusal(control: Control, *arguments: object, **named: object) -> str:
    with pytest.raises(SoftwareUpdateError) as caught:
        control.answer(*arguments, **named)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_update_in_actions(device: FakeDevice) -> None:
    client, control = asking(device)
    status = control.status()
    assert (status["state"], status["number"], status["detail"]) == (
        "INACTIVE",
        1,
        "AwaitingConsent",
    )
    assert status["question"]["phase"] == "download"
    control.answer(ALICE, Reply.YES)
    client.run()
    control.answer(ALICE, Reply.YES)
    client.run()
    assert control.status()["detail"] == "AwaitingRestart"
    device.boot.start()
    assert control.restart_done(ALICE)["detail"] == "Trying"
    client.run()
    status = control.status()
    assert (status["detail"], status["result"]["code"]) == ("Finished", "UPDATED")
    assert status["domains"]["main"]["floor"]["version"] == "7"
    json.dumps(status)


@pytest.mark.parametrize(
    "action",
    [
        lambda control: control.check(EVE),
        lambda control: control.install(EVE, BUNDLE),
        lambda control: control.answer(EVE, Reply.YES),
        lambda control: control.cancel(EVE),
        lambda control: control.clear(EVE),
        lambda control: control.restart_done(EVE),
        lambda control: control.commit(EVE),
        lambda control: control.set_preset(EVE, "auto-all"),
        lambda control: control.provision(EVE, None, "auto-all"),
    ],
)
def test_actions_need_an_approver(device: FakeDevice, action) -> None:  # type: ignore[no-untyped-def]
    _, control = asking(device)
    before = control.status()
    with pytest.raises(SoftwareUpdateError, match="user eve may not do this; add user:NAME"):
        action(control)
    assert control.status() == before


def test_yes_to_several_phases_at_once_asks_only_once(device: FakeDevice) -> None:
    client, control = asking(device, staging=Staging.STORE)
    control.answer(ALICE, Reply.YES, list(Phase))
    client.run()
    assert control.status()["detail"] == "AwaitingRestart"


def test_other_answers_are_only_for_the_phase_that_waits(device: FakeDevice) -> None:
    _, control = asking(device)
    assert refusal(control, ALICE, Reply.NO, [Phase.RESTART]) == (
        "the answer no is only for the phase that waits"
    )


def test_answer_to_a_release_that_was_replaced_is_void(device: FakeDevice) -> None:
    client, control = asking(device)
    seen = control.status()["question"]["release"]
    device.offer(e.bundle(CONTENTS, version=8))
    control.check(ALICE)
    client.run()
    assert refusal(control, ALICE, Reply.YES, release=seen).startswith("the release that waits is ")
    now = control.status()["question"]["release"]
    control.answer(ALICE, Reply.YES, release=now[:16])
    assert client.state.answers[-1].who == "alice"


def test_start_of_a_digest_must_have_16_digits(device: FakeDevice) -> None:
    _, control = asking(device)
    seen = control.status()["question"]["release"]
    assert "the release that waits" in refusal(control, ALICE, Reply.YES, release=seen[:15])


def test_answer_under_a_root_that_was_replaced_is_void(device: FakeDevice) -> None:
    client, control = asking(device)
    assert refusal(control, ALICE, Reply.YES, root="0" * 64) == (
        "the root has changed since the question; read the question again"
    )
    control.answer(ALICE, Reply.YES, root=control.status()["question"]["root"])
    assert client.state.answers[-1].reply == Reply.YES


def test_answer_without_a_question_is_refused(device: FakeDevice) -> None:
    _, control = started(device)
    assert refusal(control, ALICE, Reply.YES) == "no release waits for an answer"


def test_declined_release_can_still_be_approved(device: FakeDevice) -> None:
    client, control = asking(device)
    control.answer(ALICE, Reply.NO)
    client.run()
    assert control.status()["result"]["code"] == "DECLINED"
    assert "so none can be put off" in refusal(control, ALICE, Reply.LATER)
    control.answer(ALICE, Reply.YES)
    client.run()
    assert control.status()["plan"]["phase"] == "restart"


def test_declined_restart_is_not_fetched_again_and_can_be_approved(device: FakeDevice) -> None:
    client, control = asking(device)
    control.answer(ALICE, Reply.YES)
    client.run()
    control.answer(ALICE, Reply.NO)
    client.run()
    calls = len(device.boot.calls)
    control.check(ALICE)
    client.run()
    assert control.status()["result"]["code"] == "DECLINED"
    assert len(device.boot.calls) == calls
    control.answer(ALICE, Reply.YES)
    client.run()
    assert (control.status()["plan"]["phase"], control.status()["asking"]) == ("restart", True)


def test_postponement_has_a_cap(device: FakeDevice) -> None:
    client, control = asking(device, postponement=Postponement(times=2, days=2))
    now = client.now()
    too_late = now + 3 * DAY
    assert "at the latest" in refusal(control, ALICE, Reply.LATER, until=too_late)
    assert "is not later than now" in refusal(control, ALICE, Reply.LATER, until=now)
    control.answer(ALICE, Reply.LATER, until=now + DAY)
    assert client.state.plan is not None
    assert client.state.plan.not_before == now + DAY
    control.answer(ALICE, Reply.LATER)
    assert "may not be put off again" in refusal(control, ALICE, Reply.LATER)


def test_postponement_without_a_time_is_a_day(device: FakeDevice) -> None:
    client, control = asking(device)
    control.answer(ALICE, Reply.LATER)
    assert client.state.plan is not None
    assert client.state.plan.not_before == client.now() + DAY


def test_cancel_before_restart_and_rollback_after_it(device: FakeDevice) -> None:
    client, control = asking(device)
    assert control.cancel(ALICE)["result"]["text"] == "alice cancelled the update"
    with pytest.raises(SoftwareUpdateError, match="no update is under way"):
        control.cancel(ALICE)
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, [Phase.DOWNLOAD, Phase.RESTART])
    client.run()
    device.boot.start()
    client, control = started(device, commits_itself=False)
    assert control.status()["detail"] == "Trying"
    assert control.cancel(ALICE)["detail"] == "RollingBack"
    client.run()
    device.boot.start()
    control.restart_done(ALICE)
    client.run()
    assert (client.state.result.code, device.boot.booted) == (Code.ROLLED_BACK, "A")  # type: ignore[union-attr]


def test_commit_by_a_person(device: FakeDevice) -> None:
    client, control = asking(device, commits_itself=False)
    with pytest.raises(SoftwareUpdateError, match="no slot is being tried"):
        control.commit(ALICE)
    control.answer(ALICE, Reply.YES, list(Phase))
    client.run()
    device.boot.start()
    client, control = started(device, commits_itself=False)
    assert control.commit(ALICE)["detail"] == "Committing"
    client.run()
    assert control.status()["result"]["code"] == "UPDATED"


def test_preset_is_changed_and_checked(device: FakeDevice) -> None:
    _, control = started(device)
    assert control.set_preset(ALICE, "never")["domains"]["main"]["preset"] == "never"
    with pytest.raises(SoftwareUpdateError, match="'always' is not a preset; use one of ask, "):
        control.set_preset(ALICE, "always")
    with pytest.raises(SoftwareUpdateError, match="no domain is called 'cellar'"):
        control.set_preset(ALICE, "ask", "cellar")


def test_automatic_check_is_not_that_of_a_person(device: FakeDevice) -> None:
    _, control = started(device)
    control.set_preset(ALICE, "never")
    assert control.check(ALICE, automatic=True)["detail"] == "Idle"
    assert control.check(ALICE)["detail"] == "AwaitingConsent"


def test_install_takes_a_file_that_no_source_offers(device: FakeDevice) -> None:
    device.storage.make_folder("/home")
    device.storage.put("/home/own.bundle", e.bundle(CONTENTS, version=9))
    client, control = started(device)
    assert control.install(ALICE, "/home/own.bundle")["question"]["to_version"] == "9"
    client.check("main")
    assert control.status()["question"]["to_version"] == "9"
    control.answer(ALICE, Reply.YES)
    # The answer and the file survive a restart of the client.
    client, control = started(device)
    assert control.status()["plan"]["phase"] == "restart"
    assert device.slot("app", "B") == CONTENTS["app"]


def test_install_of_a_bad_or_missing_file_is_refused(device: FakeDevice) -> None:
    _, control = started(device)
    with pytest.raises(SoftwareUpdateError, match="No such file"):
        control.install(ALICE, "/home/none.bundle")
    device.storage.put(BUNDLE, b"not a bundle")
    with pytest.raises(SoftwareUpdateError, match=r"update.bundle: .* \(REFUSED\)"):
        control.install(ALICE, BUNDLE)


def test_quarantine_is_cleared(device: FakeDevice) -> None:
    client, control = asking(device)
    with pytest.raises(SoftwareUpdateError, match="an update is under way"):
        control.clear(ALICE)
    control.answer(ALICE, Reply.NO)
    assert control.clear(ALICE)["detail"] == "Idle"
    assert client.state.result is None


def test_history_in_pages_and_verified(device: FakeDevice) -> None:
    client, control = asking(device)
    control.answer(ALICE, Reply.YES)
    client.run()
    total = control.verify_history()["total"]
    first = control.history(0, 2)
    assert (first["total"], len(first["lines"])) == (total, 2)
    rest = control.history(2)["lines"]
    assert [line["answer"]["who"] for line in rest if "answer" in line] == ["alice"]
    assert len(rest) == total - 2


def test_installed_release_is_verified(device: FakeDevice) -> None:
    client, control = started(device)
    with pytest.raises(SoftwareUpdateError, match="does not know the release in slot A"):
        control.verify_installed()
    control.check(ALICE)
    control.answer(ALICE, Reply.YES, list(Phase))
    client.run()
    device.boot.start()
    _, control = started(device)
    assert control.verify_installed()["targets"] == ["app", "boot"]
    device.storage.put("/slots/app_B", b"applicatioN\n")
    with pytest.raises(SoftwareUpdateError, match="target 'app' reads back differently"):
        control.verify_installed()


def test_provisioned_release_is_the_floor_and_cannot_be_lowered(device: FakeDevice) -> None:
    client, control = asking(device)
    assert client.state.plan is not None
    folder, name = f"{STATE}/manifests", client.state.plan.manifest
    manifest = device.storage.content(f"{folder}/{name}")
    with pytest.raises(SoftwareUpdateError, match="an update is under way"):
        control.provision(ALICE, manifest, None)
    control.answer(ALICE, Reply.NO)
    domain = control.provision(ALICE, manifest, "auto-all")["domains"]["main"]
    assert (domain["preset"], domain["floor"]["version"], list(domain["slots"])) == (
        "auto-all",
        "7",
        ["A"],
    )
    floor = client.state.domain("main").floor
    assert floor is not None
    state = client.state.domain("main")
    client.state = client.state.with_domain(
        "main", replace(state, floor=replace(floor, targets_version=8))
    )
    with pytest.raises(SoftwareUpdateError, match="release 7 is below the floor"):
        control.provision(ALICE, manifest, None)
