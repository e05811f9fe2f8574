"""Tests of the page about OCI registries: its commands run as written, and a client reads the release."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_page import commands, run
from software_update.bundle.head import Rest, read_head
from software_update.client.config_options import SOURCE_TYPES
from software_update.client.sections import Section, read_section
from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import SimulatedClock, SimulatedPrograms
from software_update.client.source import attachment_of
from software_update.client.sources.http import HttpSource, attachments_at
from software_update.client.sources.requests import HttpSettings
from software_update.client.system import System
from software_update.format.names import PROOF
from software_update.repository.storages.oci import BUNDLE_TYPE, RELEASE_TYPE, OciStorage
from software_update.testing.memory_storage import MemoryStorage
from software_update.testing.oci_registry import oci_registry

TOP = Path.cwd()
PAGE = Path("docs/guides/oci.md").read_text(encoding="utf-8")
CODE = Path("tools/software_update/repository/storages/oci.py")


@pytest.fixture(name="pushed", scope="module")
def pushed_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """Runs the page. Yields its folder, and the port of the registry."""
    folder, tools = tmp_path_factory.mktemp("page"), tmp_path_factory.mktemp("tools")
    command = tools / "software-update"
    command.write_text(f"#!/bin/sh\nexec '{TOP / os.environ['PUBLISHER']}' \"$@\"\n")
    command.chmod(0o755)
    with oci_registry(tools) as port, pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "DOCKER_CONFIG"):
            patch.setenv(name, str(tools))
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("PATH", f"{tools}:/usr/local/bin:/usr/bin:/bin")
        patch.chdir(folder)
        assert commands(PAGE)
        problems = run(PAGE.replace("127.0.0.1:5000", f"127.0.0.1:{port}"))
        assert not problems, "\n\n".join(problems)
        patch.chdir(TOP)
        yield folder, port


def rows(heading: str) -> dict[str, str]:
    """Returns the table below the line `| heading |`: the first column and the rest."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [line.strip("| ").partition(" | ") for line in table.splitlines()[2:]]
    return {first.strip("`"): rest for first, _, rest in cells}


def test_client_reads_the_blob_by_ranges(pushed: tuple[Path, int]) -> None:
    folder, port = pushed
    content = (folder / "lamp-1.0.bundle").read_bytes()
    storage = OciStorage(f"127.0.0.1:{port}", "lamp")
    with storage.open("1.0") as stream:
        assert stream.read() == content
    url = storage.blob_url(hashlib.sha256(content).hexdigest())
    clock = SimulatedClock()
    system = System(MemoryStorage(), SimulatedPrograms(), clock, UrllibNetwork())
    settings = HttpSettings(url)
    sbom = (folder / "lamp.cdx.json").read_bytes()
    urls = {"sbom": storage.blob_url(hashlib.sha256(sbom).hexdigest())}
    attachment = attachments_at(system, clock.advance, settings, urls)
    bundle = HttpSource(system, clock.advance, settings, attachment=attachment).open()
    assert attachment_of(bundle, "sbom", len(sbom)) == sbom
    assert attachment_of(bundle, PROOF, 1) is None
    head = read_head(bundle)
    bundle.expect(head.end, bundle.size() - head.end)
    [payload] = Rest(bundle, head).payloads()
    assert bundle.read(payload.offset, payload.length) == b"Hello\n"
    bundle.close()


def test_registry_has_what_the_table_says(pushed: tuple[Path, int]) -> None:
    storage = OciStorage(f"127.0.0.1:{pushed[1]}", "lamp")
    assert storage.releases() == ["1.0"]
    digest = storage.digest("1.0")
    assert digest is not None
    [attached] = storage.referrers(digest)
    assert attached.name == "lamp.cdx.json"
    types = [re.findall(r"`(application/[^`]+)`", each)[0] for each in rows("object").values()]
    assert types == [RELEASE_TYPE, BUNDLE_TYPE, attached.type]


@pytest.mark.parametrize("error", rows("error"))
def test_errors_are_those_of_the_storage(error: str) -> None:
    assert error in re.sub(r'"\s+f?"', "", CODE.read_text(encoding="utf-8"))


def test_configuration_of_a_device_is_valid() -> None:
    text, more = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    [source] = tomllib.loads(f"{text}{more}")["domains"]["system"]["sources"]
    assert [*source["attachments"]] == [PROOF]
    assert read_section(Section("", "", [], SOURCE_TYPES), source, "")[1] == []
