"""Tests of request_files.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format.metadata import parse_root
from software_update.format.verdicts import Refused, Verdict
from software_update.signing import request_files
from software_update.signing.signing_request import (
    authorities_of_targets,
    build_json,
    parse_request,
)
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, TARGETS_KEY, key_id
from software_update.testing.workspace import TARGETS

ROOT = parse_root(e.root())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a root and a request."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    (tmp_path / "request").write_bytes(TARGETS)
    return tmp_path


def test_request_has_the_keys_of_its_json(folder: Path) -> None:
    assert request_files.read_request("request").document is None
    document = build_json(parse_request(TARGETS), authorities_of_targets(ROOT), None)
    (folder / "request.json").write_bytes(document)
    assert request_files.read_request("request").key_ids == {key_id(TARGETS_KEY)}
    (folder / "request").write_bytes(e.targets({"app": b""}, 8))
    with pytest.raises(InputError, match=r"^request\.json: another version than the bytes"):
        request_files.read_request("request")


def test_metadata_of_another_role_are_rejected() -> None:
    assert request_files.read_metadata("request").role == "targets"
    with pytest.raises(InputError, match=r"^request: not root metadata that a device accepts"):
        request_files.read_metadata("request", "root")


def test_root_of_targets_metadata_must_have_enough_keys_that_can_sign(folder: Path) -> None:
    [authority] = request_files.read_targets_authorities("root.pb")
    assert (authority.name, authority.role) == ("the root", ROOT.targets)
    (folder / "root.pb").write_bytes(e.root())
    with pytest.raises(InputError, match=r"^root\.pb: not a root to trust"):
        request_files.read_targets_authorities("root.pb")


def test_new_root_needs_itself_and_the_previous_root() -> None:
    new = parse_root(e.root(2, [ROOT_KEY_2]))
    both = request_files.read_root_authorities("new.pb", new, "root.pb")
    assert [each.name for each in both] == ["this root", "the previous root"]
    assert len(request_files.read_root_authorities("new.pb", new, None)) == 1
    later = parse_root(e.root(3, [ROOT_KEY_2]))
    with pytest.raises(Refused) as caught:
        request_files.read_root_authorities("new.pb", later, "root.pb")
    assert (caught.value.verdict, caught.value.subject) == (Verdict.ROOT_VERSION_GAP, "new.pb")
