"""Tests of checking the backends of a device."""

import json
from pathlib import Path

import pytest

from software_update.cli.client.check_backend import target_names
from software_update.cli.client.dispatch import main
from software_update.client.installers.directory import DirectoryInstaller
from software_update.testing.client_folder import ClientFolder


@pytest.fixture
def device(tmp_path: Path) -> ClientFolder:
    return ClientFolder(tmp_path)


def test_backends_of_a_device_keep_all_rules(
    device: ClientFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    (device.folder / "app/A/app").write_bytes(b"kept")
    command = ["check-backend", f"--config={device.config}", "--overwrite-slot=B"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "boot: an unbootable slot is not primary: kept\n" in out
    assert "installers[0]: the running slot does not change: kept\n" in out
    assert "BROKEN" not in out
    assert (device.folder / "app/A/app").read_bytes() == b"kept"
    assert device.current() == "A"
    main([*command, "--json"])
    document = json.loads(capsys.readouterr().out)
    assert {each["backend"] for each in document["findings"]} == {"boot", "installers[0]"}
    assert {each["problem"] for each in document["findings"]} == {None}


def test_broken_rule_is_exit_code_1(
    device: ClientFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DirectoryInstaller, "clear", lambda self, slot: None)
    assert main(["check-backend", f"--config={device.config}", "--overwrite-slot=B"]) == 1
    assert "installers[0]: clear removes all targets: BROKEN: " in capsys.readouterr().out


@pytest.mark.parametrize("slot", ["A", "C"])
def test_running_or_unknown_slot_is_not_overwritten(
    device: ClientFolder, capsys: pytest.CaptureFixture[str], slot: str
) -> None:
    assert main(["check-backend", f"--config={device.config}", f"--overwrite-slot={slot}"]) == 2
    assert capsys.readouterr().err.endswith(f"--overwrite-slot {slot}: must be one of B\n")


def test_update_under_way_is_not_disturbed(
    device: ClientFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    device.offer(7)
    main(["check", f"--config={device.config}"])
    assert main(["check-backend", f"--config={device.config}", "--overwrite-slot=B"]) == 1
    assert "an update is under way" in capsys.readouterr().err


def test_patterns_without_a_name_are_an_error(
    device: ClientFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    text = device.config.read_text().replace('targets = ["*"]', 'targets = ["[ab]*"]')
    device.config.write_text(text)
    assert main(["check-backend", f"--config={device.config}", "--overwrite-slot=B"]) == 2
    assert "contain no name to check with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["rootfs"], ["rootfs"]),
        (["*"], ["check", "check2"]),
        (["lib/*.py"], ["lib/check.py", "lib/check2.py"]),
        (["v?", "app"], ["vc", "vc", "app"]),
        (["[ab]*"], []),
    ],
)
def test_names_that_patterns_take(patterns: list[str], names: list[str]) -> None:
    assert list(target_names(patterns)) == names
