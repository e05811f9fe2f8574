"""Tests of signatures collect."""

import json
from pathlib import Path

import pytest

from software_update.steps.gather import gather
from software_update.testing import encode as e
from software_update.testing import gathered
from software_update.testing.command import call, done, failed
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    write_keys,
    write_signature,
)

COLLECT = (
    "signatures",
    "collect",
    "signed",
    "--index=requests/index.json",
    "--workspace=workspace",
)


@pytest.fixture(name="top", autouse=True)
def top_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gathered requests, the keys that may sign them, and a workspace, in the current folder."""
    monkeypatch.chdir(tmp_path)
    gathered.make(tmp_path)
    write_keys(tmp_path, root=ROOT_KEY, one=TARGETS_KEY, two=TARGETS_KEY_2)
    Path("signed").mkdir()
    return tmp_path


def sign(key: str, *more: str) -> None:
    done("sign", "--queue=requests", f"--key=file:{key}.pem", "--yes", *more)


def test_requests_signed_as_a_queue_are_collected(top: Path) -> None:
    for key in ("root", "one", "two"):
        sign(key, "--folder=signed")
    assert not (top / "requests/signatures").exists()
    result = done(*COLLECT)
    *written, last = result.out.splitlines()
    assert last == "all 3 requests have their signatures"
    assert len(written) == 5
    assert all((top / "workspace" / each).is_file() for each in written)
    assert done(*COLLECT).out == f"{last}\n"


def test_signature_by_a_key_of_an_earlier_root_is_a_warning(top: Path) -> None:
    earlier = e.signed(e.root(1, [ROOT_KEY], [STRANGER]), ROOT_KEY)
    (top / "earlier.pb").write_bytes(earlier)
    requests = gathered.request_files(top / "again")
    gather(requests, ["again/root.pb", "earlier.pb"], "requests")
    for key in ("root", "one", "two"):
        sign(key, "--folder=signed")
    write_signature(top / "signed/z.json", gathered.LOCK, STRANGER)
    result = done(*COLLECT)
    assert result.out.splitlines()[-1] == "all 3 requests have their signatures"
    assert result.err == (
        f"software-update: warning: signed/z.json: signed by key {key_id(STRANGER).hex()[:16]} of an earlier "
        "root, version 1; the root of the release does not list this key, so the signature is left out; if "
        "the new root revokes keys, targets versions start again: give each release a release counter\n"
    )


def test_signatures_in_the_queue_are_collected() -> None:
    sign("root")
    result = call(*COLLECT[:2], "requests", *COLLECT[3:])
    assert result.status == 1
    assert result.out.splitlines()[-1] == "2 of 3 requests lack signatures"


def test_missing_signatures_are_listed() -> None:
    sign("one", "--folder=signed")
    result = call(*COLLECT)
    assert (result.status, result.err) == (1, "")
    names = {label: e.sha256(data).hex()[:16] for label, data in gathered.LABELS.items()}
    two, root = (key_id(each).hex()[:16] for each in (TARGETS_KEY_2, ROOT_KEY))
    assert result.out.splitlines()[2:] == [
        f"//camera:bundle: request {names['//camera:bundle']} (targets version 7)",
        f"  1 of 2 signatures by keys of the root, not signed: {two}",
        f"//keys:root: request {names['//keys:root']} (root version 1)",
        f"  0 of 1 signatures by keys of this root, not signed: {root}",
        f"//lock:bundle: request {names['//lock:bundle']} (targets version 7)",
        f"  1 of 2 signatures by keys of the root, not signed: {two}",
        "3 of 3 requests lack signatures",
    ]


def test_json() -> None:
    result = call(*COLLECT, "--json")
    assert result.status == 1
    found = json.loads(result.out)
    assert found["schema"] == "software_update.collected_signatures.v1"
    assert [each["label"] for each in found["requests"]] == sorted(gathered.LABELS)


def test_signature_of_no_request() -> None:
    write_signature(Path("signed/z.json"), e.targets({"app": b"x"}, 3), TARGETS_KEY)
    assert failed(1, *COLLECT).startswith("signed/z.json: signs request ")


def test_index_that_is_not_one() -> None:
    Path("requests/index.json").write_text("{}")
    assert failed(3, *COLLECT).startswith("requests/index.json: not an index of signing requests")


def test_names_of_keys() -> None:
    """A request has the names of its keys in its JSON; the request of a root here has none."""
    for path in Path("requests").glob("*.signing_request.json"):
        document = json.loads(path.read_text())
        names = [{"key_id": key_id(TARGETS_KEY_2).hex(), "name": "release manager"}]
        if document["role"] == "targets":
            path.write_text(json.dumps({**document, "holders": names}))
    lines = call(*COLLECT).out.splitlines()
    one, two, root = (key_id(each).hex()[:16] for each in (TARGETS_KEY, TARGETS_KEY_2, ROOT_KEY))
    keys = {key_id(TARGETS_KEY): one, key_id(TARGETS_KEY_2): f"release manager ({two})"}
    missing = " ".join(keys[each] for each in sorted(keys))
    assert lines.count(f"  0 of 2 signatures by keys of the root, not signed: {missing}") == 2
    assert f"  0 of 1 signatures by keys of this root, not signed: {root}" in lines
