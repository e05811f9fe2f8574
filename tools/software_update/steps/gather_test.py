"""Tests of gather.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.signing import request_index
from software_update.signing.queue import Queue
from software_update.steps.gather import RequestFile, gather
from software_update.testing import encode as e
from software_update.testing import gathered
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2, key_id
from software_update.testing.workspace import snapshot


@pytest.fixture(name="requests")
def requests_fixture(tmp_path: Path) -> list[RequestFile]:
    return gathered.request_files(tmp_path / "build")


def gather_in(tmp_path: Path, requests: list[RequestFile]) -> dict[str, bytes]:
    """Gathers the requests, and returns the files in the folder."""
    gather(requests, [f"{tmp_path}/build/root.pb"], f"{tmp_path}/requests")
    return snapshot(tmp_path / "requests")


def test_folder_has_each_request_with_its_json_and_the_index(
    tmp_path: Path, requests: list[RequestFile]
) -> None:
    files = gather_in(tmp_path, requests)
    names = {each: request_index.file_name(each.label) for each in requests}
    assert files.keys() == {
        "index.json",
        *names.values(),
        *(f"{name}.json" for name in names.values()),
    }
    for each, name in names.items():
        assert files[name] == Path(each.path).read_bytes()
        assert files[f"{name}.json"] == Path(f"{each.path}.json").read_bytes()
    index = request_index.parse("index.json", files["index.json"])
    assert {each.label: each.signatures_folder for each in index.entries} == gathered.FOLDERS
    assert index.keys.keys() == {key_id(each) for each in (ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2)}


def test_order_of_requests_does_not_matter(tmp_path: Path, requests: list[RequestFile]) -> None:
    assert gather_in(tmp_path, requests) == gather_in(tmp_path, requests[::-1])


def test_folder_is_a_queue(tmp_path: Path, requests: list[RequestFile]) -> None:
    gather_in(tmp_path, requests)
    with Queue.open(f"{tmp_path}/requests") as queue:
        found = {queue.read(name).serialized for name in queue.names()}
    assert found == set(gathered.LABELS.values())


def test_product_is_that_of_the_json(tmp_path: Path, requests: list[RequestFile]) -> None:
    path = Path(f"{requests[0].path}.json")
    document = json.loads(path.read_text())
    document["summary"]["product"] = "camera"
    path.write_text(json.dumps(document))
    index = request_index.parse("index.json", gather_in(tmp_path, requests)["index.json"])
    assert [each.product for each in index.entries] == ["camera", None, None]


def test_gathering_again_removes_only_earlier_requests(
    tmp_path: Path, requests: list[RequestFile]
) -> None:
    gather_in(tmp_path, requests)
    (tmp_path / "requests/signatures").mkdir()
    (tmp_path / "requests/signatures/a.json").write_text("{}")
    (tmp_path / "requests/my.signing_request").write_text("mine")
    files = gather_in(tmp_path, requests[1:])
    assert request_index.file_name(requests[0].label) not in files
    assert f"{request_index.file_name(requests[0].label)}.json" not in files
    assert {"signatures/a.json", "my.signing_request"} < files.keys()
    assert request_index.file_name(requests[1].label) in files


def test_request_that_anyone_can_sign_is_refused(
    tmp_path: Path, requests: list[RequestFile]
) -> None:
    root = e.root(1) + e.number(255, 1)
    gathered.write_request(Path(requests[0].path), gathered.CAMERA, root)
    with pytest.raises(InputError) as caught:
        gather_in(tmp_path, requests)
    assert str(caught.value) == (
        "//camera:bundle: anyone can sign under its root, which has DEV KEYS; give it the root of "
        "releases, or do not request signatures for it"
    )
    assert not (tmp_path / "requests").exists()


def test_key_that_no_root_lists_is_refused(tmp_path: Path, requests: list[RequestFile]) -> None:
    (tmp_path / "build/root.pb").write_bytes(e.signed(e.root()))
    with pytest.raises(InputError) as caught:
        gather_in(tmp_path, requests)
    assert str(caught.value) == (
        f"key {key_id(TARGETS_KEY_2).hex()[:16]} may sign, but is in none of the given roots; name the "
        "root that lists it"
    )


def test_two_requests_of_one_label_are_refused(tmp_path: Path, requests: list[RequestFile]) -> None:
    twice = [requests[0], requests[1]._replace(label=requests[0].label)]
    with pytest.raises(UsageError) as caught:
        gather_in(tmp_path, twice)
    assert str(caught.value) == (
        f"{twice[1].path}: has the label of {twice[0].path}, //camera:bundle; name one of them"
    )


def test_one_request_listed_twice_is_one(tmp_path: Path, requests: list[RequestFile]) -> None:
    assert gather_in(tmp_path, requests * 2) == gather_in(tmp_path, requests)


def test_inputs_are_never_replaced(tmp_path: Path, requests: list[RequestFile]) -> None:
    before = snapshot(tmp_path)
    with pytest.raises(UsageError) as caught:
        gather(requests, [], f"{tmp_path}/build")
    assert str(caught.value) == (
        f"{tmp_path}/build: contains the input {requests[0].path}; name another folder to write"
    )
    assert snapshot(tmp_path) == before
