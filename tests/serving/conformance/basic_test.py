"""Topic basic: init, refresh, and metadata that does not fit together."""

import json
from pathlib import Path

import pytest

from tests.serving.conformance.run import Run, started

FRESH = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
FIRST = {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}


def test_refresh_requests_the_top_level_roles_in_order(run: Run) -> None:
    assert run.refresh() == 0
    assert run.requested == FRESH
    assert run.versions() == FIRST


def test_init_requests_nothing(run: Run) -> None:
    assert run.init() == 0
    assert run.server.requests == []


def test_second_refresh_requests_root_and_timestamp_only(run: Run) -> None:
    run.refresh()
    assert run.refresh() == 0
    assert run.requested == FRESH[:2]


def test_download_refreshes_first(run: Run) -> None:
    assert run.download("missing") == 1
    assert run.requested == FRESH
    assert run.versions() == FIRST


@pytest.mark.parametrize("damage", ["no version", "no signature"])
def test_bad_initial_root_is_never_used(tmp_path: Path, damage: str) -> None:
    with started(tmp_path) as run:
        root = json.loads(run.site.objects["metadata/1.root.json"])
        if damage == "no version":
            del root["signed"]["version"]
        else:
            root["signatures"][0]["sig"] = "30" + root["signatures"][0]["sig"][2:][::-1]
        run.init(json.dumps(root).encode())
        assert run.refresh() == 1
        assert run.requested == []


def test_unknown_fields_are_accepted_where_they_are_signed(run: Run) -> None:
    run.site.root.unrecognized_fields["x-field"] = "value"
    for key in run.site.root.keys.values():
        key.unrecognized_fields["x-field"] = {"a": 1}
    for role in run.site.root.roles.values():
        role.unrecognized_fields["x-field"] = [1]
    run.site.publish_root()
    run.site.roles["targets"].unrecognized_fields["x-field"] = None
    run.site.publish("targets")
    assert run.refresh() == 0
    assert run.versions()["root"] == 2
    assert run.trusted("targets").unrecognized_fields == {"x-field": None}


def test_timestamp_with_other_content_but_the_same_version_is_ignored(run: Run) -> None:
    run.refresh()
    run.site.publish_snapshot()
    run.site.timestamp.version -= 1
    run.site.publish_timestamp()
    assert run.refresh() == 0
    assert run.trusted("timestamp").snapshot_meta.version == 1


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_role_of_another_version_than_listed_is_rejected(run: Run, role: str) -> None:
    run.refresh()
    first = run.site.objects[f"metadata/1.{role}.json"]
    run.site.snapshot.meta["targets.json"].hashes = None
    run.site.publish("targets")
    run.site.snapshot.meta["targets.json"].hashes = None
    run.site.publish_snapshot()
    run.site.publish_timestamp()
    version = run.site.snapshot.version if role == "snapshot" else 2
    run.site.objects[f"metadata/{version}.{role}.json"] = first
    assert run.refresh() == 1
    assert run.versions()[role] == 1


def test_targets_with_another_hash_than_listed_are_rejected(run: Run) -> None:
    run.refresh()
    run.site.publish("targets")
    honest = run.site.objects["metadata/2.targets.json"]
    run.site.objects["metadata/2.targets.json"] = honest.replace(b"{", b"{ ", 1)[:-1] + b"}"
    assert run.refresh() == 1
    assert run.versions()["targets"] == 1


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"signed": 1, "signatures": []}', b"[" * 9999]
)
def test_role_that_is_not_metadata_is_rejected(run: Run, role: str, content: bytes) -> None:
    run.refresh()
    run.site.publish_root()
    run.site.publish("targets")
    name = "timestamp" if role == "timestamp" else f"2.{role}"
    run.site.objects[f"metadata/{name}.json"] = content
    assert run.refresh() == 1
    assert run.versions()[role] == 1


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_missing_role_is_an_error(run: Run, role: str) -> None:
    name = "timestamp" if role == "timestamp" else f"1.{role}"
    del run.site.objects[f"metadata/{name}.json"]
    assert run.refresh() == 1
    assert role not in run.versions()
