"""Tests that the rules and the GN templates take the same arguments, except for the differences below.

A new difference needs an entry here, with its reason.
"""

import os
from pathlib import Path

import render_api
import render_gn

# Arguments of every rule and of every template that the build system determines.
OF_ALL_RULES = {
    "name": "GN writes it before the braces",
    "**kwargs": "Bazel gives every rule attributes such as tags and visibility",
}
OF_ALL_TEMPLATES = {
    "deps": "GN does not know which label makes a file",
    "testonly": "Bazel has it in **kwargs",
    "visibility": "Bazel has it in **kwargs",
}

A_FLAG = "a GN argument is a value, which the argument without _flag takes"

ONLY_BAZEL = {
    "software_update_bundle": {
        "compression_of": "GN has no dicts; a target is a scope, which has an argument compression",
        "expires_flag": A_FLAG,
        "strip_prefix": "GN names each file by itself, and the files of a folder by their path below it",
        "version_flag": A_FLAG,
    },
    "software_update_bundle_test": dict.fromkeys(
        ("args", "env", "env_inherit", "flaky", "local", "shard_count", "size", "timeout"),
        "it is a test of bazel test; in GN it is an action of the build",
    ),
    "software_update_device_test": dict.fromkeys(
        ("args", "env", "env_inherit", "flaky", "local", "shard_count", "size", "timeout"),
        "it is a test of bazel test; in GN it is an action of the build",
    ),
    "software_update_expiry_test": dict.fromkeys(
        ("args", "env", "env_inherit", "flaky", "local", "shard_count", "size", "timeout"),
        "it is a test of bazel test; in GN it is an action of the build",
    ),
    "software_update_fleet_test": dict.fromkeys(
        ("args", "env", "env_inherit", "flaky", "local", "shard_count", "size", "timeout"),
        "it is a test of bazel test; in GN it is an action of the build",
    ),
    "software_update_personalized_bundle": {"out": "its label gives the file's name in GN"},
    "software_update_release_manifest": {
        "minimum_release_counter_flag": A_FLAG,
        "out": "its label gives the file's name in GN",
        "release_counter_flag": A_FLAG,
        "release_version_flag": A_FLAG,
        "support_until_flag": A_FLAG,
    },
    "software_update_device_image": {"out": "its label gives the file's name in GN"},
    "software_update_diff": {"out": "its label gives the file's name in GN"},
    "software_update_sbom": {"out": "its label gives the file's name in GN"},
    "software_update_release_page": {"out": "its label gives the file's name in GN"},
    "software_update_root": {
        "expires_flag": A_FLAG,
        "out": "its label gives the file's name in GN",
    },
}

ONLY_GN = {
    "software_update_bundle": {
        "collect": "Bazel names files and directories in targets; GN has software_update_payload",
        "persist": "pw_update_bundle has it; bundle extract does the same",
        "verify": "Bazel has --norun_validations",
    },
    "software_update_promotion": {"installed": "GN has no providers to take it from"},
}

# Templates that lack an argument of the others.
WITHOUT_DEPS = {
    "software_update_component": "it names no files",
    "software_update_signing_requests": "all that it names are labels, not files",
}

# Arguments that one of the two makes mandatory.
ONLY_MANDATORY_IN_BAZEL = {
    "software_update_bundle": {"targets": "in GN, collect can take its place"},
}
ONLY_MANDATORY_IN_GN = {
    "software_update_bundle_test": {"trusted_root": "GN has no providers to take it from"},
    "software_update_expiry_test": {"at": "a GN build does not read a clock"},
    "software_update_fleet_test": {"trusted_roots": "GN has no providers to take them from"},
    "software_update_personalized_bundle": {"trusted_root": "GN has no providers to take it from"},
    "software_update_promotion": {
        "tested": "one GN build has one mode, so it has no dev bundle to compare with",
        "trusted_root": "GN has no providers to take it from",
    },
    "software_update_device_image": {"trusted_root": "GN has no providers to take it from"},
    "software_update_diff": {"trusted_root": "GN has no providers to take it from"},
    "software_update_release_page": {"trusted_root": "GN has no providers to take it from"},
    "software_update_repository": {"trusted_root": "GN has no providers to take it from"},
}

# A template without a rule.
ONLY_A_TEMPLATE = {"software_update_payload": "Bazel names files and directories in targets"}

RULES = render_api.arguments(Path(os.environ["API"]).read_bytes())
TEMPLATES = {
    each.name: {argument.name: argument.default == "mandatory" for argument in each.arguments}
    for each in render_gn.templates(Path("gn"))
}
BOTH = RULES.keys() & TEMPLATES.keys()


def test_each_rule_has_a_template() -> None:
    assert TEMPLATES.keys() - RULES.keys() == ONLY_A_TEMPLATE.keys()
    assert not RULES.keys() - TEMPLATES.keys()


def test_each_rule_and_its_template_take_the_same_arguments() -> None:
    of_rules = {name: RULES[name].keys() - TEMPLATES[name].keys() for name in BOTH}
    of_templates = {name: TEMPLATES[name].keys() - RULES[name].keys() for name in BOTH}
    assert of_rules == {name: OF_ALL_RULES.keys() | ONLY_BAZEL.get(name, {}) for name in BOTH}
    assert of_templates == {
        name: OF_ALL_TEMPLATES.keys() - ({"deps"} if name in WITHOUT_DEPS else set())
        | ONLY_GN.get(name, {}).keys()
        for name in BOTH
    }


def test_each_rule_and_its_template_need_the_same_arguments() -> None:
    def needed(of: dict[str, bool], other: dict[str, bool]) -> set[str]:
        return {name for name in of.keys() & other.keys() if of[name] and not other[name]}

    of_rules = {name: needed(RULES[name], TEMPLATES[name]) for name in BOTH}
    of_templates = {name: needed(TEMPLATES[name], RULES[name]) for name in BOTH}
    assert of_rules == {name: set(ONLY_MANDATORY_IN_BAZEL.get(name, {})) for name in BOTH}
    assert of_templates == {name: set(ONLY_MANDATORY_IN_GN.get(name, {})) for name in BOTH}


def test_each_difference_names_a_rule() -> None:
    for differences in (
        ONLY_BAZEL,
        ONLY_GN,
        WITHOUT_DEPS,
        ONLY_MANDATORY_IN_BAZEL,
        ONLY_MANDATORY_IN_GN,
    ):
        assert differences.keys() <= BOTH
