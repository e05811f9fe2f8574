"""Tests of root holders."""

from pathlib import Path

import pytest

from software_update.signing import holders
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import ROOT_KEY, STRANGER, TARGETS_KEY, key_id
from software_update.testing.workspace import check_fails


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def args(folder: Path, *more: str) -> list[str]:
    keys = ["--key", f"{folder}/root.pem.pub", f"{folder}/targets.pem.pub"]
    return ["root", "holders", *keys, "-o", f"{folder}/holders.json", *more]


def names(folder: Path) -> dict[bytes, str]:
    return dict(holders.read(f"{folder}/holders.json"))


def test_names(folder: Path) -> None:
    done(*args(folder))
    files = {key_id(ROOT_KEY): "root.pem.pub", key_id(TARGETS_KEY): "targets.pem.pub"}
    assert names(folder) == files
    done(*args(folder, f"--holder={folder}/targets.pem.pub=a=b"))
    assert names(folder) == {**files, key_id(TARGETS_KEY): "a=b"}


def test_names_of_the_roots_before(folder: Path) -> None:
    """A name of this root goes before another one of the same key."""
    earlier = {key_id(STRANGER): "earlier manager", key_id(TARGETS_KEY): "other name"}
    (folder / "earlier.json").write_bytes(holders.build(earlier))
    more = [f"--earlier={folder}/earlier.json", "--holder"]
    done(*args(folder, *more, f"{folder}/root.pem.pub=Anna", f"{folder}/targets.pem.pub=Ben"))
    assert names(folder) == {
        key_id(STRANGER): "earlier manager",
        key_id(TARGETS_KEY): "Ben",
        key_id(ROOT_KEY): "Anna",
    }


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--holder", "Anna"], "--holder Anna: does not start with a file of --key and a =; write"),
        (["--holder={}/x.pub=Anna"], "write PUB=NAME"),
        (["--holder={}/root.pem.pub="], "write 1 to 64 printable ASCII"),
        (
            ["--holder", "{}/root.pem.pub=A", "{}/root.pem.pub=B"],
            "a key has several names; write one for each key",
        ),
    ],
)
def test_usage(folder: Path, more: list[str], text: str) -> None:
    check_fails(folder, 2, text, *args(folder, *(each.format(folder) for each in more)))


def test_files(folder: Path) -> None:
    check_fails(folder, 3, "not a file of holders", *args(folder, f"--earlier={folder}/root.pb"))
    done(*args(folder))
    check_fails(
        folder, 2, "would replace the input", *args(folder, f"--earlier={folder}/holders.json")
    )
    assert "holds a private key" in failed(3, *args(folder, f"--key={folder}/root.pem"))
