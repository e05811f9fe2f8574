"""Tests of the subcommands with a service, which runs as users run it."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.cli.client.dispatch import main
from software_update.cli.client.remote import connection_to
from software_update.testing.client_folder import ClientFolder
from software_update.testing.command import environment
from software_update.testing.short_folder import short_folder

_CODE = (
    "import sys; from software_update.cli.client.dispatch import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientFolder]:
    """A device with a running service."""
    with short_folder() as short:
        folder = tmp_path_factory.mktemp("device")
        made = ClientFolder(folder, 'commit = "manual"', socket=f"{short}/socket")
        made.offer(7)
        yield from served(made)


def served(made: ClientFolder) -> Iterator[ClientFolder]:
    """Runs the service of a device."""
    argv = [sys.executable, "-s", "-c", _CODE, "run", f"--config={made.config}"]
    service = subprocess.Popen(argv, env=environment(), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not Path(made.socket).exists():
        assert service.poll() is None, service.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    try:
        yield made
    finally:
        service.send_signal(signal.SIGTERM)
        _, errors = service.communicate(timeout=60)
        assert (service.returncode, errors) == (0, "")


def run(
    device: ClientFolder, capsys: pytest.CaptureFixture[str], name: str, *arguments: str
) -> tuple[int, str, str]:
    code = main([name, f"--config={device.config}", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_update_through_the_service(
    device: ClientFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(device, capsys, "check")[0] == 6
    status = json.loads(run(device, capsys, "status", "--json")[1])
    assert status["question"]["to_version"] == "7"
    code, out, _ = run(device, capsys, "approve")
    assert code == 6
    assert "to be started" in out
    assert (device.folder / "app/B/app").exists()
    code, _, err = run(device, capsys, "check")
    assert code == 1
    assert "an update is under way" in err
    run(device, capsys, "approve")
    deadline = time.monotonic() + 60
    while json.loads(run(device, capsys, "status", "--json")[1])["detail"] != "Trying":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    code, out, _ = run(device, capsys, "commit")
    assert (code, device.current()) == (0, "B")
    assert "UPDATED" in out
    assert run(device, capsys, "verify-installed")[0] == 0
    lines = run(device, capsys, "history", "--export")[1]
    assert lines == (device.folder / "state/history.jsonl").read_text()
    assert run(device, capsys, "history", "--verify")[0] == 0
    assert run(device, capsys, "policy", "never") == (0, "main: never\n", "")


def test_errors_of_the_service_have_its_exit_codes(
    device: ClientFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(device, capsys, "rollback")
    assert code == 1
    assert err.startswith("software-update-client: cannot roll back in the state ")
    assert run(device, capsys, "check", "--domain=cellar")[0] == 2


def test_provision_needs_the_service_to_be_stopped(
    device: ClientFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(device, capsys, "provision")
    assert code == 3
    assert "another client uses this folder; stop it first" in err


def test_socket_of_a_dead_service_is_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with short_folder() as short:
        device = ClientFolder(tmp_path, socket=f"{short}/socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(device.socket)
        assert run(device, capsys, "status")[0] == 0
        with pytest.raises(ConnectionRefusedError):
            connection_to(device.socket)()


def test_socket_that_no_service_can_have_is_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = ClientFolder(tmp_path, socket=f"/{'s' * 120}")
    assert run(device, capsys, "status")[0] == 0
