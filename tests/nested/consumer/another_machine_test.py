"""Tests that another machine makes the same bytes from the same wheels."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nested.consumer.workspace import CONSUMER, digests, repositories
from tests.nested.nested_bazel import Bazel, bazel


@pytest.fixture(name="another", scope="module")
def another_fixture(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazel]:
    """Other folders, flags, locale, hash seed, time zone, modes and times of the files; no workers."""
    folder = tmp_path_factory.mktemp("another")
    copy = folder / "elsewhere/sources"
    shutil.copytree(sources, copy)
    for number, file in enumerate(sorted(path for path in copy.rglob("*") if path.is_file())):
        file.chmod((0o400, 0o755, 0o640)[number % 3])
        os.utime(file, (number, number))
    # One of our strict flags strips the configuration from every path.
    shutil.copyfile(".bazelrc", copy / CONSUMER / ".bazelrc")
    odd = {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "12345", "TZ": "Pacific/Kiritimati"}
    flags = ["--config=strict", "--spawn_strategy=sandboxed,local"]
    flags += [f"--action_env={name}={odd[name]}" for name in odd]
    with bazel(copy / CONSUMER, folder / "scratch", **odd) as server:
        server.succeeds("build", *flags, "//...")
        yield server


def test_another_machine_makes_the_same_bytes(nested: Bazel, another: Bazel) -> None:
    assert digests(another) == digests(nested)


@pytest.fixture(name="wheels_repository", scope="module")
def wheels_repository_fixture(another: Bazel) -> str:
    [name] = [name for name in repositories(another) if name.endswith("software_update_pip")]
    return name


def test_a_changed_wheel_is_refused(another: Bazel, wheels_repository: str, tmp_path: Path) -> None:
    for wheel in Path(another.env["PIP_FIND_LINKS"]).iterdir():
        changed = b"changed" if wheel.name.startswith("cryptography-") else b""
        (tmp_path / wheel.name).write_bytes(wheel.read_bytes() + changed)
    line = fetch_failure(another, wheels_repository, tmp_path)
    assert "whose sha256 is not in runtime.txt" in line


def test_a_missing_wheel_is_named(another: Bazel, wheels_repository: str, tmp_path: Path) -> None:
    for wheel in Path(another.env["PIP_FIND_LINKS"]).iterdir():
        if not wheel.name.startswith("protobuf-"):
            (tmp_path / wheel.name).symlink_to(wheel)
    line = fetch_failure(another, wheels_repository, tmp_path)
    assert "pip finds no wheel of protobuf" in line


def fetch_failure(server: Bazel, repository: str, wheels: Path) -> str:
    """The line of the repository rule, where it has these wheels and no others."""
    offline = dataclasses.replace(server, env=server.env | {"PIP_FIND_LINKS": str(wheels)})
    errors = offline.fails("fetch", "--config=strict", "--force", f"--repo=@@{repository}")
    lines = [line for line in errors if line.startswith("ERROR: software_update_pip: ")]
    assert len(lines) == 1, "\n".join(errors)
    return lines[0]
