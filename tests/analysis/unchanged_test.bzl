"""Tests of the actions of bundles with `unchanged_from`, in each signing mode."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "SoftwareUpdateBundleInfo", "software_update_bundle", "software_update_promotion", "software_update_root")
load(":actions.bzl", "SIGNING", "actions_aspect", "actions_of", "files_of_tests")

_MNEMONICS = ["SoftwareUpdateTargets", "SoftwareUpdateAssemble", "SoftwareUpdateVerify"]
_IGNORED = "--ignore-installed-root"

def _unchanged_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    name = target.label.name
    found = {}
    for action in actions_of(target):
        output = action.outputs.to_list()[0].basename
        if action.mnemonic in _MNEMONICS and output.startswith(name + "."):
            found[output] = sorted([file.basename for file in files_of_tests(action.inputs) if file.extension != "params"])
            asserts.equals(env, output in ctx.attr.ignores_installed_root, _IGNORED in action.argv, output)
    expected = {name + output: sorted(files) for output, files in ctx.attr.actions.items()}
    asserts.equals(env, expected, found)
    asserts.equals(env, ctx.attr.trusted_root, target[SoftwareUpdateBundleInfo].trusted_root.basename)
    return analysistest.end(env)

def _unchanged_test(mode):
    return analysistest.make(
        _unchanged_test_impl,
        attrs = {
            "actions": attr.string_list_dict(doc = "The inputs of the actions that read the earlier release, by the end of the output's name."),
            "ignores_installed_root": attr.string_list(doc = "The outputs of actions that ignore the root of the earlier release."),
            "trusted_root": attr.string(doc = "The root with which the verification starts."),
        },
        config_settings = {SIGNING: mode},
        extra_target_under_test_aspects = [actions_aspect],
    )

_dev_test = _unchanged_test("dev")
_release_test = _unchanged_test("release")
_unsigned_test = _unchanged_test("unsigned")

def _promotion_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    [action] = [action for action in target.actions if action.mnemonic == "SoftwareUpdatePromote"]
    inputs = sorted([file.basename for file in files_of_tests(action.inputs) if file.extension != "params"])
    asserts.equals(env, ["earlier.installed.pb", "later.bundle", "tested.bundle", "unchanged_root.root.pb"], inputs)
    asserts.equals(env, "earlier.installed.pb", target[SoftwareUpdateBundleInfo].unchanged_from.basename)
    return analysistest.end(env)

_promotion_test = analysistest.make(_promotion_test_impl)

def _bundle(name, version, **kwargs):
    software_update_bundle(
        name = name,
        dev_root = ":unchanged_dev_root",
        dev_signing_keys = ["private_b.pem"],
        root = ":unchanged_root",
        signatures = ["signature.json"],
        tags = ["manual"],
        version = version,
        **kwargs
    )

def _root(name, **kwargs):
    software_update_root(
        name = name,
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        **kwargs
    )

def unchanged_test_suite(name):
    """Makes bundles that list the targets of a bundle and of a file again, and the tests of them.

    Args:
      name: The name of the suite of tests.
    """
    _root("unchanged_dev_root", dev_signing_keys = ["private_a.pem"], version = 1)
    _root("unchanged_first_root", signatures = ["root_1.json"], version = 1)
    _root("unchanged_root", previous = ":unchanged_first_root", signatures = ["root_2.json"], version = 2)
    _bundle("earlier", 1, targets = {"app": "app.bin"})
    _bundle("later", 2, targets = {"app": "new.bin"}, unchanged_from = ":earlier")
    _bundle("later_than_file", 2, targets = {}, removes = ["logo"], unchanged_from = "kept.installed.pb")

    # The metadata is the same in every mode and waits for no signature.
    metadata = {".targets_metadata.unsigned.pb": ["~file.json", "earlier.targets_metadata.unsigned.pb"]}
    metadata_of_file = {".targets_metadata.unsigned.pb": ["kept.installed.pb", "unchanged_root.root.unsigned.pb"]}

    def bundle(root):
        return metadata | {".bundle": ["new.bin", "later.targets_metadata.pb", "earlier.targets_metadata.unsigned.pb", root]}

    def bundle_of_file(root):
        return metadata_of_file | {".bundle": ["later_than_file.targets_metadata.pb", "kept.installed.pb", root]}

    dev, release = "unchanged_dev_root.root.pb", "unchanged_root.root.pb"
    verdict, verdict_of_file = ["later.bundle", "earlier.installed.pb"], ["later_than_file.bundle", "kept.installed.pb"]
    tests = {
        # A device that has installed `earlier` trusts its root.
        "unchanged_dev_test": (_dev_test, ":later", bundle(dev) | {".verdict.json": verdict + [dev]}, [], dev),
        "unchanged_release_test": (_release_test, ":later", bundle(release) | {".verdict.json": verdict + [release]}, [], release),
        "unchanged_unsigned_test": (_unsigned_test, ":later", bundle(release), [], release),
        # The file is of a release, and devices with dev keys have another root.
        "unchanged_file_dev_test": (_dev_test, ":later_than_file", bundle_of_file(dev) | {".verdict.json": verdict_of_file + [dev]}, ["later_than_file.verdict.json"], dev),
        "unchanged_file_release_test": (_release_test, ":later_than_file", bundle_of_file(release) | {".verdict.json": verdict_of_file + [release]}, [], release),
        "unchanged_file_unsigned_test": (_unsigned_test, ":later_than_file", bundle_of_file(release), [], release),
    }
    for test, (rule, subject, actions, ignores, trusted_root) in tests.items():
        rule(
            name = test,
            size = "small",
            actions = actions,
            ignores_installed_root = ignores,
            target_under_test = subject,
            trusted_root = trusted_root,
        )
    software_update_promotion(name = "later_release", bundle = ":later", tested = "tested.bundle")
    _promotion_test(
        name = "unchanged_promotion_test",
        size = "small",
        target_under_test = ":later_release",
    )
    native.test_suite(name = name, tests = tests.keys() + ["unchanged_promotion_test"])
