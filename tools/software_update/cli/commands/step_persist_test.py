"""Tests of step persist."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import command, done, environment, failed
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.testing.workspace import APP, CONTENTS, snapshot

ROOT = e.signed(e.root(), ROOT_KEY)
SIGNED = e.signed(e.targets(CONTENTS, 7), TARGETS_KEY)
TREE = {
    "metadata/root.pb": ROOT,
    "metadata/targets.pb": SIGNED,
    **{f"targets/{name}": content for name, content in CONTENTS.items()},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def persist(folder: Path, data: bytes | None = None) -> list[str]:
    """Arguments that write folder/out; of good.bundle, unless there is `data`."""
    if data is not None:
        (folder / "x").write_bytes(data)
    bundle = "good.bundle" if data is None else "x"
    return ["step", "persist", f"{folder}/{bundle}", "-o", f"{folder}/out"]


def test_tree_has_the_metadata_and_the_payloads(folder: Path) -> None:
    result = done(*persist(folder))
    assert (result.out, result.err) == ("", "")
    assert snapshot(folder / "out") == TREE


def test_manifest_folders_and_chain(folder: Path) -> None:
    contents = {"assets/a/b.raw": b"1", "user_manifest": b"{}"}
    link, last = (e.signed(e.root(version), ROOT_KEY) for version in (2, 11))
    done(*persist(folder, e.chain(link, last) + e.bundle(contents, signed_root=ROOT)))
    tree = snapshot(folder / "out")
    assert tree.pop("metadata/targets.pb")
    assert tree == {
        "metadata/root.pb": ROOT,
        "metadata/2.root.pb": link,
        "metadata/11.root.pb": last,
        "targets/assets/a/b.raw": b"1",
        "targets/user_manifest": b"{}",
    }


def test_missing_parts_of_a_bundle(folder: Path) -> None:
    done(*persist(folder, e.targets_entry(SIGNED)))
    assert snapshot(folder / "out") == {"metadata/targets.pb": SIGNED}
    assert (folder / "out/targets").is_dir()


def test_an_older_tree_is_replaced(folder: Path) -> None:
    (folder / "out/metadata").mkdir(parents=True)
    done(*persist(folder, e.chain(ROOT) + e.bundle({"old/app": b"old"})))
    assert "targets/old/app" in snapshot(folder / "out")
    done(*persist(folder))
    assert snapshot(folder / "out") == TREE


def test_other_folders_are_not_replaced(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/mine").write_bytes(b"mine")
    before = snapshot(folder)
    assert "out: contains 'mine', which is not part of an earlier output" in failed(
        2, *persist(folder)
    )
    assert snapshot(folder) == before
    (folder / "tree/targets").mkdir(parents=True)
    (folder / "tree/targets/my.bundle").write_bytes(e.bundle(CONTENTS))
    inside = ["step", "persist", f"{folder}/tree/targets/my.bundle", "-o", f"{folder}/tree"]
    assert "tree: the output would replace the input" in failed(2, *inside)
    assert (folder / "tree/targets/my.bundle").exists()


LINK = e.signed(e.root(2), ROOT_KEY)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (e.payload("app", APP), "MISSING_ROLE_METADATA: "),
        (e.targets_entry(SIGNED) + e.payload("app", APP[:-1]), "LENGTH_MISMATCH: target 'app': "),
        (e.targets_entry(SIGNED) + e.payload("app", APP[:-1] + b"!"), "HASH_MISMATCH: target "),
        (e.targets_entry(SIGNED) + e.payload("App", APP), "UNLISTED_PAYLOAD: payload 'App': "),
        (e.bundle({"../app": b"x"}), "UNSAFE_NAME: payload '../app': "),
        (e.bundle(CONTENTS)[:-1], "MALFORMED: "),
        (e.chain(LINK, LINK) + e.bundle(CONTENTS), "ROOT_VERSION_GAP: "),
        (e.chain(SIGNED) + e.bundle(CONTENTS), "MALFORMED: "),
    ],
)
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_refused(folder: Path, data: bytes, text: str, there: bool) -> None:
    if there:
        done(*persist(folder))
    args = persist(folder, data)
    before = sorted(folder.rglob("*"))
    assert failed(1, *args).startswith(text)
    assert sorted(folder.rglob("*")) == before
    assert not there or snapshot(folder / "out") == TREE


def test_a_name_that_is_a_folder_of_another(folder: Path) -> None:
    text = failed(3, *persist(folder, e.bundle({"a": b"x", "a/b": b"y"})))
    assert text.endswith("extract each into a folder of its own; use: bundle extract --target")
    assert not (folder / "out").exists()


def test_terminated_half_way(folder: Path) -> None:
    """SIGTERM once payloads are being written: the old tree stays, and nothing next to it."""
    done(*persist(folder))
    size = 4 * 1024**3
    listed = e.target_of("large", size, [(1, bytes(32))])
    head = e.targets_entry(e.signed(e.targets_of(e.common("targets"), [listed])))
    entry = e.text(1, "large") + e.varint(2 << 3 | 2) + e.varint(size)
    args = persist(folder, head + e.varint(4 << 3 | 2) + e.varint(len(entry) + size) + entry)
    with open(folder / "x", "ab") as file:
        file.truncate(file.tell() + size)
    before = sorted(folder.rglob("*"))
    process = subprocess.Popen(command(args), env=environment(), stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not list(folder.glob(".software-update-*/targets/large")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (143, b"")
    assert sorted(folder.rglob("*")) == before
    assert snapshot(folder / "out") == TREE
