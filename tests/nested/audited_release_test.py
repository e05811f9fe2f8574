"""Follows examples/blinky/audited_release.md in two checkouts, and shows its device each bad file by name."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from run_page import run
from software_update.testing.command import done
from software_update.testing.short_folder import short_folder
from software_update.testing.witness_server import WitnessServer, serving

from tests.device.nginx import Nginx
from tests.nested.nested_bazel import bazel, copy_sources
from tests.nested.reader import write_command

_TOP = Path.cwd()
PAGE = Path("examples/blinky/audited_release.md").read_text(encoding="utf-8")
SERVER = "https://updates.example.com"
# The owner answers after the question. In between, the test looks at the consent page.
ANSWER = "## The owner agrees\n"
CLIENT = re.search(r"^\$ client\(\).*$", PAGE, re.MULTILINE)
CHECKED = "## What the device refuses by name\n"
DAY = 86400
SECONDS = 60
TRUSTED = ("--trusted-root=root.pb",)
PROOF = Path("www/blinky-8.bundle.tlog-proof")


@pytest.fixture(name="nginx")
def nginx_fixture(tmp_path: Path) -> Iterator[Nginx]:
    """A server of the folder www of the page."""
    nginx = Nginx(tmp_path / "story")
    nginx.start()
    try:
        yield nginx
    finally:
        nginx.stop()


@pytest.fixture(name="witness")
def witness_fixture(
    tmp_path: Path, nginx: Nginx, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WitnessServer]:
    """Makes the page's folder the current one, with two checkouts; returns the witness."""
    folder = tmp_path / "story"
    assert nginx.url("")
    with ExitStack() as stack:
        for name in ("vendor", "auditor"):
            copy_sources(folder / name)
            server = stack.enter_context(bazel(folder / name, tmp_path / name))
            write_command(tmp_path, f"bazel_{name}", *server.command())
            (folder / name / "bazelw").symlink_to(tmp_path / f"bin/bazel_{name}")
            for variable, value in server.env.items():
                monkeypatch.setenv(variable, value)
        for name in ("software-update", "software-update-client"):
            program = _TOP / os.environ[name.upper().replace("-", "_")]
            write_command(tmp_path, name, str(program))
        monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
        monkeypatch.chdir(folder)
        witness = stack.enter_context(serving(Path(folder, "www/log/key").read_text))
        witness.time = int(time.time())
        Path("witness.txt").write_text(f"witness w1 {witness.vkey} {witness.url}\n")
        yield witness


def test_release_that_everyone_can_check(nginx: Nginx, witness: WitnessServer) -> None:
    before, heading, after = PAGE.replace(f"{SERVER}/", nginx.url("")).partition(ANSWER)
    assert heading
    follow(before)
    # Nothing but the device has asked for a bundle. Without consent, it gets no byte of a payload.
    bundle = Path("www/blinky-8.bundle").stat().st_size
    assert max(each.length for each in nginx.log()) < bundle / 2
    check_consent_page()
    shutil.copytree("device", "bad", symlinks=True)
    assert CLIENT
    follow(f"```console\n{CLIENT[0]}\n```\n{after}")
    check_refusals(witness)


def follow(page: str) -> None:
    problems = run(page)
    assert not problems, "\n\n".join(problems)


class SocketConnection(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def check_consent_page() -> None:
    """The service of the device shows the page of the release, with the question on it."""
    with short_folder() as folder:
        config = Path("client.toml").read_text()
        path = f"{folder}/socket"
        Path("service.toml").write_text(config.replace(f"{Path.cwd()}/device/socket", path))
        command = ["software-update-client", "run", "--page", "--config", "service.toml"]
        with subprocess.Popen(command) as service:
            try:
                page = fetched(service, path)
            finally:
                service.terminate()
                service.wait(SECONDS)
    for text in ("Release 8 of blinky", "updates.example.com/log", "w1", "/page/answer"):
        assert text in page, text


def fetched(service: subprocess.Popen[bytes], path: str) -> str:
    """Returns the consent page as soon as the service shows a question."""
    end = time.monotonic() + SECONDS
    page = ""
    while time.monotonic() < end:
        assert service.poll() is None
        connection = SocketConnection(path)
        try:
            connection.request("GET", "/page")
            page = connection.getresponse().read().decode()
            if "/page/answer" in page:
                return page
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise AssertionError(f"the service shows no question: {page}")


def check_refusals(witness: WitnessServer) -> None:
    """Checks that the device, before its update, refuses each file in the page's table."""
    config = Path("client.toml").read_text().replace("/device/", "/bad/")
    Path("bad.toml").write_text(config)
    assert checked() == "ASKED"
    [statement] = Path("www/blinky-8.bundle.attachments").glob("audit.*")
    good, audited = PROOF.read_bytes(), statement.read_bytes()
    done("log", "prove", "www/log", "www/blinky-7.bundle", *TRUSTED, "-o", "proof_of_7")
    done(
        "audit",
        "www/blinky-7.bundle",
        "--rebuilt",
        copied(),
        *TRUSTED,
        "--statement=audit_of_7.json",
    )
    done(
        *("attachment", "sign", "audit_of_7.json", "--bundle=www/blinky-7.bundle"),
        *("--key=auditor.pem", "-o", "statement_about_7"),
    )
    found = [checked_with(PROOF, None)]
    for proof in (Path("proof_of_7").read_bytes(), good[:-150], forked(witness), stale(witness)):
        found.append(checked_with(PROOF, proof))
    PROOF.write_bytes(good)
    for content in (None, Path("statement_about_7").read_bytes()):
        found.append(checked_with(statement, content))
    statement.write_bytes(audited)
    assert checked() == "ASKED"
    vendor = "vendor/examples/blinky/keys/throwaway_vendor_targets_key.pem.pub"
    Path("bad.toml").write_text(config.replace("auditor.pem.pub", vendor))
    found.append(checked())
    assert found == re.findall(r"`([A-Z_]+)` \|$", PAGE.partition(CHECKED)[2], re.MULTILINE)


def checked_with(path: Path, content: bytes | None) -> str:
    """Returns the answer of the device if a file has another content, or is missing."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    return checked()


def checked() -> str:
    """Lets the device look for the release. Returns the name of the refusal, or ASKED."""
    command = ["software-update-client", "check", "--config", "bad.toml"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 6:
        return "ASKED"
    refused = re.search(r"^Last result: REFUSED, ([A-Z_]+): ", result.stdout, re.MULTILINE)
    assert refused, result.stdout + result.stderr
    return refused[1]


def copied() -> str:
    shutil.copyfile("www/blinky-7.bundle", "rebuilt_7.bundle")
    return "rebuilt_7.bundle"


def forked(witness: WitnessServer) -> bytes:
    """Returns a proof of release 8 from another list with the same key, of the same length."""
    done(
        "log",
        "init",
        "forked",
        "--origin=updates.example.com/log",
        "--public=log_key.pem.pub",
        *TRUSTED,
    )
    for release in (8, 7):
        done("log", "add", "forked", f"www/blinky-{release}.bundle", *TRUSTED)
    return signed("forked", witness, int(time.time()))


def stale(witness: WitnessServer) -> bytes:
    """Returns a proof of release 8 that the witness cosigned 31 days ago."""
    shutil.copytree("www/log", "stale")
    Path("stale/checkpoint").unlink()
    return signed("stale", witness, int(time.time()) - 31 * DAY)


def signed(log: str, witness: WitnessServer, cosigned: int) -> bytes:
    done("log", "sign", log, "--key=log_key.pem")
    text, _, _ = Path(log, "checkpoint").read_bytes().rpartition(b"\n\n")
    Path("answer").write_bytes(witness.cosign(text + b"\n", cosigned))
    done("log", "witness-merge", log, "answer", "--log-policy=log_policy")
    done("log", "prove", log, "www/blinky-8.bundle", *TRUSTED, "-o", f"{log}.proof")
    return Path(f"{log}.proof").read_bytes()
