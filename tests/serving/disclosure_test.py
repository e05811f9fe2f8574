"""A vendor, a log with a witness, an auditor, and a device that asks only about public releases.

The repository and the log are folders behind nginx. The vendor and the auditor use the command line.
tests/nested/audited_release_test.py tells the whole story with a bundle behind a web server, and shows the
device each bad file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from software_update.attachments.audits import audit_name
from software_update.client.question import LogFacts
from software_update.client.question_text import question_text
from software_update.client.shell.build import build_client, read_config
from software_update.client.shell.callers import this_process
from software_update.client.shell.client import Client
from software_update.client.shell.control import Control
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.network import UrllibNetwork
from software_update.client.shell.programs import MachinePrograms
from software_update.client.simulator.machine import SimulatedClock
from software_update.client.state import Code, Detail, Reply
from software_update.client.system import System
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.command import done
from software_update.testing.log_folders import LogFolder
from software_update.testing.memory_log import ORIGIN
from software_update.testing.repositories import NOW, Release, RepositoryFolder
from software_update.testing.signers import signer, write_keys

from tests.device.nginx import Nginx
from tests.serving.nginx_page import configuration

AUDITOR = 201
AT = "--now=2027-01-15T08:00:00Z"


def release(counter: int) -> Release:
    return Release(f"1.{counter}", counter, contents={"app": b"measures %d\n" % counter * 1000})


OLD, NEW = release(1), release(2)


@dataclass
class World:
    """The vendor with its repository and its log, the auditor, and nginx."""

    folder: Path
    repository: RepositoryFolder
    log: LogFolder
    nginx: Nginx

    def attach(self, release_: Release, *files: str) -> None:
        """The vendor publishes files next to a release that is published already."""
        done(
            *("repository", "attach", str(self.repository_path), "--replace", AT, *files),
            *("--product=meter", "--channel=stable", f"--release={release_.version}"),
            *self.repository.options("targets", "snapshot"),
        )

    @property
    def repository_path(self) -> Path:
        return self.folder / "nginx/www/updates"

    def proof(self, of: Release) -> Path:
        """The vendor lets the log prove a release, from the address that everyone uses."""
        bundle = self.log.bundle(of)
        path = self.folder / "good.proof"
        done("log", "prove", self.nginx.url("log"), str(bundle), *self.log.trusted, "-o", path)
        return path

    def audit(self, of: Release) -> Path:
        """The auditor rebuilds a release, compares, and signs the result."""
        bundle = self.log.bundle(of)
        rebuilt, result = self.folder / "rebuilt.bundle", self.folder / "result.json"
        rebuilt.write_bytes(of.bundle)
        done("audit", bundle, "--rebuilt", rebuilt, f"--statement={result}", *self.log.trusted)
        done("attachment", "sign", result, "--bundle", bundle, "--key", self.folder / "auditor.pem")
        return Path(f"{bundle}.attachments", audit_name(signer(AUDITOR).public))


@dataclass
class Device:
    """A device that runs version 1.1."""

    world: World
    name: str
    storage: MachineStorage = field(default_factory=MachineStorage)

    def __post_init__(self) -> None:
        world, folder = self.world, self.world.folder / self.name
        for slot in "AB":
            (folder / slot).mkdir(parents=True)
        (folder / "current").symlink_to("A")
        slots = f'slots = {{A = "{folder}/A", B = "{folder}/B"}}'
        self.app = folder / "current/app"
        (folder / "client.toml").write_text(f"""
vendor = "Example Meters Ltd"
state = "{folder}/state"
[domains.main]
root = "{world.repository.product_root}"
slots = ["A", "B"]
restart = ["/bin/true"]
log = "require"
log_policy = "{world.log.policy}"
log_max_age = "400d"
require_audits = 1
auditors = ["{world.folder}/auditor.pem.pub"]
boot = {{type = "directory", link = "{folder}/current", {slots}}}
installers = [{{type = "directory", targets = ["*"], {slots}}}]
[[domains.main.sources]]
type = "repository"
url = "{world.nginx.url("updates")}"
root = "{world.repository.root}"
product = "meter"
channel = "stable"
""")
        clock = SimulatedClock(wall=NOW)
        system = System(self.storage, MachinePrograms(), clock, UrllibNetwork())
        config = read_config(system, f"{folder}/client.toml", check_owners=False)
        self.client: Client = build_client(config, system)
        self.control = Control(self.client, config.approvers)
        self.client.start()
        old = str(world.repository.bundle_file(OLD))
        self.control.provision(this_process(), self.control.manifest_of(old), None)

    def check(self) -> str:
        """A person looks for a release. Returns the code and the text of the result; empty for a question."""
        self.control.check(this_process())
        self.client.run()
        if self.client.state.detail is Detail.AWAITING_CONSENT:
            return ""
        result = self.client.state.result
        assert result is not None
        return f"{result.code.value} {result.text}"

    def install(self) -> None:
        while self.client.state.detail is Detail.AWAITING_CONSENT:
            self.control.answer(this_process(), Reply.YES)
            self.client.run()


@pytest.fixture(name="world")
def world_fixture(tmp_path: Path) -> Iterator[World]:
    nginx = Nginx(tmp_path / "nginx", configuration("server.conf"))
    www = tmp_path / "nginx/www"
    (www / "updates").mkdir()
    storage = FolderStorage(str(www / "updates"))
    repository = RepositoryFolder(tmp_path / "publisher", storage=storage)
    repository.add(OLD, NEW)
    (tmp_path / "vendor").mkdir()
    log = LogFolder(tmp_path / "vendor")
    (www / "log").symlink_to(log.path)
    write_keys(tmp_path, auditor=AUDITOR)
    nginx.start()
    try:
        yield World(tmp_path, repository, log, nginx)
    finally:
        nginx.stop()


def test_device_asks_about_a_release_only_when_it_is_public_and_audited(world: World) -> None:
    device = Device(world, "device")
    assert device.check().startswith("REFUSED MISSING_PROOF: ")
    world.log.add(NEW)
    proof, audit = world.proof(NEW), world.audit(NEW)
    world.attach(NEW, f"--proof={proof}")
    assert device.check().startswith("REFUSED AUDITS_MISSING: 0 of 1 auditors ")
    world.attach(NEW, f"--attach={audit}")
    before = len(world.nginx.log())
    assert device.check() == ""
    # Without consent, no byte of a payload is fetched.
    assert max(each.length for each in world.nginx.log()[before:]) < len(NEW.bundle) / 2
    question = device.client.question()
    assert question is not None
    assert question.log == LogFacts(ORIGIN, ("w",))
    auditor = signer(AUDITOR).public.key_id.hex()[:16]
    assert question.auditors == (auditor,)
    lines = question_text(question)
    for line in (
        f"In a public log:      {ORIGIN}",
        "Cosigned by:          w",
        f"Audited by:           {auditor}",
    ):
        assert line in lines
    device.install()
    assert device.client.state.result is not None
    assert device.client.state.result.code is Code.UPDATED
    assert device.app.read_bytes() == NEW.contents["app"]
    # The vendor's monitor finds in the log what was announced. Anyone checks the bundle offline.
    world.log.announced(NEW)
    done(
        *("log", "monitor", world.nginx.url("log"), f"--log-policy={world.log.policy}"),
        *(f"--releases={world.folder}/vendor/releases.json", f"--state={world.folder}/seen"),
    )
    verified = done(
        *("bundle", "verify", str(world.log.bundle(NEW)), *world.log.trusted),
        *(f"--log-policy={world.log.policy}", f"--proof={proof}"),
    )
    assert f"log: {ORIGIN}, record 0 of 1" in verified.out
