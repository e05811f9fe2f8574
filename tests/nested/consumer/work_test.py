"""Tests that a build does only the necessary work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.nested.consumer.workspace import OUTPUTS, digests, mnemonics, repositories
from tests.nested.nested_bazel import Bazel, Spawn

AFTER_THE_DIGESTS = {
    "SoftwareUpdateTargets": 1,
    "SoftwareUpdateSign": 1,
    "SoftwareUpdateAssemble": 1,
    "SoftwareUpdateVerify": 1,
}


@pytest.fixture(autouse=True, scope="module")
def up_to_date(nested: Bazel) -> None:
    """Builds everything as these tests do: tests in other files build in other modes."""
    nested.succeeds("build", "//...")


def digested(spawns: list[Spawn]) -> list[str]:
    """The first targets of the records that digest actions have written."""
    paths = [spawn.outputs[0] for spawn in spawns if spawn.mnemonic == "SoftwareUpdateDigest"]
    return sorted(path.partition(".digests/")[2].partition("~")[0].rstrip("/") for path in paths)


def test_unchanged_inputs_rerun_no_action(nested: Bazel) -> None:
    assert nested.build("//...") == []


def test_changing_an_artifact_rehashes_only_its_shard(nested: Bazel) -> None:
    before = digests(nested)
    source = nested.workspace / "bootloader.txt"
    content = source.read_bytes()
    source.write_bytes(b"bootloader, second edition\n")
    try:
        spawns = nested.build("//:product")
        assert mnemonics(spawns) == {"SoftwareUpdateDigest": 1, **AFTER_THE_DIGESTS}
        assert {spawn.runner for spawn in spawns} == {"worker"}
        assert digested(spawns) == ["app"]
        assert {spawn.label for spawn in spawns} == {"//:product", "//:product._metadata"}
        assert digests(nested)["product-update.bundle"] != before["product-update.bundle"]
    finally:
        source.write_bytes(content)
    nested.build("//...")
    assert digests(nested) == before


def test_a_new_asset_is_hashed_with_those_from_its_name_on(nested: Bazel) -> None:
    """In shards of four by name: one moves on; directories stay what they were."""
    before = digests(nested)
    added = nested.workspace / "assets/new.raw"
    added.write_bytes(b"new\n")
    try:
        spawns = nested.build("//:product")
        assert mnemonics(spawns) == {"SoftwareUpdateDigest": 2, **AFTER_THE_DIGESTS}
        assert digested(spawns) == ["app", "bootloader"]
    finally:
        added.unlink()
    nested.build("//...")
    assert digests(nested) == before


def test_changed_version_rehashes_no_payload(nested: Bazel) -> None:
    spawns = nested.build("//:product", "--//:release=8")
    assert mnemonics(spawns) == AFTER_THE_DIGESTS
    nested.build("//...")


def test_touched_source_reruns_no_action(nested: Bazel) -> None:
    os.utime(nested.workspace / "bootloader.txt", (1, 1))
    (nested.workspace / "app.txt").chmod(0o755)
    assert nested.build("//...") == []


def test_only_the_runtime_dependencies_are_fetched(nested: Bazel) -> None:
    ours = [name for name in repositories(nested) if name.startswith("rules_software_update")]
    assert [name for name in ours if name.endswith("software_update_pip")]
    assert not [name for name in ours if "test" in name or "blinky" in name]


def test_all_packages_of_the_rules_load_and_build(nested: Bazel) -> None:
    """Without the repositories of their tests: no wheel of those is fetched."""
    rules = "@rules_software_update//"
    labels = nested.succeeds("query", f"{rules}...").split()
    assert f"{rules}tools/software_update/cli:cli_test" in labels
    assert f"{rules}tools/workshop/locks:wheels_test" in labels
    # Tests there need files that are not in the distribution. .ci/checks/modules.py builds with all files.
    without = [f"-{rules}tools/software_update/...", f"-{rules}device/..."]
    libraries = [f"{rules}device:{name}" for name in ("boot", "client", "smp", "verifier")]
    nested.succeeds("build", "--nobuild", "--", f"{rules}...", *without, *libraries)
    fetched = [name for name in repositories(nested) if "software_update_pip" in name]
    external = Path(nested.succeeds("info", "output_base").strip(), "external")
    with_wheels = [name for name in fetched if (external / name / "wheels").exists()]
    assert [name.endswith("software_update_pip") for name in with_wheels] == [True]


def test_kinds_of_targets_have_the_names_of_the_rules(nested: Bazel) -> None:
    lines = nested.succeeds("query", "--output=label_kind", "//:all").splitlines()
    kinds = {label: kind for kind, _, label in (line.rpartition(" rule ") for line in lines)}
    assert kinds["//:product"] == "software_update_bundle"
    assert kinds["//:root_1"] == "software_update_root"
    assert kinds["//:device_test"] == "software_update_bundle_test"
    assert {kind for kind in kinds.values() if kind.startswith("software_update_")} == {
        "software_update_bundle",
        "software_update_bundle_test",
        "software_update_expiry_test",
        "software_update_root",
    }


def test_result_that_depends_on_the_clock_is_not_cached(nested: Bazel) -> None:
    assert nested.succeeds("query", 'attr(tags, "external", tests(//:all))').split() == [
        "//:expiry_test"
    ]


def test_outputs_are_not_links(nested: Bazel) -> None:
    labels = ("//:product", "//:product.signing_request", "//:root_2", "//:root_2.signing_request")
    nested.succeeds("build", *labels)
    names = {nested.output(name) for name in OUTPUTS}
    names |= {
        nested.output(f"{name}.signing_request{end}")
        for name in ("product", "root_2")
        for end in ("", ".json")
    }
    assert [str(path) for path in names if path.is_symlink() or not path.is_file()] == []
