"""Tests of persist.py."""

from pathlib import Path

import pytest

from software_update.format.verdicts import Refused, Verdict
from software_update.steps.persist import persist
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.testing.workspace import APP, BOOT, CONTENTS, snapshot

LINK = e.signed(e.root(4), ROOT_KEY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_tree_has_the_metadata_and_the_payloads_of_the_bundle(folder: Path) -> None:
    (folder / "x").write_bytes(e.chain(LINK) + e.bundle(CONTENTS, version=7))
    persist(f"{folder}/x", f"{folder}/tree")
    assert snapshot(folder / "tree") == {
        "metadata/4.root.pb": LINK,
        "metadata/root.pb": (folder / "root.pb").read_bytes(),
        "metadata/targets.pb": e.signed(e.targets(CONTENTS, 7), TARGETS_KEY),
        "targets/app": APP,
        "targets/boot": BOOT,
    }


def test_chain_with_one_version_twice_is_refused(folder: Path) -> None:
    (folder / "x").write_bytes(e.chain(LINK, LINK) + e.bundle(CONTENTS))
    with pytest.raises(Refused, match="the chain has version 4 twice") as caught:
        persist(f"{folder}/x", f"{folder}/tree")
    assert (caught.value.verdict, caught.value.subject) == (
        Verdict.ROOT_VERSION_GAP,
        f"{folder}/x",
    )
    assert not (folder / "tree").exists()


def test_payload_that_differs_from_the_metadata_leaves_no_tree(folder: Path) -> None:
    good = (folder / "good.bundle").read_bytes()
    (folder / "x").write_bytes(good[:-1] + b"!")
    with pytest.raises(Refused) as caught:
        persist(f"{folder}/x", f"{folder}/tree")
    assert caught.value.verdict == Verdict.HASH_MISMATCH
    assert not (folder / "tree").exists()


def test_payload_that_the_metadata_does_not_list_leaves_no_tree(folder: Path) -> None:
    (folder / "x").write_bytes(e.bundle(CONTENTS) + e.payload("other", b""))
    with pytest.raises(Refused) as caught:
        persist(f"{folder}/x", f"{folder}/tree")
    assert caught.value.verdict == Verdict.UNLISTED_PAYLOAD
    assert not (folder / "tree").exists()
