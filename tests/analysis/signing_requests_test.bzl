"""Tests of gathered signing requests, and of releases without signatures."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load(
    "//rules:defs.bzl",
    "software_update_bundle",
    "software_update_personalized_bundle",
    "software_update_root",
    "software_update_signing_requests",
)
load(":actions.bzl", "SIGNING", "actions_aspect", "actions_behind", "actions_of", "error_test", "files_of_tests", "our_actions_of")

_MODES = ["dev", "release", "unsigned"]
_HERE = "//tests/analysis:"

def _basenames(files):
    return sorted([file.basename for file in files])

def _requests_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    [folder] = target[DefaultInfo].files.to_list()
    asserts.true(env, folder.is_directory)
    asserts.equals(env, target.label.name, folder.basename)
    asserts.equals(env, [folder], target[DefaultInfo].default_runfiles.files.to_list())
    [action] = target.actions
    asserts.equals(env, "SoftwareUpdateGather", action.mnemonic)

    # Each root once, and none that dev keys sign.
    labels = [argument.removeprefix("--label=") for argument in action.argv if argument.startswith("--label=")]
    asserts.equals(env, sorted([_HERE + label for label in ctx.attr.requests]), sorted(labels))
    folders = [argument.removeprefix("--signatures-folder=") for argument in action.argv if argument.startswith("--signatures-folder=")]
    asserts.equals(env, [ctx.attr.requests[label.removeprefix(_HERE)] for label in labels], folders)
    requests = [label + ".signing_request" for label in ctx.attr.requests]
    expected = requests + [request + ".json" for request in requests] + ctx.attr.roots
    asserts.equals(env, sorted(expected), _basenames(files_of_tests(action.inputs)))

    # No action on the way needs a signature.
    behind = actions_behind(actions_of(target), [folder])
    mnemonics = {each.mnemonic: None for each in behind if each.mnemonic.startswith("SoftwareUpdate")}
    asserts.equals(env, sorted(_UNSIGNED + ["SoftwareUpdateGather"]), sorted(mnemonics))
    return analysistest.end(env)

_UNSIGNED = ["SoftwareUpdateDigest", "SoftwareUpdateHolders", "SoftwareUpdateRequest", "SoftwareUpdateRoot", "SoftwareUpdateRootRequest", "SoftwareUpdateTargets"]

def _requests_test(mode):
    return analysistest.make(
        _requests_test_impl,
        attrs = {
            "requests": attr.string_dict(doc = "The folder for signatures of each bundle and root."),
            "roots": attr.string_list(doc = "The roots whose keys may sign."),
        },
        config_settings = {SIGNING: mode},
        extra_target_under_test_aspects = [actions_aspect],
    )

_dev_test = _requests_test("dev")
_release_test = _requests_test("release")
_unsigned_test = _requests_test("unsigned")

def _never_signed_test_impl(ctx):
    env = analysistest.begin(ctx)
    [action] = [
        each
        for each in our_actions_of(analysistest.target_under_test(env))
        if each.mnemonic == "SoftwareUpdateAttach"
    ]
    asserts.equals(env, ctx.attr.options, [each for each in action.argv if "request=" in each])
    asserts.equals(env, [], [each for each in action.argv if each.startswith("--signature=")])
    return analysistest.end(env)

# The release fails in the action that attaches signatures, with an error that names these labels.
_never_signed_test = analysistest.make(
    _never_signed_test_impl,
    attrs = {"options": attr.string_list(doc = "The options of the action that name a signing request.")},
    config_settings = {SIGNING: "release"},
    extra_target_under_test_aspects = [actions_aspect],
)

_error_test = error_test()

def signing_requests_test_suite(name):
    """Makes bundles under a root without signatures, their signing requests, mistakes, and the tests of them.

    Args:
      name: The name of the suite of tests.
    """
    software_update_root(
        name = "asked_root_1",
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    software_update_root(
        name = "asked_root_2",
        previous = ":asked_root_1",
        root_keys = ["a.pem"],
        signatures_folder = "signatures/of root",
        tags = ["manual"],
        targets_keys = ["c.pem"],
        version = 2,
    )
    software_update_root(
        name = "asked_root_in_chain",
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    for bundle, root, folder, root_chain in [
        ("asked_1", ":asked_root_2", None, None),
        ("asked_2", ":asked_root_2", "signatures/2", None),
        ("asked_3", "root_before.pb", None, [":asked_root_in_chain"]),
    ]:
        software_update_bundle(
            name = bundle,
            root = root,
            root_chain = root_chain,
            signatures_folder = folder,
            tags = ["manual"],
            targets = {"app": "app.bin"},
            version = 1,
        )
    software_update_bundle(
        name = "asked_under_dev_root",
        tags = ["manual"],
        targets = {"app": "app.bin"},
        version = 1,
    )
    software_update_signing_requests(
        name = "requests",
        bundles = [":asked_1", ":asked_2", ":asked_3"],
        tags = ["manual"],
    )
    for test, mode in [(_dev_test, "dev"), (_release_test, "release"), (_unsigned_test, "unsigned")]:
        test(
            name = "requests_in_%s_mode_test" % mode,
            size = "small",
            requests = {
                "asked_1": "tests/analysis/signatures",
                "asked_2": "tests/analysis/signatures/2",
                "asked_3": "tests/analysis/signatures",
                "asked_root_1": "tests/analysis/signatures/asked_root_1",
                "asked_root_2": "tests/analysis/signatures/of root",
                "asked_root_in_chain": "tests/analysis/signatures/asked_root_in_chain",
            },
            roots = ["asked_root_1.root.pb", "asked_root_2.root.pb", "asked_root_in_chain.root.pb", "root_before.pb"],
            target_under_test = ":requests",
        )
    _never_signed_test(
        name = "release_without_signatures_test",
        size = "small",
        options = [
            "--request=//tests/analysis:asked_1.signing_request",
            "--root-request=//tests/analysis:asked_root_2.signing_request",
        ],
        target_under_test = ":asked_1",
    )
    _never_signed_test(
        name = "release_under_a_file_without_signatures_test",
        size = "small",
        options = ["--request=//tests/analysis:asked_3.signing_request"],
        target_under_test = ":asked_3",
    )
    software_update_personalized_bundle(
        name = "asked_personalized",
        bundle = ":asked_1",
        installed = ":asked_2",
        tags = ["manual"],
    )
    mistakes = {
        "requests_of_none": ([], "//tests/analysis:requests_of_none: bundles = []: write at least one software_update_bundle"),
        "requests_of_a_personalized_bundle": ([":asked_personalized"], "does not have mandatory providers: ['SigningRequestsInfo', 'SoftwareUpdateBundleInfo']"),
        "requests_of_a_root": ([":asked_root_1"], "does not have mandatory providers: 'SoftwareUpdateBundleInfo'"),
    }
    for mistake, (bundles, message) in mistakes.items():
        software_update_signing_requests(
            name = mistake,
            bundles = bundles,
            tags = ["manual"],
        )
        _error_test(
            name = mistake + "_test",
            size = "small",
            message = message,
            target_under_test = ":" + mistake,
        )
    native.test_suite(
        name = name,
        tests = [
            "release_under_a_file_without_signatures_test",
            "release_without_signatures_test",
        ] + [
            "requests_in_%s_mode_test" % mode
            for mode in _MODES
        ] + ["%s_test" % mistake for mistake in mistakes],
    )
