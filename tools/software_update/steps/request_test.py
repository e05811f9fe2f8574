"""Tests of request.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError
from software_update.steps.request import request_of_targets
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, key_id

MANIFEST = (
    b'{"schema": "software_update.release.v1", "product": "blinky", "version": "1.2", '
    b'"release_counter": 3}'
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a root and targets metadata that list MANIFEST."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    (tmp_path / "targets.pb").write_bytes(e.targets({"user_manifest": MANIFEST}, 7))
    (tmp_path / "manifest.json").write_bytes(MANIFEST)
    return tmp_path


def test_request_names_the_keys_and_the_product() -> None:
    request, content = request_of_targets("targets.pb", "root.pb", "manifest.json")
    document = json.loads(content)
    assert request.serialized == Path("targets.pb").read_bytes()
    assert [each["key_ids"] for each in document["authorities"]] == [[key_id(TARGETS_KEY).hex()]]
    assert document["summary"]["product"] == "blinky"
    _, content = request_of_targets("targets.pb", "root.pb", None)
    assert json.loads(content)["summary"]["product"] is None


def test_rejects_a_manifest_that_the_metadata_do_not_list(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(MANIFEST + b"\n")
    with pytest.raises(InputError, match=r"manifest\.json: is not the user_manifest that"):
        request_of_targets("targets.pb", "root.pb", "manifest.json")


def test_rejects_a_release_manifest_that_no_device_accepts(folder: Path) -> None:
    bad = MANIFEST.replace(b"3}", b"-3}")
    (folder / "manifest.json").write_bytes(bad)
    (folder / "targets.pb").write_bytes(e.targets({"user_manifest": bad}, 7))
    with pytest.raises(InputError, match=r"^manifest\.json: MALFORMED") as caught:
        request_of_targets("targets.pb", "root.pb", "manifest.json")
    assert caught.value.advice == Advice.MAKE_RELEASE_MANIFEST


def test_rejects_root_metadata(folder: Path) -> None:
    (folder / "targets.pb").write_bytes(e.root())
    with pytest.raises(InputError, match=r"targets\.pb: not targets metadata that a device"):
        request_of_targets("targets.pb", "root.pb", None)
