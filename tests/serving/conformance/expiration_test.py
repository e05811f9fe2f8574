"""Topic expiration: each role counts until it expires, at the time of the client."""

import time

import pytest
from software_update.client.shell.clock import MachineClock
from software_update.testing.tuf_site import TufFiles, signed
from tuf.api.metadata import MetaFile

from tests.serving.conformance.run import DAY, Run

PAST = -1.0


def days_later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    now = int(time.time() + days * DAY)
    monkeypatch.setattr(MachineClock, "now", lambda self: now)


def publish_expired(site: TufFiles, role: str) -> None:
    """Publishes a new version of a top-level role that has expired already."""
    if role == "root":
        site.root.expires = site.after(PAST)
        site.publish_root()
    elif role == "targets":
        site.roles["targets"].expires = site.after(PAST)
        site.publish("targets")
    elif role == "snapshot":
        site.snapshot.version += 1
        site.snapshot.expires = site.after(PAST)
        name = f"metadata/{site.snapshot.version}.snapshot.json"
        site.objects[name] = signed(site.snapshot, *site.signers["snapshot"])
        site.publish_timestamp()
    else:
        site.timestamp.version += 1
        site.timestamp.expires = site.after(PAST)
        site.timestamp.snapshot_meta = MetaFile(site.snapshot.version)
        content = signed(site.timestamp, *site.signers["timestamp"])
        site.objects["metadata/timestamp.json"] = content


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_expired_role_is_rejected(run: Run, role: str) -> None:
    assert run.refresh() == 0
    publish_expired(run.site, role)
    assert run.refresh() == 1


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_expired_role_is_not_stored(run: Run, role: str) -> None:
    publish_expired(run.site, role)
    assert run.refresh() == 1
    assert role not in run.versions()


def test_intermediate_root_may_have_expired(run: Run) -> None:
    run.site.root.expires = run.site.after(PAST)
    run.site.publish_root()
    run.site.root.expires = run.site.after(1)
    run.site.publish_root()
    assert run.refresh() == 0
    assert run.versions()["root"] == 3


def test_expired_initial_root_can_be_replaced(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    days_later(monkeypatch, 400)
    assert run.refresh() == 1
    run.site.at += 400 * DAY
    run.site.root.expires = run.site.after(1)
    run.site.publish_root()
    run.site.roles["targets"].expires = run.site.after(1)
    run.site.publish("targets")
    assert run.refresh() == 0


@pytest.mark.parametrize(("days", "code"), [(0.5, 0), (1.5, 1)])
def test_stored_timestamp_counts_until_it_expires(
    run: Run, monkeypatch: pytest.MonkeyPatch, days: float, code: int
) -> None:
    assert run.refresh() == 0
    days_later(monkeypatch, days)
    assert run.refresh() == code


def test_expired_stored_metadata_still_prevents_a_rollback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        run.site.publish()
    assert run.refresh() == 0
    trusted = run.versions()
    days_later(monkeypatch, 30)
    run.site.at += 30 * DAY
    run.site.timestamp.version = 1
    run.site.publish()
    assert run.refresh() == 1
    assert run.versions() == trusted
    run.site.timestamp.version = 10
    run.site.publish()
    assert run.refresh() == 0


def test_expired_delegated_role_is_rejected_when_it_is_visited(run: Run) -> None:
    role = run.site.delegate("delegated", ["*"])
    role.expires = run.site.after(PAST)
    role.targets["file"] = run.site.target("file", b"content")
    run.site.publish("targets")
    assert run.refresh() == 0
    assert run.download("file") == 1
    assert not (run.folder / "metadata" / "delegated.json").exists()
    role.expires = run.site.after(1)
    run.site.publish("delegated")
    assert run.download("file") == 0
