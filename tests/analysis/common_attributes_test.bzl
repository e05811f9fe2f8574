"""The attributes of every rule reach the targets that a macro makes."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//rules:defs.bzl", "software_update_bundle", "software_update_bundle_test", "software_update_root")

# buildifier: disable=attr-applicable_licenses
_ATTRIBUTES = {
    "applicable_licenses": ["//tests/analysis:license"],
    "aspect_hints": ["//tests/analysis:hint"],
    "compatible_with": ["//tests/analysis:environment"],
    "deprecation": "use another",
    "exec_compatible_with": ["@platforms//cpu:x86_64"],
    "exec_properties": {"Pool": "small"},
    "expect_failure": "some failure",
    "features": ["some_feature"],
    "restricted_to": ["//tests/analysis:environment"],
    "tags": ["manual", "some_tag"],
    "target_compatible_with": ["@platforms//os:none"],
    "testonly": True,
    "toolchains": ["//tests/analysis:variables"],
    "transitive_configs": ["//tests/analysis:setting"],
    "visibility": ["//docs:__pkg__"],
}

_TEST_ATTRIBUTES = {
    "env": {"NAME": "value"},
    "env_inherit": ["OTHER_NAME"],
    "flaky": True,
    "local": True,
    "shard_count": 1,
    "size": "medium",
    "timeout": "long",
}

_PUBLIC = [
    "common_bundle",
    "common_bundle.inspect",
    "common_bundle.provenance",
    "common_bundle.signing_request",
    "common_root",
    "common_root.signing_request",
    "common_test",
]

_PRIVATE = [
    "common_bundle._metadata",
    "common_test._arguments",
]

def _common_attributes_test_impl(ctx):
    env = unittest.begin(ctx)
    for target, expected in ctx.attr.expected.items():
        asserts.equals(env, expected, ctx.attr.actual[target], target)
    return unittest.end(env)

_common_attributes_test = unittest.make(
    _common_attributes_test_impl,
    attrs = {
        "actual": attr.string_dict(),
        "expected": attr.string_dict(),
    },
)

def _attributes_of(target):
    rule = native.existing_rule(target)
    attributes = {name: rule[name] for name in _ATTRIBUTES if name in rule}

    # .inspect is tagged manual in any case.
    return _text(attributes | {"tags": sorted({tag: True for tag in rule["tags"]})})

def _label_or_text(value):
    return str(native.package_relative_label(value)) if "//" in value or value.startswith(":") else value

def _text(attributes):
    return repr({
        name: [_label_or_text(value) for value in attributes[name]] if type(attributes[name]) in ["list", "tuple"] else attributes[name]
        for name in sorted(attributes)
    })

def common_attributes_test_suite(name):
    """Makes a bundle and a root with every common attribute, and the test of them.

    Args:
      name: The test's name.
    """
    software_update_bundle(
        name = "common_bundle",
        targets = {"app": "app.bin"},
        version = 7,
        **_ATTRIBUTES
    )
    software_update_root(
        name = "common_root",
        root_keys = ["a.pem"],
        targets_keys = ["b.pem"],
        version = 1,
        **_ATTRIBUTES
    )
    software_update_bundle_test(
        name = "common_test",
        args = ["--json"],
        bundle = ":common_bundle",
        **(_ATTRIBUTES | _TEST_ATTRIBUTES)
    )
    test = native.existing_rule("common_test")
    public = _text(_ATTRIBUTES)
    private = _text(_ATTRIBUTES | {"visibility": ["//visibility:private"]})
    _common_attributes_test(
        name = name,
        size = "small",
        actual = {target: _attributes_of(target) for target in _PUBLIC + _PRIVATE} | {
            "test": _text({attribute: test[attribute] for attribute in _TEST_ATTRIBUTES}),
            "last argument": test["args"][-1],
        },
        expected = {target: public for target in _PUBLIC} | {target: private for target in _PRIVATE} | {
            "test": _text(_TEST_ATTRIBUTES),
            "last argument": "--json",
        },
    )
