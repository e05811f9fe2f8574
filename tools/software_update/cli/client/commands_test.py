"""Tests of the subcommands on a device that is a folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from software_update.cli.client.dispatch import COMMANDS, main
from software_update.client.boot.directory import DirectoryBoot
from software_update.client.root_chain import fingerprint, readable
from software_update.format.claims import Claims, TargetClaim
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.client_folder import CONTENTS, ClientFolder
from software_update.verify.roots import trust_root

Run = tuple[int, str, str]


class Device(ClientFolder):
    """A device, and its commands."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], *lines: str) -> None:
        super().__init__(folder, *lines)
        self._capsys = capsys

    def run(self, name: str, *arguments: str) -> Run:
        """Runs a subcommand in this process. Returns exit code, standard output and standard error."""
        code = main([name, f"--config={self.config}", *arguments])
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    def status(self) -> dict[str, Any]:
        code, out, _ = self.run("status", "--json")
        assert code == 0
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Device:
    made = Device(tmp_path, capsys)
    made.offer(7)
    return made


def test_first_start_needs_no_provisioning(device: Device) -> None:
    status = device.status()
    assert (status["detail"], status["domains"]["main"]["floor"]) == ("Idle", None)
    assert status["domains"]["main"]["preset"] == "ask"


def test_update_from_check_to_commit(device: Device) -> None:
    code, out, _ = device.run("check")
    assert code == 6
    assert "INACTIVE (1), AwaitingConsent(download)\n" in out
    assert "Vendor:               Example Lamps Ltd\n" in out
    assert "  software-update-client approve" in out
    code, out, _ = device.run("approve")
    assert (code, device.current()) == (6, "A")
    assert "to be started" in out
    assert (device.folder / "app/B/lib/boot").read_bytes() == CONTENTS["lib/boot"]
    code, out, _ = device.run("approve")
    assert code == 0
    assert "UPDATED, " in out
    assert device.current() == "B"
    code, out, _ = device.run("check")
    assert code == 0
    assert "up to date" in out
    assert device.run("verify-installed") == (
        0,
        "slot B has 2 targets of version 7, all unchanged\n",
        "",
    )


def test_status_shows_the_question_that_waits_and_records_nothing(device: Device) -> None:
    device.run("check")
    device.status()
    record = (device.folder / "state/record").read_bytes()
    for _ in range(2):
        status = device.status()
        assert (status["asking"], status["decisions"][0]["choice"]) == (True, "ask")
    assert (device.folder / "state/record").read_bytes() == record


def test_install_of_a_file_without_a_terminal_waits(device: Device) -> None:
    code, out, _ = device.run("install", str(device.bundle))
    assert (code, device.status()["detail"]) == (6, "AwaitingConsent")
    assert "waits for an answer to be fetched." in out


def test_install_with_yes_needs_no_answer(device: Device) -> None:
    code, out, _ = device.run("install", str(device.bundle), "--yes")
    assert (code, device.current()) == (0, "B")
    assert "FINISHED (8), Finished\n" in out


def test_install_asks_again_about_a_release_that_was_declined(device: Device) -> None:
    device.run("check")
    device.run("approve")
    device.run("rollback")
    assert device.run("install", str(device.bundle))[0] == 0
    assert device.status()["result"]["code"] == "DECLINED"
    assert device.run("install", str(device.bundle), "--yes")[0] == 0
    assert (device.status()["result"]["code"], device.current()) == ("UPDATED", "B")


def test_install_refuses_a_bad_bundle(device: Device) -> None:
    device.bundle.write_bytes(b"text")
    code, _, err = device.run("install", str(device.bundle))
    assert code == 1
    assert err.startswith(f"software-update-client: {device.bundle}: ")
    assert err.endswith(" (REFUSED)\n")
    assert device.run("install", f"{device.folder}/none")[0] == 3


def test_approve_all_agrees_to_the_restart_too(device: Device) -> None:
    device.run("check")
    assert device.run("approve", "--all")[0] == 0
    assert device.status()["result"]["code"] == "UPDATED"


def test_phases_are_agreed_to_by_name(device: Device) -> None:
    device.run("check")
    code, _, _ = device.run("approve", "--phase=download", "--phase=restart")
    assert (code, device.current()) == (0, "B")


def test_answer_is_bound_to_the_release_that_was_seen(device: Device) -> None:
    device.run("check")
    seen = device.status()["question"]["release"]
    device.offer(8)
    device.run("check")
    code, _, err = device.run("approve", f"--release={seen}")
    assert code == 1
    assert "the release that waits is " in err
    assert device.run("approve", f"--release={device.status()['plan']['release'][:16]}")[0] == 6


def test_answers_without_a_question_are_refused(device: Device) -> None:
    for name in ("approve", "decline", "postpone"):
        assert device.run(name) == (
            1,
            "",
            "software-update-client: no release waits for an answer\n",
        )


def test_declined_release_is_approved_later(device: Device) -> None:
    device.run("check")
    code, out, _ = device.run("decline")
    assert code == 0
    assert "DECLINED" in out
    assert device.run("check")[0] == 0
    assert device.run("approve", "--all")[0] == 0


def test_release_that_is_never_wanted_is_not_asked_about(device: Device) -> None:
    device.run("check")
    assert device.run("decline", "--never")[0] == 0
    assert device.run("check")[0] == 0


def test_postponed_release_waits(device: Device) -> None:
    device.run("check")
    code, out, _ = device.run("postpone", "--days=2")
    assert code == 0
    assert "waits until " in out
    assert device.run("postpone", "--until=tomorrow")[0] == 2
    assert device.run("postpone", "--until=2020-01-01T00:00:00Z")[0] == 2
    assert device.run("postpone", "--until=2099-01-01T00:00:00Z")[0] == 0
    assert device.status()["not_before"] == "2099-01-01T00:00:00Z"


def test_rollback_before_and_after_the_restart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(tmp_path, capsys, 'commit = "manual"')
    device.offer(7)
    assert device.run("rollback")[0] == 1
    device.run("check")
    assert device.run("rollback")[0] == 0
    device.run("check")
    assert device.run("approve", "--all")[0] == 0
    assert (device.status()["detail"], device.current()) == ("Trying", "B")
    code, out, _ = device.run("rollback")
    assert (code, device.current()) == (0, "A")
    assert "ROLLED_BACK" in out
    device.run("check")
    device.run("approve", "--all")
    assert device.run("commit")[0] == 0
    assert device.run("rollback")[0] == 1
    assert device.run("commit")[0] == 1


def test_failed_health_goes_back_with_exit_code_1_and_is_quarantined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(tmp_path, capsys, 'health = [{program = ["/bin/false"]}]')
    device.offer(7)
    for _ in range(3):
        device.run("check")
        code, out, _ = device.run("approve", "--all")
        assert (code, device.current()) == (1, "A")
        assert "health check /bin/false: ended with 1" in out
    assert "failed 3 times: quarantined" in out
    assert device.run("check")[0] == 1
    assert device.status()["state"] == "FINISHED"
    assert device.run("clear")[0] == 0
    assert device.status()["failures"] == []


def test_restart_by_another_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    device = Device(tmp_path, capsys)
    assert device.run("restart-done")[0] == 0


def test_source_that_fails_is_exit_code_3(device: Device) -> None:
    device.bundle.unlink()
    device.bundle.mkdir()
    code, out, _ = device.run("check")
    assert code == 3
    assert "SOURCE_FAILED" in out


def test_history_is_shown_exported_and_verified(device: Device) -> None:
    device.run("check")
    device.run("approve", "--all")
    code, out, _ = device.run("history")
    assert code == 0
    assert "yes to download" in out
    lines = (device.folder / "state/history.jsonl").read_text()
    assert device.run("history", "--export") == (0, lines, "")
    count = len(lines.splitlines())
    assert device.run("history", "--verify") == (0, f"{count} lines, none changed or removed\n", "")
    assert len(json.loads(device.run("history", "--json")[1])["lines"]) == count
    path = device.folder / "state/history.jsonl"
    path.write_text(lines.replace("yes", "no "))
    code, _, err = device.run("history", "--verify")
    assert code == 3
    assert "does not follow the line before it" in err


def test_policy_is_shown_and_changed(device: Device) -> None:
    assert device.run("policy") == (0, "main: ask\n", "")
    assert device.run("policy", "auto-all") == (0, "main: auto-all\n", "")
    assert device.run("check")[0] == 0
    assert device.status()["result"]["code"] == "UPDATED"
    assert device.run("policy", "always")[0] == 2


def test_automatic_check_looks_for_nothing_with_the_preset_never(device: Device) -> None:
    device.run("policy", "never")
    assert device.run("check", "--automatic")[0] == 0
    assert device.status()["result"] is None
    device.run("check")
    assert device.status()["result"]["code"] == "DENIED_BY_POLICY"


def test_changed_installation_is_exit_code_1(device: Device) -> None:
    assert device.run("verify-installed")[0] == 1
    device.run("install", str(device.bundle), "--yes")
    (device.folder / "app/B/app").write_bytes(b"applicatioN\n")
    code, _, err = device.run("verify-installed")
    assert code == 1
    assert "target 'app' reads back differently" in err


def test_trust_shows_both_roots_and_takes_only_the_fingerprint(device: Device) -> None:
    assert device.run("install", str(device.bundle), "--yes")[0] == 0
    foreign = e.signed(e.root(1, [e.ROOT_KEY_2]), e.ROOT_KEY_2)
    (device.folder / "root.pb").write_bytes(foreign)
    digits = fingerprint(trust_root(foreign))
    code, out, _ = device.run("trust")
    assert code == 6
    assert f"root in the image: version 1, fingerprint {readable(digits)}\n" in out
    assert "The floor 7 stays: no lower release is installed.\n" in out
    assert "The floor 7 ends" in device.run("trust", "--end-floor")[1]
    assert device.run("trust", "--fingerprint", "f" * 64)[0] == 1
    assert device.run("trust", "--fingerprint", "yes")[0] == 2
    assert device.run("trust", "--domain=x")[0] == 2
    code, out, _ = device.run("trust", "--fingerprint", readable(digits), "--json")
    assert (code, json.loads(out)["result"]["code"]) == (0, "ROOT_TRUSTED")
    assert device.status()["domains"]["main"]["floor"]["version"] == "7"
    code, _, err = device.run("trust", "--fingerprint", digits)
    assert (code, "a root is in force" in err) == (1, True)


def test_factory_reset_forgets_the_users_settings(device: Device) -> None:
    device.run("policy", "never")
    code, out, _ = device.run("factory-reset")
    assert (code, "reset the client" in out) == (0, True)
    assert device.status()["domains"]["main"]["preset"] == "ask"
    assert device.history()[-1] == "FactoryReset"


def test_provision_states_the_factory_release(device: Device) -> None:
    for name, content in CONTENTS.items():
        path = device.folder / "app/A" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    code, out, _ = device.run("provision", f"--bundle={device.bundle}", "--preset=auto-security")
    assert code == 0
    assert "main: slot A runs 7, root version 1, preset auto-security" in out
    assert device.run("verify-installed")[0] == 0
    assert device.run("check")[0] == 0
    device.offer(6)
    code, _, err = device.run("provision", f"--bundle={device.bundle}")
    assert code == 1
    assert "ROLLBACK" in err or "VERSION" in err


def test_provision_shows_and_records_slots_powers_and_areas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(tmp_path, capsys, 'powers = ["network"]')
    code, out, _ = device.run("provision", "--preset=auto-all")
    assert code == 0
    assert "main: powers network\n" in out and "areas" not in out
    domain = device.status()["domains"]["main"]
    assert (domain["powers"], domain["areas"]) == (["network"], None)
    line = json.loads((device.folder / "state/history.jsonl").read_text().splitlines()[-1])
    assert (line["event"], line["slots"]) == ("Provisioned", ["A", "B"])
    assert line["grant"] == {"powers": ["network"]}


def claiming(counter: int, *reach: str) -> bytes:
    """Returns a release manifest that claims powers for `app`, and none for the other target."""
    claims = (
        TargetClaim("app", "lamp", "application", reach),
        TargetClaim("lib/boot", "library", "application"),
    )
    return build_release(ReleaseManifest("lamp", f"1.{counter}", counter), Claims(claims))


def test_claim_beyond_the_powers_is_refused_before_a_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(tmp_path, capsys, 'powers = ["network"]')
    device.offer(7, user_manifest=claiming(7, "network", "keys"))
    device.run("check")
    status = device.status()
    assert (status["plan"], status["question"]) == (None, None)
    said = (
        "POWER_NOT_ALLOWED: target 'app': claims the power keys, which domain 'main' does not have (its "
        "powers: network)"
    )
    assert (status["result"]["code"], status["result"]["text"]) == ("REFUSED", said)
    line = json.loads((device.folder / "state/history.jsonl").read_text().splitlines()[-1])
    assert (line["result"], line["text"]) == ("REFUSED", said)
    code, _, err = device.run("install", str(device.bundle))
    assert (code, said in err) == (1, True)
    device.offer(8, user_manifest=claiming(8, "network"))
    device.run("check")
    question = device.status()["question"]
    assert (question["powers"], question["slot"]) == (["network"], "B")


def test_powers_that_the_configuration_takes_away_end_a_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(tmp_path, capsys, 'powers = ["network"]')
    device.offer(7, user_manifest=claiming(7, "network"))
    device.run("check")
    text = device.config.read_text()
    device.config.write_text(text.replace('powers = ["network"]', "powers = []"))
    device.run("approve", "--all")
    result = device.status()["result"]
    assert (result["code"], "POWER_NOT_ALLOWED" in result["text"]) == ("REFUSED", True)
    assert "installed" not in " ".join(device.history())


def test_policy_asks_about_powers_gained_and_about_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(tmp_path, capsys, "[policy]", 'preset = "auto-all"', "powers_gained = {}")
    device.run("provision")
    device.offer(7, user_manifest=claiming(7, "network"))
    device.run("install", str(device.bundle), "--yes")
    assert device.current() == "B"
    device.offer(8, user_manifest=claiming(8, "network", "keys"), app=b"new")
    _, out, _ = device.run("check")
    assert "Gains powers:         keys: lamp" in out
    assert device.status()["asking"] is True
    device.offer(9, user_manifest=claiming(9, "network"), app=b"newer")
    device.run("check")
    assert (device.current(), device.status()["result"]["code"]) == ("A", "UPDATED")
    silent = build_release(ReleaseManifest("lamp", "1.10", 10))
    device.offer(10, user_manifest=silent, app=b"without a claim")
    device.run("check")
    assert device.status()["question"]["unclaimed"] == ["app"]
    assert device.status()["asking"] is True


def test_provision_without_a_release_writes_the_preset_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(tmp_path, capsys, "[policy]", 'preset = "auto-all"')
    assert device.status()["domains"]["main"]["preset"] == "ask"
    assert device.run("provision")[0] == 0
    assert device.status()["domains"]["main"]["preset"] == "auto-all"


def test_provision_takes_an_installed_manifest(device: Device) -> None:
    device.run("install", str(device.bundle), "--yes")
    [manifest] = (device.folder / "state/manifests").iterdir()
    again = device.folder / "again"
    again.mkdir()
    other = Device(again, device._capsys)
    code, _, _ = other.run("provision", f"--manifest={manifest}")
    assert (code, other.status()["domains"]["main"]["floor"]["version"]) == (0, "7")
    assert other.run("provision", f"--manifest={other.config}")[0] == 3
    assert other.run("provision", "--slot=B")[0] == 2
    assert other.run("provision", f"--manifest={manifest}", "--slot=C")[0] == 2


def test_provision_says_what_stops_updates(device: Device) -> None:
    (device.folder / "app/current.json").write_text("text")
    code, _, err = device.run("provision")
    assert code in (1, 3)
    assert "current.json: is not a record of slots" in err


def test_provision_refuses_a_backend_with_a_problem_and_writes_nothing(device: Device) -> None:
    text = device.config.read_text()
    installer, _, boot = text.partition("boot = ")
    installer = installer.replace(f"{device.folder}/app/B", f"{device.folder}/none/B")
    device.config.write_text(f"{installer}boot = {boot}")
    code, out, err = device.run("provision", "--preset=auto-all")
    assert (code, out) == (1, "")
    assert err.endswith("/none: missing; create it, or correct the path\n")
    assert device.status()["domains"]["main"]["preset"] == "ask"


def test_provision_warns_of_weaknesses(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DirectoryBoot, "warnings", lambda self: ["one copy"])
    code, _, err = device.run("provision")
    assert (code, err) == (0, "software-update-client: warning: one copy\n")


def test_problems_of_the_configuration_are_one_line(device: Device) -> None:
    device.config.write_text("vendor = 1\n")
    code, _, err = device.run("status")
    assert code == 3
    assert err.count("\n") == 1
    assert main(["status", "--config=/nonexistent"]) == 3


def test_wrong_usage_is_exit_code_2(device: Device, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["instal"]) == 2
    assert device.run("status", "--jsn")[0] == 2
    assert device.run("approve", "--all", "--phase=restart")[0] == 2
    capsys.readouterr()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_subcommand_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: software-update-client {name} " in capsys.readouterr().out


def test_help_lists_all_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert main(["--version"]) == 0
