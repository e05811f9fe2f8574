"""Tests of the release list of a repository, of the action that makes it, and of the program that publishes it."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load("//rules:defs.bzl", "software_update_bundle", "software_update_repository")
load(":actions.bzl", "SIGNING", "files_of_tests")

_FOLDER = "tests/analysis/published.release_list/"

def _links_below(target, file):
    """Returns the file that a link leads to."""
    [action] = [action for action in target.actions if file in action.outputs.to_list()]
    return [each.short_path for each in action.inputs.to_list()]

def _release_list_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    [action] = [action for action in target.actions if action.mnemonic == "SoftwareUpdateReleaseList"]
    [output] = action.outputs.to_list()
    asserts.equals(env, "tests/analysis/published.release_list.json", output.short_path)

    # An ordinary action, which --norun_validations does not skip. The validations are those of the bundles.
    asserts.false(env, output in target[OutputGroupInfo]._validation.to_list())

    # All that the list names is below the folder of the list, so that its paths are the same in runfiles.
    inputs = files_of_tests(action.inputs)
    names = [file.short_path.removeprefix(_FOLDER) for file in inputs]
    asserts.equals(env, [
        "root/" + ctx.attr.trusted_root,
        "repository/repository.json",
        "release_1/older.bundle",
        "release_2/newer.bundle",
        "personalized_1/newer.bundle",
        "personalized_1/older.installed.pb",
        "personalized_2/newer.bundle",
        "personalized_2/kept.pb",
    ], names)
    files = target[DefaultInfo].files.to_list()
    asserts.equals(env, [output] + inputs, files)
    asserts.equals(env, files, target[DefaultInfo].default_runfiles.files.to_list())
    asserts.equals(env, ["tests/analysis/older.bundle"], _links_below(target, inputs[2]))

    # The newest release is the one that is personalized.
    for bundle, installed in [(inputs[4], "older.installed.pb"), (inputs[6], "kept.pb")]:
        [personalize] = [action for action in target.actions if bundle in action.outputs.to_list()]
        asserts.equals(env, "SoftwareUpdatePersonalize", personalize.mnemonic)
        asserts.equals(env, ["newer.bundle", installed], [file.basename for file in files_of_tests(personalize.inputs)])
    return analysistest.end(env)

_release_list_test = analysistest.make(
    _release_list_test_impl,
    attrs = {"trusted_root": attr.string(mandatory = True)},
)

def _unsigned_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, [], target[DefaultInfo].files.to_list())
    asserts.equals(env, [], target.actions)
    return analysistest.end(env)

_unsigned_test = analysistest.make(
    _unsigned_test_impl,
    config_settings = {SIGNING: "unsigned"},
)

def _publish_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, ["repository", "publish", "'tests/analysis/published.release_list.json'", "--from-bazel"], ctx.attr.arguments)

    # The program adds a tag of its own to those of the repository.
    asserts.equals(env, ["manual", "manual", "some_tag"], ctx.attr.their_tags)
    return unittest.end(env)

_publish_test = unittest.make(
    _publish_test_impl,
    attrs = {
        "arguments": attr.string_list(doc = "The arguments of the program."),
        "their_tags": attr.string_list(doc = "The tags of the program."),
    },
)

def repository_test_suite(name):
    """Makes two bundles, a repository of them, and the tests of it.

    Args:
      name: The name of the suite of tests.
    """
    for version, bundle in [(1, "older"), (2, "newer")]:
        software_update_bundle(
            name = bundle,
            tags = ["manual"],
            targets = {"app": "app.bin"},
            trusted_root = "first_root.pb",
            user_manifest = "release.json",
            version = version,
        )
    software_update_repository(
        name = "published",
        channel = "stable",
        personalized_for = [
            ":older",
            "kept.pb",
        ],
        releases = [
            ":older",
            ":newer",
        ],
        repository_root = "repository.json",
        tags = [
            "manual",
            "some_tag",
        ],
    )
    _release_list_test(
        name = "release_list_test",
        size = "small",
        target_under_test = ":published",
        trusted_root = "first_root.pb",
    )
    _unsigned_test(
        name = "unsigned_release_list_test",
        size = "small",
        target_under_test = ":published",
    )
    publish = native.existing_rule("published.publish")
    _publish_test(
        name = "publish_test",
        size = "small",
        arguments = publish["args"],
        their_tags = sorted(publish["tags"]),
    )
    native.test_suite(
        name = name,
        tests = ["publish_test", "release_list_test", "unsigned_release_list_test"],
    )
