"""Tests of the output of a promotion, of the action that makes it, and of the input of NAME.sign."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load("//rules:defs.bzl", "SoftwareUpdateBundleInfo", "software_update_bundle", "software_update_promotion", "software_update_root")
load(":actions.bzl", "SIGNING", "actions_aspect", "actions_behind", "error_test", "files_of_tests", "our_actions_of")

def _signed_by(actions, file):
    """Which of the actions that sign or attach a file comes from."""
    mnemonics = [action.mnemonic for action in actions_behind(actions, [file])]
    return [each for each in ["SoftwareUpdateAttach", "SoftwareUpdateSign"] if each in mnemonics]

def _last(path):
    return path.rpartition("/")[2]

def _option(argument):
    """Returns the text before the path in an argument, if the path has folders."""
    option, equals, path = argument.partition("=")
    return option + equals if equals and "/" in path else ""

def _promotion_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[SoftwareUpdateBundleInfo]

    # The one way to the output is the action that proves it.
    [released] = target[DefaultInfo].files.to_list()
    asserts.equals(env, released, info.bundle)
    asserts.equals(env, [released], target[DefaultInfo].default_runfiles.files.to_list())
    [action] = [action for action in target.actions if released in action.outputs.to_list()]
    asserts.equals(env, "SoftwareUpdatePromote", action.mnemonic)
    asserts.equals(env, [released] + target[OutputGroupInfo].report.to_list(), action.outputs.to_list())
    asserts.equals(env, target.label.name + ".promotion.json", action.outputs.to_list()[1].basename)

    # --norun_validations skips only the bundles' own validations.
    validations = target[OutputGroupInfo]._validation.to_list()
    asserts.equals(env, [], [file for file in validations if file in action.outputs.to_list()])

    # The tested bundle, the release, and the trusted root, for every value of the flag.
    inputs = files_of_tests(action.inputs)
    asserts.equals(env, [ctx.attr.tested, "promoted.bundle", ctx.attr.trusted_root], [file.basename for file in inputs])

    # Options of Bazel change the folders in an argument, and not the file.
    arguments = ["%s", "%s", "--trusted-root=%s"]
    expected = [argument % _last(file.path) for argument, file in zip(arguments, inputs)] + ["--at=%s" % ctx.attr.at]
    found = [_option(argument) + _last(argument) for argument in action.argv[4:8]]
    asserts.equals(env, expected, found)
    actions = our_actions_of(target)
    tested, release = inputs[:2]
    asserts.equals(env, ctx.attr.tested_is_signed_by, _signed_by(actions, tested), tested.path)
    asserts.equals(env, ["SoftwareUpdateAttach"], _signed_by(actions, release), release.path)
    asserts.equals(env, "promoted_root.root.pb", info.root.basename)
    asserts.equals(env, ctx.attr.trusted_root, info.trusted_root.basename)
    asserts.equals(env, [info.installed], target[OutputGroupInfo].installed.to_list())
    return analysistest.end(env)

def _promotion_test(mode):
    return analysistest.make(
        _promotion_test_impl,
        attrs = {
            "at": attr.string(default = "none"),
            "tested": attr.string(default = "promoted.bundle"),
            "tested_is_signed_by": attr.string_list(default = ["SoftwareUpdateSign"]),
            "trusted_root": attr.string(default = "promoted_root.root.pb"),
        },
        config_settings = {SIGNING: mode},
        extra_target_under_test_aspects = [actions_aspect],
    )

_in_dev_test = _promotion_test("dev")
_in_release_test = _promotion_test("release")
_in_unsigned_test = _promotion_test("unsigned")

def _sign_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    data = [file.basename for file in files_of_tests(target[DefaultInfo].default_runfiles.files)]
    asserts.equals(env, sorted([target.label.name, ctx.attr.request, ctx.attr.request + ".json"]), sorted(data))
    asserts.true(env, target[DefaultInfo].files_to_run.executable)
    return analysistest.end(env)

_sign_test = analysistest.make(
    _sign_test_impl,
    attrs = {"request": attr.string(mandatory = True)},
)

_error_test = error_test()

def _tags_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, ["manual"], ctx.attr.tags_of_one)
    asserts.equals(env, ["manual", "some_tag"], ctx.attr.tags_of_another)
    return unittest.end(env)

_tags_test = unittest.make(
    _tags_test_impl,
    attrs = {
        "tags_of_another": attr.string_list(doc = "The tags of a promotion with a tag of its own."),
        "tags_of_one": attr.string_list(doc = "The tags of a promotion without tags."),
    },
)

def promotion_test_suite(name):
    """Makes a bundle, promotions of it, mistakes, and the tests of them.

    Args:
      name: The name of the suite of tests.
    """
    software_update_root(
        name = "promoted_root",
        root_keys = ["a.pem"],
        signatures = ["root_signature.json"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    software_update_bundle(
        name = "promoted",
        root = ":promoted_root",
        signatures = ["signature_1.json"],
        tags = ["manual"],
        targets = {"app": "app.bin"},
        version = 1,
    )
    software_update_bundle(
        name = "never_signed",
        tags = ["manual"],
        targets = {"app": "app.bin"},
        version = 1,
    )
    software_update_promotion(
        name = "promotion",
        bundle = ":promoted",
    )
    software_update_promotion(
        name = "promotion_of_a_file",
        at = "2031-01-01T00:00:00Z",
        bundle = ":promoted",
        tags = ["some_tag"],
        tested = "tested.bundle",
        trusted_root = "root_before.pb",
    )
    for test, mode in [(_in_dev_test, "dev"), (_in_release_test, "release"), (_in_unsigned_test, "unsigned")]:
        test(
            name = "promotion_in_%s_mode_test" % mode,
            size = "small",
            target_under_test = ":promotion",
        )
    _in_dev_test(
        name = "promotion_of_a_file_test",
        size = "small",
        at = "2031-01-01T00:00:00Z",
        target_under_test = ":promotion_of_a_file",
        tested = "tested.bundle",
        tested_is_signed_by = [],
        trusted_root = "root_before.pb",
    )
    _tags_test(
        name = "promotion_is_manual_test",
        size = "small",
        tags_of_another = sorted(native.existing_rule("promotion_of_a_file")["tags"]),
        tags_of_one = native.existing_rule("promotion")["tags"],
    )
    for subject in ["promoted", "promoted_root"]:
        _sign_test(
            name = subject + "_sign_test",
            size = "small",
            request = subject + ".signing_request",
            target_under_test = ":%s.sign" % subject,
        )
    mistakes = {
        "promotion_at_no_date": (
            {"bundle": ":promoted", "at": "soon"},
            "//tests/analysis:promotion_at_no_date: at = \"soon\": write a date that exists",
        ),
        "promotion_without_root": (
            {"bundle": ":never_signed"},
            "//tests/analysis:never_signed: root = None: a release needs a root",
        ),
        "promotion_of_no_bundle": (
            {"bundle": ":promoted_root"},
            "does not have mandatory providers: 'SoftwareUpdateBundleInfo'",
        ),
    }
    for mistake, (attributes, message) in mistakes.items():
        software_update_promotion(name = mistake, **attributes)
        _error_test(
            name = mistake + "_test",
            size = "small",
            message = message,
            target_under_test = ":" + mistake,
        )
    native.test_suite(
        name = name,
        tests = [
            "promotion_in_dev_mode_test",
            "promotion_in_release_mode_test",
            "promotion_in_unsigned_mode_test",
            "promotion_is_manual_test",
            "promotion_of_a_file_test",
            "promoted_sign_test",
            "promoted_root_sign_test",
        ] + ["%s_test" % mistake for mistake in mistakes],
    )
