"""Tests of wheel_folder.py."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

import pytest
import wheel_folder
from fetch_wheels import FetchError

_SHA256 = hashlib.sha256(b"wheel").hexdigest()


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock of two releases, one wheel each."""
    lock = tmp_path / "tiny.txt"
    lock.write_text(
        f"# Words\ntiny-one==1.0 \\\n    --hash=sha256:{_SHA256} \\\n    --hash=sha256:{'0' * 64}\n"
        f"other==2.0 --hash=sha256:{_SHA256}\n"
    )
    return lock


def write(folder: Path, *names: str, content: bytes = b"wheel") -> None:
    for name in names:
        (folder / name).write_bytes(content)


def test_reads_a_lock(lock: Path) -> None:
    assert wheel_folder.read_lock(lock) == [
        wheel_folder.Release("tiny_one", "1.0", frozenset({_SHA256, "0" * 64})),
        wheel_folder.Release("other", "2.0", frozenset({_SHA256})),
    ]


def test_finds_the_locked_wheels(lock: Path, tmp_path: Path) -> None:
    names = [
        "other-2.0-1-py2.py3-none-any.whl",
        "tiny_one-1.0-cp311-abi3-manylinux_2_28_x86_64.whl",
    ]
    write(tmp_path, *names)
    found = wheel_folder.find_wheels(tmp_path, lock)
    assert [(wheel.path.name, wheel.sha256) for wheel in found] == [(n, _SHA256) for n in names]
    assert wheel_folder.missing(found, lock, "3.14") == []


@pytest.mark.parametrize(
    "name",
    [
        "unlocked-1.0-py3-none-any.whl",
        "tiny_one-1.1-py3-none-any.whl",
        "tiny_one-1.0-cp310-cp310-manylinux_2_28_x86_64.whl",
        "tiny_one-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl",
        "tiny_one-1.0-cp311-cp311-manylinux_2_28_aarch64.whl",
        "tiny_one-1.0-cp311-cp311-musllinux_1_2_x86_64.whl",
        "tiny_one-1.0-cp311-cp311-macosx_11_0_x86_64.whl",
        "tiny_one-1.0.tar.gz",
        "tiny_one-1.0.whl",
    ],
)
def test_ignores_wheels_for_other_platforms(lock: Path, tmp_path: Path, name: str) -> None:
    write(tmp_path, name, content=b"other")
    assert wheel_folder.find_wheels(tmp_path, lock) == []


def test_macos(lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    write(tmp_path, "tiny_one-1.0-cp311-cp311-macosx_11_0_arm64.whl")
    write(tmp_path, "tiny_one-1.0-cp311-cp311-manylinux_2_28_aarch64.whl")
    [wheel] = wheel_folder.find_wheels(tmp_path, lock)
    assert wheel.path.name == "tiny_one-1.0-cp311-cp311-macosx_11_0_arm64.whl"


def test_refuses_another_build_of_a_locked_release(lock: Path, tmp_path: Path) -> None:
    write(tmp_path, "other-2.0-py3-none-any.whl", content=b"changed")
    with pytest.raises(FetchError, match=r"other-2\.0-.*: its sha256 is not in tiny\.txt;"):
        wheel_folder.find_wheels(tmp_path, lock)


@pytest.mark.parametrize(
    "tags, served",
    [
        ("cp312-cp312", ["3.12"]),
        ("cp312-none", ["3.12"]),
        ("cp39-abi3", ["3.11", "3.12", "3.13", "3.14"]),
        ("cp313-abi3", ["3.13", "3.14"]),
        ("cp312.cp313-abi3", ["3.12", "3.13", "3.14"]),
        ("py3-none", ["3.11", "3.12", "3.13", "3.14"]),
    ],
)
def test_missing_for_a_python(lock: Path, tmp_path: Path, tags: str, served: list[str]) -> None:
    write(tmp_path, "other-2.0-py3-none-any.whl", f"tiny_one-1.0-{tags}-manylinux_2_28_x86_64.whl")
    found = wheel_folder.find_wheels(tmp_path, lock)
    for python in ("3.11", "3.12", "3.13", "3.14"):
        expected = [] if python in served else ["tiny_one==1.0"]
        assert wheel_folder.missing(found, lock, python) == expected
