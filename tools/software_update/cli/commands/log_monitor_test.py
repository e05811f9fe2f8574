"""Tests of log_monitor.py."""

import json
from pathlib import Path

import pytest

from software_update.steps.release_list import ListedBundle, ReleaseList, build
from software_update.testing.command import call, done, failed
from software_update.testing.log_folders import LogFolder
from software_update.testing.memory_log import MemoryLog
from software_update.testing.repositories import RepositoryFolder, releases

FIRST, SECOND, THIRD = releases(3)


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    log = LogFolder(tmp_path)
    log.add(FIRST, SECOND)
    return log


def arguments(log: LogFolder, *more: str) -> list[str]:
    state, lists = f"--state={log.folder}/seen", f"--releases={log.folder}/releases.json"
    return ["log", "monitor", f"{log.path}", f"--log-policy={log.policy}", lists, state, *more]


def test_no_difference(log: LogFolder) -> None:
    log.announced(FIRST, SECOND)
    expected = "log.example/firmware: 2 records, 2 announced releases, 0 differences\n"
    assert done(*arguments(log)).out == expected
    assert (log.folder / "seen").read_bytes() == (log.path / "checkpoint").read_bytes()
    log.add(THIRD)
    log.announced(FIRST, SECOND, THIRD)
    assert "3 records, 3 announced" in done(*arguments(log)).out


def test_differences(log: LogFolder) -> None:
    log.announced(SECOND, THIRD)
    result = call(*arguments(log))
    assert result.status == 4
    assert result.out.splitlines() == [
        f"log: {FIRST.digest}: record 0, meter 1, was not announced",
        f"log: {THIRD.digest}: was announced, and is not in the log",
        "log.example/firmware: 2 records, 2 announced releases, 2 differences",
    ]
    assert "find out who signed" in result.err
    # A difference is not a fork: the next run starts from this checkpoint.
    assert (log.folder / "seen").exists()
    found = json.loads(call(*arguments(log, "--json")).out)
    assert [each["release"] for each in found["differences"]] == [FIRST.digest, THIRD.digest]


def test_a_published_release_that_is_not_in_the_log(log: LogFolder, tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    # The first release is in the archive.
    repository.add(FIRST, THIRD, kept=1)
    log.announced(SECOND)
    options = (f"--repository={repository.path}", f"--repository-root={repository.root}")
    result = call(*arguments(log, *options))
    assert result.status == 4
    assert result.out.splitlines()[:4] == [
        f"log: {FIRST.digest}: record 0, meter 1, was not announced",
        f"repository: {FIRST.digest}: meter/stable/1.1.bundle is published, and was not announced",
        f"repository: {THIRD.digest}: meter/stable/1.3.bundle is published, and was not announced",
        f"repository: {THIRD.digest}: meter/stable/1.3.bundle is published, and is not in the log",
    ]
    assert "name both or neither" in failed(2, *arguments(log, options[0]))


def test_the_release_list_of_a_build(log: LogFolder) -> None:
    first, second, third = map(log.bundle, (FIRST, SECOND, THIRD))
    path = log.folder / "releases.json"
    step = ("step", "release-list", "--channel=stable", *log.trusted, "--bundle")
    done(*step, first, second, "-o", path)
    # Only the digests in the list are read.
    first.unlink()
    assert "2 records, 2 announced releases, 0 differences" in done(*arguments(log)).out
    done(*step, second, third, "-o", path)
    assert call(*arguments(log)).out.splitlines()[:2] == [
        f"log: {FIRST.digest}: record 0, meter 1, was not announced",
        f"log: {THIRD.digest}: was announced, and is not in the log",
    ]


def test_a_release_list_that_is_not_valid(log: LogFolder) -> None:
    path = log.folder / "releases.json"
    path.write_text('{"schema": "software_update.log.v1"}')
    assert failed(3, *arguments(log)) == (
        f"{path}: is not a release list (software_update.release_list.v1); name the file that the build "
        "writes"
    )
    content = build(ReleaseList("stable", "root.pb", (ListedBundle("1.bundle"),)), "")
    path.write_bytes(content)
    assert failed(3, *arguments(log)) == (
        f"{path}: names no release digest of {log.folder}/1.bundle; build the list again"
    )


def test_forked_log(log: LogFolder) -> None:
    log.announced(FIRST, SECOND)
    other = MemoryLog([b"a", b"b"])
    (log.folder / "seen").write_bytes(other.checkpoint())
    refused = failed(1, *arguments(log))
    assert "LOG_FORKED: the log log.example/firmware has shown two trees of 2 records" in refused
    assert (log.folder / "seen").read_bytes() == other.checkpoint()


def test_a_list_that_is_not_valid(log: LogFolder) -> None:
    (log.folder / "releases.json").write_text("1.0\n")
    assert "'1.0' is not a release digest" in failed(3, *arguments(log))
