"""Tests of names.py."""

import pytest
from tuf.ngclient import UpdaterConfig

from software_update.base.errors import UsageError
from software_update.repository import names
from software_update.repository.names import Kind, Lifetimes

DAY = 24 * 60 * 60


def test_objects_have_the_names_of_consistent_snapshots() -> None:
    assert names.metadata_name("root", 3) == "metadata/3.root.json"
    assert names.metadata_name("timestamp", 3) == "metadata/timestamp.json"
    path = names.bundle_path("meter", "stable", "1.2")
    assert path == "meter/stable/1.2.bundle"
    assert names.target_name(path, "ab") == "targets/meter/stable/ab.1.2.bundle"
    assert names.bundle_path("meter", "stable", "1.2", 7) == "meter/stable/1.2.from-7.bundle"
    assert names.bundle_path("My meter", "stable", "1 2").startswith("my-meter-")
    assert names.target_name("file", "ab") == "targets/ab.file"


def test_kinds_and_delegators_of_roles() -> None:
    kinds = {
        "root": Kind.ROOT,
        "snapshot": Kind.SNAPSHOT,
        "timestamp": Kind.SNAPSHOT,
        "targets": Kind.TARGETS,
        "channel.meter.stable": Kind.TARGETS,
        "archive": Kind.TARGETS,
        "archive-1f": Kind.TARGETS,
        "rollout.meter.stable": Kind.ROLLOUT,
    }
    assert {role: names.kind_of(role) for role in kinds} == kinds
    assert names.delegator_of("targets") == "root"
    assert names.delegator_of("rollout.meter.stable") == "targets"
    assert names.delegator_of("archive") == "targets"
    assert names.delegator_of("archive-1f") == "archive"


def test_channels_of_roles() -> None:
    assert names.channel_of("channel.my.meter.stable") == ("my.meter", "stable")
    assert names.channel_of("rollout.meter.stable") is None
    assert names.channel_of("archive") is None


def test_lifetimes() -> None:
    lifetimes = Lifetimes(targets=1, rollout=2, snapshot=3, timestamp=4, root=5)
    roles = ("archive-00", "rollout.a.b", "snapshot", "timestamp", "root")
    assert [lifetimes.of(role) for role in roles] == [1, 2, 3, 4, 5]
    assert names.parse_lifetime("90d", "--x") == 90 * DAY
    assert names.parse_lifetime("12h", "--x") == DAY // 2
    for text in ("", "0d", "1", "-1d", "1w", "100000d"):
        with pytest.raises(UsageError, match="write days or hours"):
            names.parse_lifetime(text, "--x")


def test_limits_are_at_most_those_of_python_tufs_client() -> None:
    config = UpdaterConfig()
    assert names.most_bytes("root") <= config.root_max_length
    assert names.most_bytes("timestamp") <= config.timestamp_max_length
    assert names.most_bytes("snapshot") <= config.snapshot_max_length
    assert names.most_bytes("channel.a.b") <= config.targets_max_length


@pytest.mark.parametrize(
    ("role", "is_bin"), [("archive-00", True), ("archive", False), ("targets", False)]
)
def test_bins_are_told_from_other_roles(role: str, is_bin: bool) -> None:
    assert names.is_bin(role) == is_bin
