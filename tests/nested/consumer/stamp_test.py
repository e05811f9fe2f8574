"""Tests of versions from the workspace status, as docs/guides/versions.md takes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.nested.consumer.workspace import mnemonics
from tests.nested.nested_bazel import Bazel

PAGE = Path("docs/guides/versions.md").read_text(encoding="utf-8")
PRODUCT = """\
load(
    "@rules_software_update//rules:defs.bzl",
    "software_update_bundle",
    "software_update_release_manifest",
)

software_update_release_manifest(
    name = "release",
    product = "clock",
    release_counter_file = "//versions:release_counter.txt",
    release_version_file = "//versions:release_version.txt",
)

software_update_bundle(
    name = "bundle",
    targets = {"app": "app.txt"},
    user_manifest = ":release",
    version_file = "//versions:release_counter.txt",
)
"""
BUNDLE = "//stamped:bundle"
STATUS = "--workspace_status_command=cat stamped/status.txt"
AFTER_THE_STATUS = {
    "Genrule": 1,
    "SoftwareUpdateAssemble": 1,
    "SoftwareUpdateDigest": 1,
    "SoftwareUpdateReleaseManifest": 1,
    "SoftwareUpdateSign": 1,
    "SoftwareUpdateTargets": 1,
    "SoftwareUpdateVerify": 1,
}


@pytest.fixture(name="stamped", autouse=True, scope="module")
def stamped_fixture(nested: Bazel) -> None:
    """The page's package `versions`, and a product that uses its files."""
    block = r"^```starlark versions/BUILD.bazel\n(.*?)^```$"
    [recipe] = re.findall(block, PAGE, re.MULTILINE | re.DOTALL)
    for folder, content in (("versions", recipe), ("stamped", PRODUCT)):
        (nested.workspace / folder).mkdir()
        (nested.workspace / folder / "BUILD.bazel").write_text(content)
    (nested.workspace / "stamped/app.txt").write_text("application\n")


def set_status(nested: Bazel, counter: int) -> None:
    lines = f"STABLE_RELEASE_COUNTER {counter}\nSTABLE_RELEASE_VERSION v{counter}-1-gabc\n"
    (nested.workspace / "stamped/status.txt").write_text(lines)


def release(nested: Bazel) -> tuple[int, str]:
    manifest = json.loads(nested.output("stamped/release.json").read_bytes())
    return manifest["release_counter"], manifest["version"]


def test_changed_status_runs_no_action_without_stamp(nested: Bazel) -> None:
    set_status(nested, 7)
    nested.build(BUNDLE, STATUS)
    set_status(nested, 8)
    assert nested.build(BUNDLE, STATUS) == []
    assert release(nested) == (1, "development")


def test_versions_come_from_the_status_with_stamp(nested: Bazel) -> None:
    set_status(nested, 8)
    nested.build(BUNDLE, STATUS, "--stamp")
    assert release(nested) == (8, "v8-1-gabc")
    set_status(nested, 9)
    assert mnemonics(nested.build(BUNDLE, STATUS, "--stamp")) == AFTER_THE_STATUS
    assert release(nested) == (9, "v9-1-gabc")
    assert "version 9" in nested.succeeds("run", f"{BUNDLE}.inspect", STATUS, "--stamp")


def test_status_without_a_version_is_an_error(nested: Bazel) -> None:
    (nested.workspace / "stamped/status.txt").write_text("STABLE_RELEASE_VERSION v9\n")
    errors = "\n".join(nested.fails("build", BUNDLE, STATUS, "--stamp"))
    assert "versions/release_counter.txt: empty; write one line with the value" in errors
