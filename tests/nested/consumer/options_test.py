"""Tests of the options that a consumer's build may set."""

from __future__ import annotations

import shutil

import pytest

from tests.nested.consumer.workspace import MODE
from tests.nested.nested_bazel import Bazel

SELECTED = """\
load("@rules_software_update//rules:defs.bzl", "software_update_bundle")

software_update_bundle(name = "bundle", targets = {"app": "app.txt"}, version = 1, %s)
"""


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        ("tags", "Bazel reads tags before it knows the configuration; write a list"),
        (
            "signatures_folder",
            "the source tree does not depend on the configuration; write a string",
        ),
    ],
)
def test_attributes_that_cannot_be_selected(nested: Bazel, attribute: str, reason: str) -> None:
    package = nested.workspace / f"selected_{attribute}"
    package.mkdir()
    value = 'select({"//conditions:default": "x"})'
    (package / "BUILD.bazel").write_text(SELECTED % f"{attribute} = {value}")
    try:
        errors = nested.fails("query", f"//{package.name}:all")
    finally:
        shutil.rmtree(package)  # A package that does not load fails //... in other tests.
    assert (
        f"Error in fail: //{package.name}:bundle: {attribute} = {value}: "
        f"this cannot be a select(), because {reason}"
    ) in errors


def test_error_names_the_flag_as_the_consumer_writes_it(nested: Bazel) -> None:
    """The rule of wrong_test installs a bundle, which has no manifest in this mode."""
    errors = nested.fails("build", f"{MODE}unsigned", "//:wrong_test")
    flag = "--@rules_software_update//rules/settings:signing=dev"
    assert [line for line in errors if line.endswith(f"build with {flag}")]


def test_zipped_programs(nested: Bazel) -> None:
    """Their launcher changes into a folder of its own, without the files of the test."""
    nested.succeeds("test", "--build_python_zip", "//:device_test")
    assert "version 7" in nested.succeeds("run", "--build_python_zip", "//:product.inspect")
