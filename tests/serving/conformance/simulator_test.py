"""Topic simulator: the repository that the other topics use serves what they believe it serves."""

import json
import urllib.error
import urllib.request

import pytest
from software_update.testing.tuf_site import TufFiles
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from tests.serving.conformance.run import Run


def fetched(run: Run, path: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(run.server.url(path)) as answer:
        content: bytes = answer.read()
    return content


def test_roles_are_served_with_valid_signatures(run: Run) -> None:
    root = Metadata[Root].from_bytes(fetched(run, "/metadata/1.root.json"))
    root.verify_delegate("root", root)
    timestamp = Metadata[Timestamp].from_bytes(fetched(run, "/metadata/timestamp.json"))
    root.verify_delegate("timestamp", timestamp)
    version = timestamp.signed.snapshot_meta.version
    content = fetched(run, f"/metadata/{version}.snapshot.json")
    snapshot = Metadata[Snapshot].from_bytes(content)
    root.verify_delegate("snapshot", snapshot)
    listed = snapshot.signed.meta["targets.json"]
    content = fetched(run, f"/metadata/{listed.version}.targets.json")
    listed.verify_length_and_hashes(content)
    root.verify_delegate("targets", Metadata[Targets].from_bytes(content))


def test_file_that_is_not_there_has_status_404(run: Run) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetched(run, "/metadata/2.root.json")
    assert run.requested == ["2.root.json"]


def test_target_is_served_under_its_hash_and_replaced_content_too(run: Run) -> None:
    run.add("targets", "a/file", b"content")
    digest = run.site.roles["targets"].targets["a/file"].hashes["sha256"]
    assert fetched(run, f"/targets/a/{digest}.file") == b"content"
    run.site.objects[f"targets/a/{digest}.file"] = b"other"
    assert fetched(run, f"/targets/a/{digest}.file") == b"other"


def test_each_publication_has_the_next_versions() -> None:
    site = TufFiles()
    for number in (1, 2, 3):
        site.publish("targets")
        timestamp = json.loads(site.objects["metadata/timestamp.json"])["signed"]
        assert timestamp["version"] == number
        assert timestamp["meta"]["snapshot.json"]["version"] == number
        assert f"metadata/{number}.targets.json" in site.objects
