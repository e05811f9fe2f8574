"""Tests of catalog entries and of the names of products and channels."""

from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.format import catalog
from software_update.format.catalog import (
    CatalogEntry,
    build_entry,
    difference,
    entry_of,
    parse_entry,
)
from software_update.format.release_manifest import ReleaseManifest

RELEASE = "ab" * 32
SMALL = CatalogEntry("lock", "1.4.0", 7, RELEASE, 900)
FULL = CatalogEntry("lock", "1.4.0", 7, RELEASE, 900, "cd" * 32, ("a", "b"), 5, "both", "high")


@pytest.mark.parametrize("entry", [SMALL, FULL])
def test_reading_returns_what_was_written(entry: CatalogEntry) -> None:
    assert parse_entry(build_entry(entry), "x.bundle") == entry


def test_absent_fields_are_left_out() -> None:
    assert set(build_entry(SMALL)) == {
        "product",
        "version",
        "release_counter",
        "release",
        "first_part",
    }


def test_unknown_members_are_ignored() -> None:
    assert parse_entry({**build_entry(SMALL), "new": 1}, "x") == SMALL


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("product", ""),
        ("product", "x" * 257),
        ("version", 1),
        ("release_counter", -1),
        ("release_counter", 2**32),
        ("release_counter", True),
        ("release", "AB" * 32),
        ("release", RELEASE + "\n"),
        ("first_part", "900"),
        ("base", ""),
        ("hardware_ids", ["a", ""]),
        ("hardware_ids", ["a"] * 65),
        ("minimum_release_counter", 1.0),
        ("kind", "urgent"),
        ("severity", ["high"]),
    ],
)
def test_bad_member_is_rejected_by_name(member: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^x\.bundle: catalog entry: {member} must be "):
        parse_entry({**build_entry(FULL), member: value}, "x.bundle")


@pytest.mark.parametrize("custom", [None, [], "text"])
def test_missing_custom_is_rejected(custom: Any) -> None:
    with pytest.raises(InputError, match="is not a catalog entry"):
        parse_entry(custom, "x")


def test_difference_names_the_field_that_lies() -> None:
    manifest = ReleaseManifest("lock", "1.4.0", 7, kind="feature", severity="low")
    honest = entry_of(manifest, RELEASE, 900)
    assert difference(honest, manifest, RELEASE) is None
    lie = honest._replace(kind="security")
    assert (
        difference(lie, manifest, RELEASE)
        == "kind is security in the catalog and feature in the release"
    )
    assert difference(honest, manifest, "cd" * 32) is not None


@pytest.mark.parametrize("product", ["lock", "Lock-2.b_c", "a", "x" * 64])
def test_product_that_is_a_name_is_its_path(product: str) -> None:
    assert catalog.path_name(product) == product


@pytest.mark.parametrize("product", ["Smart Lock", "../x", ".", "schloß", "a/b", "a\n", "x" * 65])
def test_other_product_gets_a_name_of_its_own(product: str) -> None:
    name = catalog.path_name(product)
    assert catalog.path_name(name) == name
    assert name != catalog.path_name(product + "x")


def test_readable_name_of_a_product() -> None:
    assert catalog.path_name("Smart Lock").startswith("smart-lock-")


@pytest.mark.parametrize("channel", ["", "a.b", "Stable", "-a", "a-", "a" * 33, "stable\n", "a/b"])
def test_bad_channel_is_rejected(channel: str) -> None:
    assert catalog.channel_problem(channel)


def test_roles_and_paths_of_a_channel() -> None:
    assert catalog.channel_problem("stable") is None
    assert catalog.channel_role("lock", "stable") == "channel.lock.stable"
    assert catalog.rollout_role("lock", "stable") == "rollout.lock.stable"
    assert catalog.bundle_folder("lock", "stable") == "lock/stable/"
    assert catalog.rollout_path("lock", "stable") == "rollout/lock/stable.json"
