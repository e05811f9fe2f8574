"""Tests of making the client of a machine from its configuration."""

import importlib.util
import os
import time
from pathlib import Path

import pytest

from software_update.attachments.audits import AuditPolicy
from software_update.base.errors import InputError
from software_update.client.boot.directory import DirectoryBoot
from software_update.client.boot.exec_program import ExecBoot
from software_update.client.boot.grub import Grub
from software_update.client.boot.mcuboot import McubootBoot
from software_update.client.boot.rauc import Rauc
from software_update.client.boot.systemd_boot import SystemdBoot
from software_update.client.boot.uboot import UBoot
from software_update.client.disclosure import LogRules, Rules
from software_update.client.domain import Domain
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.exec_program import ExecInstaller
from software_update.client.installers.mcuboot import McubootInstaller
from software_update.client.installers.microcontroller import MicrocontrollerInstaller
from software_update.client.installers.raw import RawInstaller
from software_update.client.repository import RepositorySource
from software_update.client.shell.build import build_client, machine, read_config
from software_update.client.source import SourceError
from software_update.client.sources.ddi import DdiSource
from software_update.client.sources.file import FileSource, FolderSource
from software_update.client.sources.resuming import ResumingSource
from software_update.client.state import Staging
from software_update.signing import holders
from software_update.testing import encode as e
from software_update.testing.bundle_server import serve
from software_update.testing.mcuboot import FakeMcu, image
from software_update.testing.memory_log import MemoryLog, policy_text
from software_update.testing.signers import public_pem, signer
from software_update.testing.smp_server import serve_smp
from software_update.transparency.log_policy import parse_log_policy

DIRECTORY = 'type = "directory", targets = ["*"], slots = {A = "/srv/A", B = "/srv/B"}'


def config(
    folder: Path,
    *lines: str,
    source: str = 'type = "folder", path = "/media/usb"',
    installer: str = DIRECTORY,
    boot: str = 'type = "directory", link = "/srv/current", slots = {A = "/srv/A", B = "/srv/B"}',
) -> str:
    """Writes a configuration and its root into a folder. Returns its path."""
    (folder / "root.pb").write_bytes(e.signed(e.root(), e.ROOT_KEY))
    text = f"""
vendor = "Example Lamps Ltd"
state = "{folder}/state"

[domains.main]
root = "{folder}/root.pb"
slots = ["A", "B"]
sources = [{{{source}}}]
installers = [{{{installer}}}]
boot = {{{boot}}}
"""
    path = folder / "client.toml"
    path.write_text("\n".join([text, *lines, ""]))
    return str(path)


def built(path: str) -> Domain:
    system = machine()
    config = read_config(system, path, check_owners=False)
    return build_client(config, system).domains["main"]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, (FolderSource, DirectoryInstaller, DirectoryBoot)),
        (
            {
                "source": 'type = "http", url = "https://update.example/lamp", proxy = "http://p:1"',
                "installer": 'type = "raw", targets = ["rootfs"], slots = {A = "/dev/1", B = "/dev/2"}',
                "boot": 'type = "uboot"',
            },
            (ResumingSource, RawInstaller, UBoot),
        ),
        (
            {
                "source": 'type = "ddi", url = "https://hawkbit.example", id_file = "/etc/machine-id"',
            },
            (DdiSource, DirectoryInstaller, DirectoryBoot),
        ),
        ({"boot": 'type = "grub"'}, (FolderSource, DirectoryInstaller, Grub)),
        (
            {"boot": 'type = "systemd-boot", names = {A = "lamp-a", B = "lamp-b"}'},
            (FolderSource, DirectoryInstaller, SystemdBoot),
        ),
        (
            {"boot": 'type = "rauc", names = {A = "rootfs.0", B = "rootfs.1"}'},
            (FolderSource, DirectoryInstaller, Rauc),
        ),
        (
            {
                "source": 'type = "file", path = "/media/usb/lamp.bundle"',
                "installer": 'type = "exec", targets = ["mcu"], program = ["/bin/sh"]',
                "boot": 'type = "exec", program = ["/bin/sh"]',
            },
            (FileSource, ExecInstaller, ExecBoot),
        ),
        (
            {
                "installer": 'type = "mcuboot", targets = ["mcu"], host = "192.0.2.7"',
                "boot": 'type = "mcuboot", host = "192.0.2.7", restart_timeout = "1m"',
            },
            (FolderSource, McubootInstaller, McubootBoot),
        ),
        (
            {
                "installer": 'type = "microcontroller", targets = ["mcu"], line = "/dev/ttyS1"',
                "boot": 'type = "microcontroller", line = "/dev/ttyS1", restart_timeout = "1m"',
            },
            (FolderSource, MicrocontrollerInstaller, McubootBoot),
        ),
    ],
)
def test_each_type_has_its_backend(
    tmp_path: Path, changed: dict[str, str], kind: tuple[type, ...]
) -> None:
    domain = built(config(tmp_path, **changed))
    found = (domain.sources[0], domain.places[0].installer, domain.boot)
    assert tuple(map(type, found)) == kind


def test_repository_and_time_of_the_build_reach_the_client(tmp_path: Path) -> None:
    (tmp_path / "repository.json").write_bytes(b"{}")
    options = 'type = "repository", url = "https://u.example", product = "lamp", channel = "stable"'
    path = config(tmp_path, source=f'{options}, root = "{tmp_path}/repository.json"')
    text = Path(path).read_text()
    Path(path).write_text(f'built = "2100-01-01T00:00:00Z"\n{text}')
    client = build_client(read_config(machine(), path, check_owners=False), machine())
    [source] = client.domains["main"].sources
    assert isinstance(source, RepositorySource)
    assert (source.product, source.describe()) == ("lamp", "u.example")
    assert client.at() >= 4_102_444_800
    (tmp_path / "repository.json").unlink()
    assert problem(path) == f"{tmp_path}/repository.json: No such file or directory"


def test_options_reach_the_domain(tmp_path: Path) -> None:
    named = tmp_path / "holders.json"
    named.write_bytes(holders.build({bytes(32): "release manager"}))
    earlier = tmp_path / "earlier.pb"
    earlier.write_bytes(e.signed(e.root(), e.ROOT_KEY))
    path = config(
        tmp_path,
        f'holders = "{named}"',
        f'root_chain = ["{earlier}"]',
        'staging = "store"',
        'commit = "manual"',
        'restart = ["/bin/true"]',
        'health = [{program = ["/bin/false"], timeout = "5s"}]',
        "[policy]",
        'retry = "1h"',
        "[policy.postponement]",
        "times = 2",
        "[policy.power]",
    )
    domain = built(path)
    values = {name: getattr(domain, name) for name in domain.__slots__}
    assert values["staging"] == Staging.STORE
    assert not values["commits_itself"]
    assert values["restart"] == ("/bin/true",)
    assert [(each.argv, each.timeout) for each in values["health"]] == [(("/bin/false",), 5)]
    assert (values["policy_retry"], values["postponement"].times) == (3600, 2)
    assert [each.name for each in values["policies"]] == ["power", "postponement"]
    assert values["holders"] == {bytes(32): "release manager"}
    assert values["anchor"] == (tmp_path / "root.pb").read_bytes()
    assert values["anchor_chain"] == (earlier.read_bytes(),)
    earlier.write_bytes(b"text")
    assert problem(path).startswith(f"{earlier}: ")


def test_rules_of_disclosure_reach_the_domain(tmp_path: Path) -> None:
    log = MemoryLog()
    (tmp_path / "policy").write_bytes(policy_text(log))
    (tmp_path / "auditor.pem").write_bytes(public_pem(201))
    lines = [f'log_policy = "{tmp_path}/policy"', f'auditors = ["{tmp_path}/auditor.pem"]']
    assert built(config(tmp_path, *lines)).rules == Rules()
    more = ['log = "require"', 'log_max_age = "1d"', "require_audits = 1"]
    policy = parse_log_policy(policy_text(log), "policy")
    expected = Rules(LogRules(policy, True, 86_400), AuditPolicy((signer(201).public,), 1))
    path = config(tmp_path, *lines, *more)
    assert built(path).rules == expected
    (tmp_path / "policy").write_bytes(b"log 5")
    assert problem(path).startswith(f"{tmp_path}/policy: line 1: ")
    path = config(tmp_path, *lines, 'log = "warn"')
    (tmp_path / "policy").unlink()
    assert problem(path) == f"{tmp_path}/policy: No such file or directory"


def problem(path: str) -> str:
    with pytest.raises(InputError) as caught:
        built(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_and_bad_files_are_named(tmp_path: Path) -> None:
    assert problem(f"{tmp_path}/none") == f"{tmp_path}/none: No such file or directory"
    path = config(tmp_path)
    (tmp_path / "root.pb").write_bytes(b"text")
    assert problem(path).startswith(f"{tmp_path}/root.pb: ")
    (tmp_path / "root.pb").unlink()
    assert problem(path) == f"{tmp_path}/root.pb: No such file or directory"
    Path(path).write_bytes(b"\xff")
    assert problem(path) == f"{path}: is not UTF-8; convert it"
    Path(path).write_bytes(bytes((1 << 20) + 1))
    assert problem(path) == f"{path}: has more than 1048576 bytes; name another file"
    Path(path).unlink()
    Path(path).mkdir()
    assert problem(path) == f"{path}: Is a directory"


def test_missing_package_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    path = config(tmp_path, source='type = "http", url = "https://update.example/lamp"')
    assert problem(path) == (
        "domains.main.sources[0]: urllib3 is missing; install rules_software_update[client]"
    )
    at = 'type = "mcuboot", host = "192.0.2.7"'
    path = config(tmp_path, installer=f'{at}, targets = ["mcu"]', boot=at)
    assert problem(path) == (
        "domains.main: cbor2 is missing; install rules_software_update[mcuboot]"
    )
    path = config(tmp_path, "require_audits = 1", 'auditors = ["/none.pem"]')
    assert problem(path) == (
        "domains.main.require_audits: securesystemslib is missing; install "
        "rules_software_update[attachments]"
    )


def test_file_that_others_may_write_is_refused_for_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config(tmp_path, 'restart = ["/bin/sh"]')
    (tmp_path / "root.pb").chmod(0o666)
    system = machine()
    with pytest.raises(InputError, match=r"root.pb: others may write to "):
        read_config(system, path, check_owners=True)
    assert read_config(system, path, check_owners=False).vendor == "Example Lamps Ltd"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert read_config(system, path).vendor == "Example Lamps Ltd"


def test_source_on_a_server_has_its_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    with serve(b"a bundle" * 1000) as server:
        options = f'url = "{server.url()}", token_file = "{token}", token_header = "X-Key"'
        domain = built(
            config(
                tmp_path,
                "[domains.main.full_bundle]",
                'type = "http"',
                f'url = "{server.url("/full")}"',
                f'ca_file = "{tmp_path}/no.pem"',
                source=f'type = "http", {options}, bytes_per_second = "1kB"',
            )
        )
        source = domain.sources[0]
        assert isinstance(source, ResumingSource)
        bundle = source.open()
        assert bundle is not None
        assert bundle.read(100, 7900) == server.content[100:8000]
        bundle.close()
        assert slept
        assert {each.header("X-Key") for each in server.requests} == {"s3cret"}
    assert domain.full_bundle is not None
    assert domain.full_bundle.describe() == f"127.0.0.1:{server.port}/full"
    assert built(config(tmp_path)).full_bundle is None


def test_bad_address_of_a_server_is_an_error(tmp_path: Path) -> None:
    path = config(tmp_path, source='type = "ddi", url = "http://:80", id_file = "/etc/id"')
    with pytest.raises(InputError, match=r"^domains.main.sources\[0\]: url has no host$"):
        built(path)


def test_certificates_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    ca_file = tmp_path / "no.pem"
    options = f'url = "https://127.0.0.1:1/lamp", ca_file = "{ca_file}"'
    domain = built(config(tmp_path, source=f'type = "http", {options}'))
    source = domain.sources[0]
    assert isinstance(source, ResumingSource)
    with pytest.raises(SourceError, match=f"{ca_file}: No such file or directory; correct ca_file"):
        source.open()


def test_microcontroller_has_its_options_and_folder(tmp_path: Path) -> None:
    new = image(b"new")
    with serve_smp(FakeMcu(image(b"old"))) as server:
        at = f'type = "mcuboot", host = "127.0.0.1", port = {server.port}'
        domain = built(config(tmp_path, installer=f'{at}, targets = ["mcu"]', boot=at))
        (tmp_path / "state").mkdir()
        writer = domain.places[0].installer.begin("B", "mcu", len(new))
        writer.write(new)
        writer.finish()
        assert server.mcu.secondary == new
        domain.boot.try_slot("B")
        assert domain.boot.status().primary == "B"
    names = sorted(path.name for path in (tmp_path / "state/mcuboot_main").iterdir())
    assert names == ["B.image", "slots.json"]
