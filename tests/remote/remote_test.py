"""Follows docs/guides/remote.md on a real engine: same bytes, no repeated work, dying workers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from run_page import run

from tests.nested.nested_bazel import Bazel, Spawn, bazel, copy_sources
from tests.nested.reader import write_command
from tests.remote.engine import Engine, descendants, engine, gone, wait_until

BGD = Path(os.environ["BGD"]).absolute()
PAGE = Path("docs/guides/remote.md").read_text()
SERVICE = "grpcs://remote.example.com"
BUNDLE = "//examples/blinky:bundle"
OUTPUT = "examples/blinky/bundle.bundle"
REQUEST = f"{BUNDLE}.signing_request"
REMOTE = "--config=remote"
STRIP = "--experimental_output_paths=strip"
OURS = {
    "SoftwareUpdateAssemble",
    "SoftwareUpdateDigest",
    "SoftwareUpdateReleaseManifest",
    "SoftwareUpdateRoot",
    "SoftwareUpdateRootSign",
    "SoftwareUpdateSign",
    "SoftwareUpdateTargets",
    "SoftwareUpdateVerify",
}
PROBE = """\
genrule(
    name = "probe",
    srcs = ["probe.py"],
    outs = ["probe.txt"],
    cmd = "python3 $(SRCS) > $@",
)
"""
PROBE_SCRIPT = """\
from importlib.util import find_spec
print([name for name in ("cryptography", "google", "software_update") if find_spec(name)])
"""


@pytest.fixture(name="remote", scope="module")
def remote_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with one worker."""
    with engine(tmp_path_factory.mktemp("remote") / "engine", BGD) as made:
        made.start_worker()
        yield made


@pytest.fixture(name="first", scope="module")
def first_fixture(remote: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazel]:
    """A checkout, set up as the page says, where nothing is built."""
    with checkout(tmp_path_factory.mktemp("first"), remote) as server:
        yield server


@pytest.fixture(name="expected", scope="module")
def expected_fixture(first: Bazel) -> str:
    """The digest of the bundle that is built without the engine."""
    first.succeeds("build", BUNDLE)
    return digest(first.output(OUTPUT))


@contextlib.contextmanager
def checkout(folder: Path, remote: Engine) -> Iterator[Bazel]:
    """A copy of the sources with the page's files in it, and a Bazel."""
    workspace = folder / "sources"
    copy_sources(workspace)
    for name, content in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", page(remote), re.M | re.S):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text(content)
    with bazel(workspace, folder / "scratch") as server:
        yield server


def page(remote: Engine) -> str:
    """The page, for this engine."""
    assert SERVICE in PAGE
    return PAGE.replace(SERVICE, f"grpc://{remote.address}")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def runners(spawns: list[Spawn]) -> set[str]:
    return {spawn.runner for spawn in spawns}


# --- on the workers ---


def test_every_action_runs_on_a_worker(first: Bazel, expected: str) -> None:
    first.succeeds("clean")
    forced = ("--spawn_strategy=remote", "--noremote_accept_cached")
    spawns = first.build(REMOTE, *forced, BUNDLE)
    assert runners(spawns) == {"remote"}
    assert {spawn.mnemonic for spawn in spawns} >= OURS
    assert digest(first.output(OUTPUT)) == expected


def test_workers_lack_the_packages_of_the_tools(first: Bazel) -> None:
    """So that what the last test has run came with the actions."""
    probe = first.workspace / "probe"
    probe.mkdir()
    (probe / "BUILD.bazel").write_text(PROBE)
    (probe / "probe.py").write_text(PROBE_SCRIPT)
    assert runners(first.build(REMOTE, "//probe")) == {"remote"}
    assert first.output("probe/probe.txt").read_text() == "[]\n"


def test_a_worker_that_dies_is_replaced(remote: Engine, first: Bazel, expected: str) -> None:
    first.succeeds("clean")
    dying = remote.workers[-1]
    with ThreadPoolExecutor() as pool:
        build = pool.submit(first.build, REMOTE, "--noremote_accept_cached", BUNDLE)
        dying.catch_action("/actions ")
        dying.lose()
        heir = remote.start_worker()
        assert runners(build.result()) == {"remote"}
    assert dying.actions() & heir.actions(), "no action was begun twice"
    assert digest(first.output(OUTPUT)) == expected


# --- out of the cache ---


@pytest.fixture(name="another", scope="module")
def another_fixture(
    remote: Engine, first: Bazel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bazel]:
    """A checkout in another folder, after the first one has built everything."""
    first.succeeds("clean")
    first.succeeds("build", REMOTE, BUNDLE, REQUEST)
    with checkout(tmp_path_factory.mktemp("another") / "elsewhere", remote) as server:
        yield server


def test_second_checkout_reruns_no_action(another: Bazel, expected: str) -> None:
    another.succeeds("clean")
    spawns = another.build(REMOTE, "--remote_download_minimal", BUNDLE)
    assert runners(spawns) == {"remote cache hit"}
    assert {spawn.mnemonic for spawn in spawns} >= OURS
    assert on_disk(another) == set()
    assert another.build(REMOTE, BUNDLE) == []
    assert digest(another.output(OUTPUT)) == expected


def test_cache_only_client_executes_no_action(another: Bazel) -> None:
    another.succeeds("clean")
    assert runners(another.build("--config=cache", BUNDLE)) == {"remote cache hit"}


def test_other_configuration_reruns_no_action_of_the_rules(another: Bazel) -> None:
    another.succeeds("clean")
    another.succeeds("build", REMOTE, STRIP, BUNDLE)
    another.succeeds("clean")
    spawns = another.build(REMOTE, STRIP, "--compilation_mode=opt", BUNDLE)
    ours = [spawn for spawn in spawns if spawn.mnemonic.startswith("SoftwareUpdate")]
    assert runners(ours) == {"remote cache hit"}


def test_a_signing_request_downloads_no_payload(another: Bazel) -> None:
    another.succeeds("clean")
    log = another.scratch / "grpc.log"
    spawns = another.build(REMOTE, f"--remote_grpc_log={log}", REQUEST)
    assert runners(spawns) == {"remote cache hit"}
    request = another.output("examples/blinky/bundle.signing_request")
    summary = another.output("examples/blinky/bundle.signing_request.json")
    assert on_disk(another) == {
        request.name,
        summary.name,
        request.resolve().name,
    }
    targets = json.loads(summary.read_text())["summary"]["targets"]
    got = downloaded(log)
    assert {digest(request), digest(summary)} <= got
    assert targets and not got.intersection(target["sha256"] for target in targets)


def on_disk(server: Bazel) -> set[str]:
    """The files of the example that the build has left on this machine, in whatever configuration."""
    files = (server.workspace / "bazel-out").glob("*/bin/examples/blinky/**/*")
    return {file.name for file in files if file.is_file() and file.suffix != ".params"}


def downloaded(log: Path) -> set[str]:
    """The digests of the blobs that Bazel has read from the cache, by its log of remote calls."""
    # The name of an upload goes on before `blobs`.
    return {name.decode() for name in re.findall(rb"(?<!/)blobs/([0-9a-f]{64})/", log.read_bytes())}


# --- the page ---


def test_the_page(
    remote: Engine, first: Bazel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first.succeeds("clean")
    shutil.rmtree(first.workspace / "platforms")
    write_command(tmp_path, "bazel", *first.command())
    for name, value in first.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{first.env['PATH']}")
    monkeypatch.chdir(first.workspace)
    monkeypatch.delenv("TEST_TMPDIR", raising=False)
    problems = run(page(remote))
    assert not problems, "\n\n".join(problems)


# --- the engine itself ---


def test_processes_of_an_engine_end_with_their_parent(tmp_path: Path) -> None:
    """Also where that is killed."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe()
    owner = context.Process(target=start_and_wait, args=(tmp_path / "engine", sender))
    owner.start()
    receiver.recv()
    started = descendants(owner.pid or 0)
    assert len(started) > len(("postgres", "grid", "casd", "worker"))
    os.kill(owner.pid or 0, signal.SIGKILL)
    owner.join()
    assert wait_until(lambda: all(gone(pid) for pid in started))


def start_and_wait(scratch: Path, ready: Connection) -> None:
    with engine(scratch, BGD) as made:
        made.start_worker()
        ready.send(None)
        signal.pause()
