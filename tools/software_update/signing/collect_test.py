"""Tests of collect.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError, SignatureError
from software_update.signing import collect as module
from software_update.signing import request_index, signature_file
from software_update.signing.collect import LeftOut, Report, collect, find_signatures, read_requests
from software_update.steps.gather import gather
from software_update.testing import encode as e
from software_update.testing import gathered
from software_update.testing.examples import run_example
from software_update.testing.gathered import CAMERA, LOCK, ROOT
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    write_signature,
)
from software_update.testing.workspace import snapshot

SIGNERS = {
    "//camera:bundle": (TARGETS_KEY, TARGETS_KEY_2),
    "//lock:bundle": (TARGETS_KEY, TARGETS_KEY_2),
    "//keys:root": (ROOT_KEY,),
}
CAMERA_NAME = request_index.file_name("//camera:bundle")


@pytest.fixture(name="top")
def top_fixture(tmp_path: Path) -> Path:
    """The folder of requests/, of workspace/ and of signed/, which is empty."""
    gathered.make(tmp_path)
    (tmp_path / "signed").mkdir()
    return tmp_path


def sign(top: Path, label: str, number: int) -> Path:
    """Signs a request into signed/; returns the place of the signature in the workspace."""
    data = gathered.LABELS[label]
    name = signature_file.file_name(e.sha256(data), key_id(number))
    write_signature(top / "signed" / name, data, number)
    return top / "workspace" / gathered.FOLDERS[label] / name


def sign_all(top: Path) -> list[Path]:
    return [sign(top, label, number) for label, numbers in SIGNERS.items() for number in numbers]


def collected(top: Path) -> Report:
    index, requests = read_requests(f"{top}/requests/index.json")
    return collect(index, requests, find_signatures(f"{top}/signed"), f"{top}/workspace")


def refused(top: Path, kind: type[Exception]) -> str:
    """Returns the error, which changes no file."""
    before = snapshot(top)
    with pytest.raises(kind) as caught:
        collected(top)
    assert snapshot(top) == before
    return str(caught.value).replace(f"{top}/", "")


def test_example_in_the_docstring(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_all(top)
    monkeypatch.chdir(top)
    run_example(module)


def test_each_signature_goes_where_its_bundle_finds_it(top: Path) -> None:
    places = sign_all(top)
    report = collected(top)
    workspace = top / "workspace"
    assert report.written == tuple(sorted(str(each.relative_to(workspace)) for each in places))
    assert report.complete
    assert set(snapshot(workspace)) == set(report.written)
    for each in places:
        assert each.read_bytes() == (top / "signed" / each.name).read_bytes()


def test_collecting_again_changes_nothing(top: Path) -> None:
    sign_all(top)
    collected(top)
    before = snapshot(top)
    report = collected(top)
    assert (report.complete, report.written) == (True, ())
    assert snapshot(top) == before


def test_missing_signatures_are_counted_per_request(top: Path) -> None:
    sign(top, "//camera:bundle", TARGETS_KEY)
    sign(top, "//keys:root", ROOT_KEY)
    report = collected(top)
    assert not report.complete
    states = {each.entry.label: each for each in report.states}
    assert {label: each.complete for label, each in states.items()} == {
        "//camera:bundle": False,
        "//keys:root": True,
        "//lock:bundle": False,
    }
    [count] = states["//camera:bundle"].counts
    assert (count.authority, count.threshold) == ("the root", 2)
    assert count.signed == (key_id(TARGETS_KEY),)
    assert count.not_signed == (key_id(TARGETS_KEY_2),)


def test_signatures_in_the_workspace_count(top: Path) -> None:
    for each in sign_all(top)[:-1]:
        each.parent.mkdir(exist_ok=True, parents=True)
        (top / "signed" / each.name).rename(each)
    report = collected(top)
    assert report.complete
    assert len(report.written) == 1


def test_key_that_signed_under_another_file_name_signs_once(top: Path) -> None:
    place = sign(top, "//camera:bundle", TARGETS_KEY)
    place.parent.mkdir()
    write_signature(place.with_name("alice.json"), CAMERA, TARGETS_KEY)
    assert collected(top).written == ()


def test_other_files_in_the_workspace_do_not_matter(top: Path) -> None:
    place = sign(top, "//camera:bundle", TARGETS_KEY)
    place.parent.mkdir()
    place.with_name("notes.json").write_text("not a signature")
    write_signature(place.with_name("old.json"), e.targets({"app": b"old"}, 6), TARGETS_KEY)
    assert len(collected(top).written) == 1


def test_one_signature_of_two_requests_with_the_same_bytes(tmp_path: Path) -> None:
    requests = gathered.request_files(tmp_path / "build")
    twin = requests[0]._replace(label="//lock:twin", signatures_folder="lock/twin")
    Path(requests[1].path).write_bytes(CAMERA)
    gathered.write_request(Path(requests[1].path), CAMERA)
    twin = twin._replace(path=requests[1].path)
    gather([requests[0], twin], [f"{tmp_path}/build/root.pb"], f"{tmp_path}/requests")
    for name in ("workspace/camera", "workspace/lock", "signed"):
        (tmp_path / name).mkdir(parents=True)
    write_signature(tmp_path / "signed/a.json", CAMERA, TARGETS_KEY)
    name = signature_file.file_name(e.sha256(CAMERA), key_id(TARGETS_KEY))
    assert collected(tmp_path).written == (f"camera/signatures/{name}", f"lock/twin/{name}")


def test_signature_of_no_request_is_refused(top: Path) -> None:
    sign_all(top)
    other = e.targets({"app": b"other"}, 3)
    write_signature(top / "signed/z.json", other, TARGETS_KEY)
    assert refused(top, SignatureError) == (
        f"signed/z.json: signs request {e.sha256(other).hex()[:16]} (targets version 3), which is not in "
        "the index; remove it, or name the index of the build that requested it"
    )


def test_signature_by_another_key_is_refused(top: Path) -> None:
    write_signature(top / "signed/z.json", LOCK, STRANGER)
    assert refused(top, SignatureError) == (
        f"signed/z.json: signed by key {key_id(STRANGER).hex()[:16]}, which may not sign this; remove it"
    )


def rotated(top: Path) -> None:
    """Gathers the requests again, also with an earlier root, whose targets key is the stranger's."""
    earlier = e.signed(e.root(1, [ROOT_KEY], [STRANGER]), ROOT_KEY)
    (top / "earlier.pb").write_bytes(earlier)
    requests = gathered.request_files(top / "again")
    gather(requests, [f"{top}/again/root.pb", f"{top}/earlier.pb"], f"{top}/requests")


def test_signature_by_a_key_of_an_earlier_root_is_left_out(top: Path) -> None:
    rotated(top)
    sign_all(top)
    write_signature(top / "signed/z.json", LOCK, STRANGER)
    report = collected(top)
    assert report.complete
    assert report.left_out == (LeftOut(f"{top}/signed/z.json", key_id(STRANGER), 1),)
    assert not any(key_id(STRANGER).hex()[:8] in each for each in report.written)


def test_signature_by_a_key_of_an_earlier_root_does_not_count(top: Path) -> None:
    rotated(top)
    write_signature(top / "signed/z.json", LOCK, STRANGER)
    report = collected(top)
    assert (report.complete, report.written, len(report.left_out)) == (False, (), 1)


def test_bad_signature_by_a_key_of_an_earlier_root_is_refused(top: Path) -> None:
    rotated(top)
    path = top / "signed/z.json"
    write_signature(path, LOCK, STRANGER)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"signature": "11" * 64}))
    assert "which may not sign this; remove it" in refused(top, SignatureError)


def test_bad_signature_is_refused(top: Path) -> None:
    sign_all(top)
    path = top / "signed/z.json"
    write_signature(path, LOCK, TARGETS_KEY)
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"signature": "11" * 64}))
    assert refused(top, SignatureError) == (
        f"signed/z.json: bad signature by key {key_id(TARGETS_KEY).hex()[:16]}; copy the file again, or "
        "sign again"
    )


def test_signature_of_another_role_is_refused(top: Path) -> None:
    path = top / "signed/z.json"
    write_signature(path, ROOT, ROOT_KEY)
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"role": "targets"}))
    assert refused(top, SignatureError) == (
        "signed/z.json: says targets version 1, which these bytes are not; copy the file again"
    )


def test_file_that_is_not_a_signature_is_refused(top: Path) -> None:
    (top / "signed/z.json").write_text("{")
    assert refused(top, InputError).startswith("signed/z.json: not a signature file")


def test_folder_of_a_queue_has_other_files_too(top: Path) -> None:
    place = sign(top, "//camera:bundle", TARGETS_KEY)
    (top / "requests/signatures/deeper").mkdir(parents=True)
    (top / "requests/signatures/.hidden").mkdir()
    (top / "requests/signatures/.hidden/x.json").write_text("{")
    (top / "requests/signatures/.x.json").write_text("{")
    (top / "signed" / place.name).rename(top / "requests/signatures/deeper" / place.name)
    found = find_signatures(f"{top}/requests")
    assert [Path(path).name for path, _ in found] == [place.name]


def test_folder_of_signatures_that_is_missing(top: Path) -> None:
    (top / "signed").rmdir()
    assert refused(top, InputError) == "signed: not a folder; name the folder with the signatures"


def test_folder_that_cannot_be_listed(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.scandir", fail)
    with pytest.raises(PermissionError):
        find_signatures(f"{top}/signed")


def test_another_file_in_the_place_of_a_signature_is_kept(top: Path) -> None:
    *_, place = sign_all(top)
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    assert refused(top, InputError) == (
        f"workspace/keys/signatures/root/{place.name}: exists, and is not a good signature of its request; "
        "remove it, and collect again"
    )


def test_package_that_is_missing(top: Path) -> None:
    sign_all(top)
    (top / "workspace/lock").rmdir()
    assert refused(top, InputError) == (
        "workspace/lock: no such folder, and //lock:bundle is in it; name the top of its workspace"
    )


@pytest.mark.parametrize("name", ["lock", "lock/signatures"])
def test_link_on_the_way_is_not_followed(top: Path, name: str) -> None:
    sign_all(top)
    (top / "elsewhere").mkdir()
    path = top / "workspace" / name
    if path.exists():
        path.rmdir()
    path.symlink_to(top / "elsewhere")
    assert refused(top, InputError) == (
        f"workspace/{name}: a link or a file, not a folder for signatures of //lock:bundle; remove it"
    )
    assert not list((top / "elsewhere").iterdir())


def test_file_on_the_way_is_kept(top: Path) -> None:
    (top / "workspace/lock/signatures").write_text("mine")
    assert refused(top, InputError).startswith("workspace/lock/signatures: a link or a file")


def test_request_that_is_not_the_one_in_the_index(top: Path) -> None:
    gathered.write_request(top / "requests" / CAMERA_NAME, LOCK)
    text = refused(top, InputError)
    assert text.startswith(
        f"requests/{CAMERA_NAME}: request {e.sha256(LOCK).hex()[:16]} (targets version 7)"
    )
    assert text.endswith("; get the whole folder from one build")


def test_request_that_is_missing(top: Path) -> None:
    (top / "requests" / CAMERA_NAME).unlink()
    with pytest.raises(FileNotFoundError):
        collected(top)


def test_index_without_a_key_that_may_sign(top: Path) -> None:
    path = top / "requests/index.json"
    found = json.loads(path.read_text())
    found["keys"] = []
    path.write_text(json.dumps(found))
    assert "the index lacks key " in refused(top, InputError)


def test_report_as_json(top: Path) -> None:
    sign(top, "//keys:root", ROOT_KEY)
    found = module.document(collected(top))
    assert (found["schema"], found["complete"]) == (
        "software_update.collected_signatures.v1",
        False,
    )
    [root] = [each for each in found["requests"] if each["complete"]]
    assert root["label"] == "//keys:root"
    assert root["authorities"] == [
        {
            "authority": "this root",
            "threshold": 1,
            "signed": [key_id(ROOT_KEY).hex()],
            "not_signed": [],
        }
    ]
