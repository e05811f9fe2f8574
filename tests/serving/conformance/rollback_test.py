"""Topic rollback: no role goes back to a lower version, and nothing is removed from the snapshot."""

from software_update.testing.tuf_site import new_key
from tuf.api.metadata import MetaFile

from tests.serving.conformance.run import Run


def after_three_publications(run: Run) -> dict[str, int]:
    for _ in range(2):
        run.site.publish("targets")
    assert run.refresh() == 0
    return run.versions()


def test_timestamp(run: Run) -> None:
    trusted = after_three_publications(run)
    run.site.timestamp.version = 0
    run.site.publish_timestamp()
    assert run.refresh() == 1
    assert run.versions() == trusted


def test_snapshot_in_a_newer_timestamp(run: Run) -> None:
    trusted = after_three_publications(run)
    run.site.snapshot.version = 0
    run.site.publish_snapshot()
    run.site.publish_timestamp()
    assert run.refresh() == 1
    assert run.versions() == trusted


def test_targets_in_a_newer_snapshot(run: Run) -> None:
    trusted = after_three_publications(run)
    run.site.roles["targets"].version = 0
    run.site.publish("targets")
    assert run.refresh() == 1
    assert run.versions() == {**trusted, "timestamp": 4}


def test_delegated_role_in_a_newer_snapshot(run: Run) -> None:
    run.site.delegate("delegated", ["*"])
    run.site.publish("targets")
    run.site.publish("delegated")
    assert run.download("missing") == 1
    assert run.trusted("delegated").version == 2
    run.site.roles["delegated"].version = 0
    run.site.publish("targets", "delegated")
    assert run.refresh() == 1
    assert run.trusted("delegated").version == 2


def test_role_that_is_removed_from_the_snapshot(run: Run) -> None:
    run.site.delegate("delegated", ["*"])
    run.site.publish("targets")
    assert run.refresh() == 0
    trusted = run.versions()
    del run.site.snapshot.meta["delegated.json"]
    run.site.publish_snapshot()
    run.site.publish_timestamp()
    assert run.refresh() == 1
    assert run.versions()["snapshot"] == trusted["snapshot"]


def test_root_of_a_lower_or_a_skipped_version_is_rejected(run: Run) -> None:
    run.site.publish_root()
    assert run.refresh() == 0
    first = run.site.objects["metadata/1.root.json"]
    run.site.root.version = 3
    run.site.publish_root()
    skipped = run.site.objects["metadata/4.root.json"]
    for content in (first, skipped):
        run.site.objects["metadata/3.root.json"] = content
        assert run.refresh() == 1
        assert run.versions()["root"] == 2


def test_new_keys_end_a_fast_forward_of_timestamp_and_snapshot(run: Run) -> None:
    run.site.timestamp.version = run.site.snapshot.version = 99_999
    run.site.publish()
    assert run.refresh() == 0
    run.site.timestamp.version = run.site.snapshot.version = 1
    run.site.signers["timestamp"] = run.site.signers["snapshot"] = [new_key()]
    run.site.publish_root()
    run.site.publish()
    assert run.refresh() == 0
    assert (run.versions()["timestamp"], run.versions()["snapshot"]) == (2, 2)


def test_new_snapshot_key_ends_a_fast_forward_of_targets(run: Run) -> None:
    run.site.roles["targets"].version = 99_999
    run.site.publish("targets")
    assert run.refresh() == 0
    run.site.roles["targets"].version = 1
    run.site.signers["timestamp"] = run.site.signers["snapshot"] = [new_key()]
    run.site.publish_root()
    run.site.publish("targets")
    assert run.refresh() == 0
    assert run.versions()["targets"] == 2


def test_timestamp_that_lists_a_snapshot_that_is_not_there_changes_nothing_else(run: Run) -> None:
    trusted = after_three_publications(run)
    run.site.publish_timestamp()
    meta = MetaFile(run.site.snapshot.version + 1)
    run.site.timestamp.snapshot_meta = meta
    run.site.snapshot.version += 1
    run.site.publish_timestamp()
    assert run.refresh() == 1
    assert run.versions()["snapshot"] == trusted["snapshot"]
