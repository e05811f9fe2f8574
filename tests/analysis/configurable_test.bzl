"""Values that rules accept in each attribute: numbers, decimal text, a select() of them, and None."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@bazel_skylib//rules:common_settings.bzl", "int_flag")
load(
    "//rules:defs.bzl",
    "SoftwareUpdateBundleInfo",
    "SoftwareUpdateRootInfo",
    "software_update_bundle",
    "software_update_bundle_test",
    "software_update_device_image",
    "software_update_diff",
    "software_update_expiry_test",
    "software_update_fleet_test",
    "software_update_personalized_bundle",
    "software_update_promotion",
    "software_update_release_manifest",
    "software_update_release_page",
    "software_update_root",
)
load(":actions.bzl", "actions_aspect", "files_of_tests", "our_actions_of")

_NEVER = ":never"
_DEFAULT = "//conditions:default"

def _configured(value, other = None):
    return select({_NEVER: other, _DEFAULT: value})

# Each gives the version 7; a select() has to be made where a target is.
_VERSIONS = {
    "number": lambda: {"version": 7},
    "text": lambda: {"version": "7"},
    "select_number": lambda: {"version": _configured(7, 8)},
    "select_text": lambda: {"version": _configured("7", "8")},
    "select_number_or_none": lambda: {"version": _configured(7)},
    "select_text_or_none": lambda: {"version": _configured("7")},
    "select_none": lambda: {"version": _configured(None, 8), "version_flag": ":flag_of_7"},
    "select_none_or_text": lambda: {"version": _configured(None, "8"), "version_flag": ":flag_of_7"},
    "select_flag": lambda: {"version": None, "version_flag": _configured(":flag_of_7")},
}

# Each gives an integer in the spellings that every attribute for integers accepts.
_SPELLINGS = {
    "number": lambda integer: integer,
    "text": lambda integer: str(integer),
    "select_number": lambda integer: _configured(integer, integer + 1),
    "select_text": lambda integer: _configured(str(integer)),
}

_COMMON = [
    "applicable_licenses",
    "aspect_hints",
    "compatible_with",
    "deprecation",
    "exec_compatible_with",
    "exec_group_compatible_with",
    "exec_properties",
    "expect_failure",
    "features",
    "generator_function",
    "generator_location",
    "generator_name",
    "package_metadata",
    "restricted_to",
    "target_compatible_with",
    "testonly",
    "toolchains",
    "transitive_configs",
    "visibility",
]

def _integers_test_impl(ctx):
    env = analysistest.begin(ctx)
    for bundle in ctx.attr.bundles:
        asserts.equals(env, 7, bundle[SoftwareUpdateBundleInfo].version, str(bundle.label))
    for root in ctx.attr.roots:
        info = root[SoftwareUpdateRootInfo]
        asserts.equals(env, [7, 2, 3], [info.version, info.root_threshold, info.targets_threshold], str(root.label))
    for release in ctx.attr.releases:
        [action] = our_actions_of(release)
        for option in ["--release-counter=7", "--minimum-release-counter=6"]:
            asserts.true(env, option in action.argv, "%s has no %s" % (release.label, option))
    return analysistest.end(env)

_integers_test = analysistest.make(
    _integers_test_impl,
    attrs = {
        "bundles": attr.label_list(
            doc = "Bundles of version 7.",
        ),
        "releases": attr.label_list(
            doc = "Release manifests with the counters 7 and 6.",
            aspects = [actions_aspect],
        ),
        "roots": attr.label_list(
            doc = "Roots of version 7 with the thresholds 2 and 3.",
        ),
    },
)

def _inputs_of(target, mnemonic):
    # A page has one for each format.
    action = [each for each in target.actions if each.mnemonic == mnemonic][0]
    return sorted([file.basename for file in files_of_tests(action.inputs)])

def _none_test_impl(ctx):
    env = analysistest.begin(ctx)
    for target in ctx.attr.targets:
        mnemonic, expected = ctx.attr.expected[target.label.name].split(": ")
        asserts.equals(env, sorted(expected.split(" ") if expected else []), _inputs_of(target, mnemonic), target.label.name)
    return analysistest.end(env)

_none_test = analysistest.make(
    _none_test_impl,
    attrs = {
        "expected": attr.string_dict(doc = "Mnemonic and inputs of an action of each target, by its name."),
        "targets": attr.label_list(
            doc = "Targets with attributes that are None.",
            aspects = [actions_aspect],
        ),
    },
)

def _make_integers():
    for name, attributes in _VERSIONS.items():
        software_update_bundle(
            name = "bundle_by_" + name,
            tags = ["manual"],
            targets = {"app": "app.bin"},
            **attributes()
        )
    for name, spelt in _SPELLINGS.items():
        software_update_root(
            name = "root_by_" + name,
            root_keys = ["a.pem", "b.pem"],
            root_threshold = spelt(2),
            tags = ["manual"],
            targets_keys = ["c.pem", "d.pem", "e.pem"],
            targets_threshold = spelt(3),
            version = spelt(7),
        )
        software_update_release_manifest(
            name = "release_by_" + name,
            minimum_release_counter = spelt(6),
            product = "product",
            release_counter = spelt(7),
            release_version = "1.0",
            tags = ["manual"],
        )

def _none(*attributes):
    return {attribute: None for attribute in list(attributes) + _COMMON}

def _make_none():
    """Makes a target of each rule, with None for all that may be left out, and some with a select() of None."""
    software_update_root(
        name = "none_root",
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
        **_none("allowed_targets", "dev_signing_keys", "expires", "expires_file", "expires_flag", "holders", "out", "previous", "root_threshold", "signatures", "signatures_folder", "strict_pigweed", "targets_threshold")
    )
    software_update_bundle(
        name = "none_bundle",
        tags = ["manual"],
        targets = {"app": "app.bin"},
        version = 1,
        **_none(
            "at",
            "dev_root",
            "dev_signing_keys",
            "device_limits",
            "expires",
            "expires_file",
            "expires_flag",
            "out",
            "root",
            "signatures",
            "signatures_folder",
            "strict_pigweed",
            "trusted_root",
            "user_manifest",
            "version_file",
            "version_flag",
        )
    )
    software_update_bundle(
        name = "configured_bundle",
        at = _configured("2031-01-01T00:00:00Z"),
        dev_root = _configured("dev_root.pb"),
        dev_signing_keys = _configured(["private_a.pem"]),
        expires = _configured("2031-01-01T00:00:00Z"),
        root = _configured(None, "root.pb"),
        signatures = _configured(["signature.json"]),
        strict_pigweed = _configured(True),
        tags = ["manual"],
        targets = _configured({"app": "app.bin"}, {}),
        trusted_root = _configured("root_before.pb"),
        user_manifest = _configured("release.json"),
        version = 1,
    )
    software_update_personalized_bundle(
        name = "none_personalized",
        bundle = ":none_bundle",
        installed = "installed.pb",
        tags = ["manual"],
        **_none("out", "trusted_root")
    )
    software_update_diff(
        name = "none_diff",
        old = "installed.pb",
        new = ":none_bundle",
        tags = ["manual"],
        **_none("out", "trusted_root")
    )
    software_update_device_image(
        name = "none_image",
        bundle = ":none_bundle",
        configuration = "release.json",
        layout = "limits.json",
        tags = ["manual"],
        **_none("domain", "files", "other_roots", "out", "places", "slot", "trusted_root")
    )
    software_update_device_image(
        name = "configured_image",
        bundle = _configured(":none_bundle"),
        configuration = _configured("release.json"),
        domain = _configured("main"),
        files = _configured({"esp:/boot": "app.bin"}),
        layout = _configured("limits.json"),
        other_roots = _configured({}),
        places = _configured({"app": "slot"}),
        slot = _configured(None, "a"),
        tags = ["manual"],
        trusted_root = _configured("root_before.pb"),
    )
    software_update_release_page(
        name = "none_page",
        bundle = ":none_bundle",
        tags = ["manual"],
        **_none("attachments", "language", "out", "previous", "trusted_root")
    )
    software_update_bundle(
        name = "signed_bundle",
        root = "root.pb",
        signatures = ["signature.json"],
        tags = ["manual"],
        targets = {"app": "app.bin"},
        version = 1,
    )
    software_update_promotion(
        name = "none_promotion",
        bundle = ":signed_bundle",
        **_none("at", "out", "tags", "tested", "trusted_root")
    )
    software_update_promotion(
        name = "configured_promotion",
        bundle = _configured(":signed_bundle"),
        tested = _configured(None, "tested.bundle"),
        trusted_root = _configured(None),
    )
    software_update_promotion(
        name = "tested_promotion",
        bundle = ":signed_bundle",
        tested = _configured("tested.bundle"),
    )
    software_update_release_manifest(
        name = "none_release",
        product = "product",
        release_counter = 1,
        release_version = "1.0",
        tags = ["manual"],
        **_none(
            "advisories",
            "duration",
            "hardware_ids",
            "kind",
            "minimum_release_counter",
            "minimum_release_counter_file",
            "minimum_release_counter_flag",
            "notes",
            "out",
            "release_counter_file",
            "release_counter_flag",
            "release_version_file",
            "release_version_flag",
            "reversible",
            "severity",
            "support_until",
            "support_until_file",
            "support_until_flag",
            "texts",
            "unavailable_functions",
        )
    )
    software_update_bundle_test(
        name = "none_test",
        bundle = ":none_bundle",
        tags = ["manual"],
        **_none(
            "args",
            "at",
            "env",
            "env_inherit",
            "expect",
            "flaky",
            "hardware_id",
            "installed",
            "local",
            "shard_count",
            "size",
            "timeout",
            "trusted_root",
        )
    )
    software_update_bundle_test(
        name = "configured_test",
        args = _configured(["--json"], []),
        bundle = _configured(":none_bundle"),
        env = _configured({"NAME": "value"}),
        expect = _configured(None, "EXPIRED"),
        flaky = True,
        installed = _configured("installed.pb"),
        local = True,
        shard_count = 1,
        size = "medium",
        tags = ["manual"],
        timeout = "short",
    )

def _make_tests_of_files():
    """Makes tests with their attributes spelt in each way, and returns the last argument that updates each table."""
    software_update_expiry_test(
        name = "none_expiry_test",
        roots = ["root.pb"],
        tags = ["manual"],
        **_none("args", "at", "bundles", "env", "env_inherit", "flaky", "local", "shard_count", "size", "timeout", "within_days")
    )
    software_update_expiry_test(
        name = "configured_expiry_test",
        bundles = _configured(["a.bundle"]),
        roots = _configured(["root.pb"]),
        tags = ["manual"],
        within_days = _configured(60),
    )
    software_update_fleet_test(
        name = "none_fleet_test",
        bundle = "a.bundle",
        installed = ["installed.pb"],
        table = "fleet.md",
        tags = ["manual"],
        trusted_roots = ["root.pb"],
        **_none("args", "at", "env", "env_inherit", "flaky", "hardware_ids", "local", "shard_count", "size", "timeout")
    )
    software_update_fleet_test(
        name = "configured_fleet_test",
        at = _configured("2031-01-01T00:00:00Z"),
        bundle = _configured("a.bundle"),
        hardware_ids = _configured(["board_a"]),
        installed = _configured(["installed.pb"]),
        table = ":fleet.md",
        tags = ["manual"],
        trusted_roots = _configured(["root.pb"]),
    )
    return [native.existing_rule(test + ".update")["args"][-1] for test in ["none_fleet_test", "configured_fleet_test"]]

# The file of arguments of each test.
_ARGUMENTS = {
    "configured_expiry_test": "--within=60 --at=now tests/analysis/a.bundle tests/analysis/root.pb",
    "configured_fleet_test": "tests/analysis/a.bundle --trusted-root=tests/analysis/root.pb --installed=tests/analysis/installed.pb --hardware-id=board_a --at=2031-01-01T00:00:00Z",
    "none_expiry_test": "--within=30 --at=now tests/analysis/root.pb",
    "none_fleet_test": "tests/analysis/a.bundle --trusted-root=tests/analysis/root.pb --installed=tests/analysis/installed.pb --at=none",
}

def _arguments_test_impl(ctx):
    env = analysistest.begin(ctx)
    for target in ctx.attr.targets:
        name = target.label.name.removesuffix("._arguments")
        [action] = [each for each in target.actions if each.mnemonic == "FileWrite"]
        asserts.equals(env, ctx.attr.expected[name], action.content.replace("\n", " ").strip(), name)
    for argument in ctx.attr.source_files:
        asserts.equals(env, "'--source-file=tests/analysis/fleet.md'", argument)
    return analysistest.end(env)

_arguments_test = analysistest.make(
    _arguments_test_impl,
    attrs = {
        "expected": attr.string_dict(doc = "The arguments of each test, by its name."),
        "source_files": attr.string_list(doc = "The argument that names the table to update, for each fleet test."),
        "targets": attr.label_list(
            doc = "Targets that write the arguments of tests.",
            aspects = [actions_aspect],
        ),
    },
)

# An action of a target, and its inputs.
_NONE = {
    "configured_bundle": "SoftwareUpdateVerify: configured_bundle.bundle root_before.pb",
    "configured_bundle.signing_request": "SoftwareUpdateRequest: configured_bundle.targets_metadata.unsigned.pb dev_root.pb release.json",
    "configured_promotion": "SoftwareUpdatePromote: root.pb signed_bundle.bundle signed_bundle.bundle",
    "configured_image": "SoftwareUpdateDeviceImage: app.bin limits.json none_bundle.bundle release.json root_before.pb",
    "none_bundle": "SoftwareUpdateVerify: none_bundle.bundle",
    "none_bundle.signing_request": "SoftwareUpdateRequest: none_bundle.targets_metadata.unsigned.pb",
    "none_personalized": "SoftwareUpdatePersonalize: installed.pb none_bundle.bundle",
    "none_image": "SoftwareUpdateDeviceImage: limits.json none_bundle.bundle release.json",
    "none_diff": "SoftwareUpdateDiff: installed.pb none_bundle.bundle",
    "none_page": "SoftwareUpdatePage: none_bundle.bundle",
    "none_promotion": "SoftwareUpdatePromote: root.pb signed_bundle.bundle signed_bundle.bundle",
    "none_release": "SoftwareUpdateReleaseManifest: ",
    "none_root": "SoftwareUpdateRoot: a.pem b.pem",
    "tested_promotion": "SoftwareUpdatePromote: root.pb signed_bundle.bundle tested.bundle",
}

def configurable_test_suite(name):
    """Makes targets with their attributes spelt in each way, and the tests of them.

    Args:
      name: The name of the suite of tests.
    """
    native.config_setting(name = "never", values = {"define": "tests_analysis=never"})
    int_flag(name = "flag_of_7", build_setting_default = 7)
    _make_integers()
    _make_none()
    source_files = _make_tests_of_files()
    _integers_test(
        name = "integers_test",
        size = "small",
        bundles = [":bundle_by_" + version for version in _VERSIONS],
        releases = [":release_by_" + spelling for spelling in _SPELLINGS],
        roots = [":root_by_" + spelling for spelling in _SPELLINGS],
        target_under_test = ":never",
    )
    _none_test(
        name = "none_attributes_test",
        size = "small",
        expected = _NONE,
        target_under_test = ":never",
        targets = [":" + target for target in _NONE],
    )
    _arguments_test(
        name = "arguments_test",
        size = "small",
        expected = _ARGUMENTS,
        source_files = source_files,
        target_under_test = ":never",
        targets = [":%s._arguments" % test for test in _ARGUMENTS],
    )
    native.test_suite(
        name = name,
        tests = ["arguments_test", "integers_test", "none_attributes_test"],
    )
