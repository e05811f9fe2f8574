"""Tests of the differences of two releases as lines. bundle_diff_test has a whole report."""

from typing import Any

from software_update.cli.render.diff import diff_lines

_RELEASE = {
    "kind": "bundle",
    "product": None,
    "version": None,
    "release_counter": None,
    "release_digest": "00",
    "root_version": None,
    "targets_version": 7,
}
_RADIUS = {
    "claimed_before": False,
    "components": [],
    "powers_gained": [],
    "confinement": [],
    "areas": [],
    "boot_loader_targets": [],
    "unclaimed": [],
    "no_way_back": [],
    "key_changes": [],
    "threshold_changes": [],
}
_REPORT = {
    "verified": True,
    "differ": True,
    "old": _RELEASE,
    "new": _RELEASE,
    "fields": [],
    "signers": [],
    "targets": [],
    "unchanged_targets": 2,
    "not_checked": [],
}


def lines(radius: dict[str, Any] | None = None, **changed: Any) -> list[str]:
    """The lines after those of the two releases."""
    report = {**_REPORT, **changed, "blast_radius": {**_RADIUS, **(radius or {})}}
    return list(diff_lines(report, "a", "b"))[3:]


NO_TARGETS = "targets: 0 added, 0 removed, 0 changed, 2 unchanged"


def target(difference: dict[str, Any] | None, *, same: bool = False) -> list[str]:
    side = {"length": 1, "sha256": "00", "compression": None}
    change = {"name": "app", "change": "changed", "old": side, "new": side}
    return lines(targets=[{**change, "same_content": same, "difference": difference}])[3:]


def test_release_without_a_manifest_and_a_root() -> None:
    report = {**_REPORT, "blast_radius": _RADIUS}
    assert list(diff_lines(report, "a", "b"))[1:3] == [
        "old: a: unknown root, targets 7, release digest 00",
        "new: b: unknown root, targets 7, release digest 00",
    ]


def test_nothing_but_the_number_of_targets() -> None:
    assert lines() == [NO_TARGETS]


def test_no_differences() -> None:
    assert lines(differ=False) == ["no differences"]


def test_values() -> None:
    fields = [
        {"field": "root.dev_keys", "old": False, "new": True},
        {"field": "release.hardware_ids", "old": ["a", "b"], "new": None},
        {"field": "release.duration", "old": None, "new": 60},
    ]
    assert lines(fields=fields)[:-1] == [
        "fields:",
        "  root dev keys: no -> yes",
        "  release hardware ids: a, b -> none",
        "  release duration: none -> 60",
    ]


def test_many_names() -> None:
    names = [f"{index:02}" for index in range(11)]
    [line, _] = lines({"boot_loader_targets": names})
    assert line.endswith(": 00, 01, 02, 03, 04, 05, 06, 07, 08, 09 and 1 more")


def test_component_without_targets() -> None:
    component = {"component": "c", "area": "model", "change": "removed", "targets": []}
    assert lines({"components": [component]})[1] == "  removed c (model)"


def test_powers_of_a_release_after_one_without_claims() -> None:
    powers = [{"component": "c", "word": "keys"}]
    assert lines({"powers_gained": powers})[0] == (
        "powers gained, as the vendor claims; the old release claims nothing:"
    )
    assert lines({"powers_gained": powers, "claimed_before": True})[0] == (
        "powers gained, as the vendor claims:"
    )


def test_areas_and_thresholds() -> None:
    found = lines(
        {
            "areas": [{"target": "app", "old": "system", "new": "model"}],
            "threshold_changes": [{"role": "root", "old": 1, "new": 2}],
        }
    )
    assert found[:-1] == [
        "areas of targets, as the vendor claims:",
        "  app: system -> model",
        "keys:",
        "  root threshold: 1 -> 2",
    ]


def test_keys_that_are_not_compared() -> None:
    found = lines({"key_changes": None, "threshold_changes": None})
    assert found[0] == "keys: not compared: a root is not at hand"


def test_differences_of_contents() -> None:
    assert target(None, same=True) == ["    the same content, compressed in another way"]
    difference = {"format": "device_tree", "lines": ["-\x1b"], "left_out": 3, "note": ""}
    assert target(difference) == [
        "    device tree:",
        "      -\\x1b",
        "      ... and 3 more lines",
    ]
    noted = {"format": "", "lines": [], "left_out": 0, "note": "not compared"}
    assert target(noted) == ["    not compared"]
    assert target({**noted, "format": "elf"}) == ["    elf: not compared"]
