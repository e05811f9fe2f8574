"""Tests of bundles that must not be built."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.nested.consumer.workspace import KEYS, the_line
from tests.nested.nested_bazel import Bazel

BROKEN = """\
load("@rules_software_update//rules:defs.bzl", "software_update_bundle")

software_update_bundle(
    name = "bundle",
    dev_root = "root.pb",
    dev_signing_keys = ["throwaway_key.pem"],
    tags = ["manual"],
    targets = {"app": "app.txt"},
    trusted_root = %s,
    version = 1,
)
"""


def add_package(
    server: Bazel, name: str, key: str = "targets", trusted_root: str | None = None
) -> Path:
    """Adds a package with a bundle under root 1, signed with a key of the consumer."""
    package = server.workspace / name
    package.mkdir()
    (package / "BUILD.bazel").write_text(BROKEN % json.dumps(trusted_root or "root.pb"))
    (package / "app.txt").write_text("application\n")
    shutil.copyfile(server.output("root_1.root.pb"), package / "root.pb")
    shutil.copyfile(server.workspace / f"{KEYS}_{key}_key.pem", package / "throwaway_key.pem")
    return package


def test_a_good_package_is_good(nested: Bazel) -> None:
    """A release in which each of the next tests breaks one thing."""
    add_package(nested, "good")
    nested.succeeds("build", "//good:bundle")


def test_a_bundle_that_devices_refuse_fails(nested: Bazel) -> None:
    trusted = "@rules_software_update//tools/dev_keys:dev_root"
    add_package(nested, "refused", trusted_root=trusted)
    line = the_line(nested.fails("build", "//refused:bundle"))
    assert "refused/bundle.bundle: THRESHOLD_NOT_MET: root metadata: " in line
    # It can still be signed elsewhere, and looked at.
    nested.succeeds("build", "//refused:bundle.signing_request")
    nested.succeeds("build", "//refused:bundle", "--norun_validations")


def test_a_key_that_the_root_does_not_list_fails(nested: Bazel) -> None:
    add_package(nested, "wrong_key", key="root")
    line = the_line(nested.fails("build", "//wrong_key:bundle"))
    assert "wrong_key/throwaway_key.pem" in line
    nested.succeeds("build", "//wrong_key:bundle.signing_request")


def test_a_bundle_beyond_the_device_fails(nested: Bazel) -> None:
    package = add_package(nested, "beyond")
    limits = {"schema": "software_update.device_limits.v1", "targets": 1}
    (package / "limits.json").write_text(json.dumps(limits))
    build = package / "BUILD.bazel"
    build.write_text(
        build.read_text().replace(
            "    version = 1", '    device_limits = "limits.json",\n    version = 1'
        )
    )
    nested.succeeds("build", "//beyond:bundle")
    build.write_text(build.read_text().replace('{"app": ', '{"a": "app.txt", "app": '))
    line = the_line(nested.fails("build", "//beyond:bundle", "--norun_validations"))
    assert "beyond/bundle.bundle: beyond the device's limits: 2 targets, at most 1; make" in line


def test_a_tampered_root_fails(nested: Bazel) -> None:
    root = add_package(nested, "tampered") / "root.pb"
    content = bytearray(root.read_bytes())
    content[-1] ^= 1
    root.write_bytes(content)
    line = the_line(nested.fails("build", "//tampered:bundle"))
    assert "tampered/bundle.bundle: THRESHOLD_NOT_MET: root metadata: " in line
    nested.succeeds("build", "//tampered:bundle.signing_request")
