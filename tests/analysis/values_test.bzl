"""Values that a bundle, a root or a release manifest gets as an attribute, as a file or from a flag."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@bazel_skylib//rules:common_settings.bzl", "string_flag")
load(
    "//rules:defs.bzl",
    "SoftwareUpdateBundleInfo",
    "software_update_bundle",
    "software_update_release_manifest",
    "software_update_root",
)
load(":actions.bzl", "actions_aspect", "files_of_tests", "our_actions_of")

_DATE = "2031-01-01T00:00:00Z"

# Each rule, its other attributes, and its values.
_RULES = {
    "bundle": (
        software_update_bundle,
        {"targets": {"app": "app.bin"}},
        {"expires": _DATE, "version": "7"},
    ),
    "release": (
        software_update_release_manifest,
        {"product": "product"},
        {
            "minimum_release_counter": "6",
            "release_counter": "7",
            "release_version": "1.4.0-3-g12ab",
            "support_until": _DATE,
        },
    ),
    "root": (
        software_update_root,
        {"root_keys": ["a.pem"], "targets_keys": ["b.pem"], "version": 1},
        {"expires": _DATE},
    ),
}

_MNEMONICS = {
    "bundle": "SoftwareUpdateTargets",
    "release": "SoftwareUpdateReleaseManifest",
    "root": "SoftwareUpdateRoot",
}

# How a target gets a value: the attribute, and what it is set to.
_SPELLINGS = {
    "attributes": lambda name, value: {name: value},
    "files": lambda name, value: {name + "_file": name + ".txt"},
    "flags": lambda name, value: {name + "_flag": ":value_of_" + name},
}

def _option(spelling, name, value):
    option = "--" + name.replace("_", "-")
    return "%s-file=tests/analysis/%s.txt" % (option, name) if spelling == "files" else "%s=%s" % (option, value)

def _values_test_impl(ctx):
    env = analysistest.begin(ctx)
    for target in ctx.attr.targets:
        kind, _, spelling = target.label.name.partition("_by_")
        values = _RULES[kind][2]
        [action] = [each for each in our_actions_of(target) if each.mnemonic == _MNEMONICS[kind]]
        options = [word for word in action.argv if word.split("=")[0].removesuffix("-file").removeprefix("--").replace("-", "_") in values]
        files = [file.basename for file in files_of_tests(action.inputs) if file.extension == "txt"]
        expected = [_option(spelling, name, value) for name, value in values.items()]
        asserts.equals(env, sorted(expected), sorted(options), target.label.name)
        asserts.equals(env, [name + ".txt" for name in sorted(values)] if spelling == "files" else [], sorted(files), target.label.name)
        if kind == "bundle":
            version = None if spelling == "files" else 7
            asserts.equals(env, version, target[SoftwareUpdateBundleInfo].version, target.label.name)
    return analysistest.end(env)

_values_test = analysistest.make(
    _values_test_impl,
    attrs = {
        "targets": attr.label_list(
            doc = "A target of each rule with each spelling of its values.",
            aspects = [actions_aspect],
        ),
    },
)

def values_test_suite(name):
    """Makes a target of each rule with its values in each spelling, and the test of their actions.

    Args:
      name: The test's name.
    """
    flags = {}
    targets = []
    for kind, (rule, others, values) in _RULES.items():
        flags |= values
        for spelling, spelt in _SPELLINGS.items():
            attributes = {}
            for attribute, value in values.items():
                attributes |= spelt(attribute, value)
            rule(
                name = "%s_by_%s" % (kind, spelling),
                tags = ["manual"],
                **(others | attributes)
            )
            targets.append(":%s_by_%s" % (kind, spelling))
    for attribute, value in flags.items():
        string_flag(name = "value_of_" + attribute, build_setting_default = value)
    _values_test(
        name = name,
        size = "small",
        target_under_test = ":value_of_version",
        targets = targets,
    )
