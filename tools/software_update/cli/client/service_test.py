"""Tests of page, with a service in a process of its own that serves the real page on loopback."""

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from software_update.cli.client.dispatch import main
from software_update.cli.client.service import _writer
from software_update.client.shell.build import build_client, machine, read_config
from software_update.client.shell.serve import serve
from software_update.testing.client_folder import ClientFolder
from software_update.testing.page_writer import Answer, form_request, send
from software_update.testing.short_folder import short_folder


@pytest.fixture(name="device")
def device_fixture() -> Iterator[ClientFolder]:
    with short_folder() as folder:
        made = ClientFolder(folder, "[consent]", "page = true")
        made.offer(7)
        yield made


@pytest.fixture(name="service")
def service_fixture(device: ClientFolder) -> Iterator[ClientFolder]:
    """Runs the service as `run --page` does, which has asked its question."""
    child = os.fork()
    if child == 0:
        try:
            system = machine()
            config = read_config(system, str(device.config), check_owners=False)
            serve(
                config,
                system,
                lambda on_change, on_progress: build_client(config, system, on_change, on_progress),
                {},
                _writer(),
            )
        finally:
            os._exit(0)
    for _ in range(1000):
        if os.path.exists(device.socket):
            break
        time.sleep(0.01)
    assert main(["check", f"--config={device.config}"]) == 6
    yield device
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)


def post(address: str, path: str, fields: dict[str, str], cookie: str = "") -> Answer:
    """Sends a form as a browser does that has opened the address."""
    host = urlsplit(address).netloc
    name, _, port = host.partition(":")
    request = form_request(path, fields, host=host, origin=f"http://{host}", cookie=cookie)
    return send(socket.create_connection((name, int(port)), 20), request)


def test_page_prints_an_address_at_which_a_person_answers(
    service: ClientFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["page", f"--config={service.config}"]) == 0
    address = capsys.readouterr().out.strip()
    page = post(address, "/open", {"token": urlsplit(address).fragment})
    assert page.status == 200
    assert "Download and install version 7 of" in page.body
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.body))
    cookie = page.headers["set-cookie"].partition(";")[0]
    assert post(address, "/answer", {**fields, "reply": "no"}, cookie).status == 200
    assert main(["status", f"--config={service.config}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["detail"] == "Finished"


def test_page_as_json(service: ClientFolder, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["page", f"--config={service.config}", "--json", "--user=root"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "software_update.client_page.v1"


def test_page_needs_the_service(
    device: ClientFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    assert main(["page", f"--config={device.config}"]) == 3
    text = capsys.readouterr().err
    assert f"{device.socket}: the service does not answer; start it" in text


def test_page_writer_is_the_real_one() -> None:
    assert "<form" in _writer().opens("/open", "en")


def test_configuration_says_whether_the_page_is_on_loopback(
    device: ClientFolder, tmp_path: Path
) -> None:
    assert read_config(machine(), str(device.config), check_owners=False).page
    other = ClientFolder(tmp_path)
    assert not read_config(machine(), str(other.config), check_owners=False).page
