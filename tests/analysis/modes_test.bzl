"""Tests of the differences between the signing modes: the keys that sign, the root, and forbidden inputs."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load(
    "//rules:defs.bzl",
    "SoftwareUpdateBundleInfo",
    "software_update_bundle",
    "software_update_device_image",
    "software_update_personalized_bundle",
    "software_update_root",
)
load(":actions.bzl", "SIGNING", "actions_aspect", "actions_behind", "actions_of", "error_test", "files_of_tests", "validations_of")

_MODES = ["dev", "release", "unsigned"]
_PRIVATE = ["private_", "throwaway_dev_root_key.pem", "throwaway_dev_targets_key.pem"]

def _texts(action):
    """Returns everything that an action gets: command line, environment, outputs, and our inputs."""

    # The tool is of another configuration.
    texts = list(action.argv or [])[1:] + [action.content or ""]
    texts += ["%s=%s" % (name, value) for name, value in (action.env or {}).items()]
    return texts + [file.path for file in action.inputs.to_list() if "/analysis/" in file.path or "/dev_keys/" in file.path]

def _without_public(text):
    return text.replace(".pem.pub", "")

def _names_private_key(action):
    texts = [_without_public(text) for text in _texts(action)]
    return any([private in text for private in _PRIVATE for text in texts])

def _ours(files):
    return sorted([file.basename for file in files_of_tests(files)])

def _mode_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    actions = actions_of(target)
    asserts.equals(env, ctx.attr.mnemonic_with_key, sorted({action.mnemonic: None for action in actions if _names_private_key(action)}))
    for action in actions:
        if action.mnemonic in ["SoftwareUpdateSign", "SoftwareUpdateAttach", "SoftwareUpdateIdentify", "SoftwareUpdateVerify"]:
            output = action.outputs.to_list()[0].basename
            asserts.equals(env, sorted(ctx.attr.actions.get(output, ["unexpected " + action.mnemonic])), _ours(action.inputs), output)

    # People copy outputs to other machines, where a link to another output leads nowhere.
    asserts.equals(env, [], [action.outputs.to_list() for action in actions if action.mnemonic == "Symlink"])
    made = [action.outputs.to_list()[0].basename for action in actions]
    for output in ctx.attr.actions:
        asserts.true(env, output in made, output)
    info = target[SoftwareUpdateBundleInfo]
    asserts.equals(env, ctx.attr.root, info.root.basename)
    asserts.equals(env, ctx.attr.trusted_root, info.trusted_root.basename)
    asserts.equals(env, ctx.attr.release_root, info.release_root.basename)
    asserts.equals(env, ctx.attr.verified, bool(info.installed))
    verdict = target.label.name + ".verdict.json"
    groups = target[OutputGroupInfo]
    asserts.equals(env, ctx.attr.verified, verdict in [file.basename for file in groups._validation.to_list()])
    asserts.equals(env, [verdict] if ctx.attr.verified else [], [file.basename for file in groups.verdict.to_list()])
    asserts.equals(env, [info.installed] if ctx.attr.verified else [], groups.installed.to_list())
    return analysistest.end(env)

def _with_previous_test_impl(ctx):
    """Checks that no input of a request's files and validations is signed, or waits for a signature."""
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    actions = actions_of(target)
    asked = target[DefaultInfo].files.to_list() + validations_of(target)
    asserts.true(env, "next_root.signing_request.json" in [file.basename for file in validations_of(target)])
    mnemonics = {action.mnemonic: None for action in actions_behind(actions, asked)}
    ours = sorted([mnemonic for mnemonic in mnemonics if mnemonic.startswith("SoftwareUpdate")])
    asserts.equals(env, sorted(ctx.attr.mnemonics), ours)
    return analysistest.end(env)

def _with_previous_test(mode):
    return analysistest.make(
        _with_previous_test_impl,
        attrs = {"mnemonics": attr.string_list(doc = "What our actions are called.")},
        config_settings = {SIGNING: mode},
        extra_target_under_test_aspects = [actions_aspect],
    )

_dev_with_previous_test = _with_previous_test("dev")
_release_with_previous_test = _with_previous_test("release")
_unsigned_with_previous_test = _with_previous_test("unsigned")

def _mode_test(mode):
    return analysistest.make(
        _mode_test_impl,
        attrs = {
            "actions": attr.string_list_dict(doc = "What signs, attaches and verifies, by output, and what it reads of ours."),
            "mnemonic_with_key": attr.string_list(doc = "Which actions name or read a private key, of all behind the bundle."),
            "release_root": attr.string(
                doc = "The root of releases.",
                default = "product_root.root.pb",
            ),
            "root": attr.string(doc = "The root in the bundle."),
            "trusted_root": attr.string(doc = "What the verification starts from."),
            "verified": attr.bool(doc = "Whether the bundle is verified."),
        },
        config_settings = {SIGNING: mode},
        extra_target_under_test_aspects = [actions_aspect],
    )

_dev_test = _mode_test("dev")
_release_test = _mode_test("release")
_unsigned_test = _mode_test("unsigned")

def _image_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    made = [action for action in actions_of(target) if action.mnemonic == "SoftwareUpdateDeviceImage"]
    asserts.equals(env, ctx.attr.images, len(made))
    for action in made:
        inputs = _ours(action.inputs)
        asserts.equals(env, ctx.attr.release, "--release" in action.argv)
        asserts.equals(env, ctx.attr.release, "product_image.dev_key_identities.json" in inputs)
        asserts.false(env, _names_private_key(action))
    asserts.equals(env, ctx.attr.images, len(target[DefaultInfo].files.to_list()))
    read = [_ours(action.inputs) for action in actions_of(target) if action.mnemonic == "SoftwareUpdateIdentify" and "product_image" in action.outputs.to_list()[0].basename]
    asserts.equals(env, [["private_a.pem"]] if ctx.attr.release else [], read)
    return analysistest.end(env)

def _image_test(mode):
    return analysistest.make(
        _image_test_impl,
        attrs = {
            "images": attr.int(doc = "The number of images."),
            "release": attr.bool(doc = "Whether the action refuses development keys."),
        },
        config_settings = {SIGNING: mode},
        extra_target_under_test_aspects = [actions_aspect],
    )

_dev_image_test = _image_test("dev")
_release_image_test = _image_test("release")
_unsigned_image_test = _image_test("unsigned")

_release_error_test = error_test("release")
_unsigned_error_test = error_test("unsigned")

def _all_modes_impl(_settings, _attr):
    return {mode: {SIGNING: mode} for mode in _MODES}

_all_modes = transition(
    implementation = _all_modes_impl,
    inputs = [],
    outputs = [SIGNING],
)

def _behind(target):
    """The actions that a target's files come from, each as text without the folder of its configuration."""
    actions = actions_of(target)
    found = []
    for action in actions_behind(actions, target[DefaultInfo].files.to_list()):
        outputs = action.outputs.to_list()
        texts = _texts(action) + [file.path for file in outputs]
        found.append("\n".join([action.mnemonic] + texts).replace(outputs[0].root.path, "BIN"))
    return sorted(found)

def _same_test_impl(ctx):
    by_mode = {mode: _behind(target) for mode, target in ctx.split_attr.request.items()}
    expected = by_mode["dev"]
    differing = [mode for mode in _MODES if by_mode[mode] != expected]
    with_key = [text for text in expected for private in _PRIVATE if private in _without_public(text)]
    count = len([text for text in expected if text.startswith("SoftwareUpdate")])
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    passed = not differing and not with_key and count == ctx.attr.count
    ctx.actions.write(
        script,
        "#!/bin/sh\n: differ: %s\n: know a key: %d\n: actions: %d\nexit %d\n" % (differing, len(with_key), count, 0 if passed else 1),
        is_executable = True,
    )
    if not passed:
        # buildifier: disable=print
        print("%s: differ from dev: %s; %d know a key; %d actions" % (ctx.label, differing, len(with_key), count))
    return [DefaultInfo(executable = script)]

_same_test = rule(
    implementation = _same_test_impl,
    attrs = {
        "count": attr.int(doc = "How many actions of ours there are."),
        "request": attr.label(
            aspects = [actions_aspect],
            cfg = _all_modes,
        ),
    },
    test = True,
)

_UNSIGNED = "product.targets_metadata.unsigned.pb"
_NEXT_UNSIGNED = "next_product.targets_metadata.unsigned.pb"

def modes_test_suite(name):
    """Makes a product with a release root and a dev root, mistakes, and the tests of both.

    Args:
      name: The name of the suite of tests.
    """
    software_update_root(
        name = "product_root",
        root_keys = ["a.pem"],
        signatures = ["root_signature.json"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    software_update_root(
        name = "product_dev_root",
        dev_signing_keys = ["private_a.pem"],
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    software_update_root(
        name = "nobodys_root",
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    good = {
        "dev_root": ":product_dev_root",
        "dev_signing_keys": ["private_b.pem"],
        "root": ":product_root",
        "signatures": ["signature_1.json", "signature_2.json"],
        "tags": ["manual"],
        "targets": {"app": "app.bin"},
        "user_manifest": "release.json",
        "version": 1,
    }
    software_update_bundle(
        name = "product",
        # The root of devices in the field does not affect the dev bundle.
        trusted_root = "product_before.root.pb",
        **good
    )
    software_update_personalized_bundle(
        name = "personalized_product",
        bundle = ":product",
        installed = ":product",
        tags = ["manual"],
    )
    _dev_test(
        name = "dev_mode_test",
        size = "small",
        actions = {
            "product.targets_metadata.pb": [_UNSIGNED, "product_dev_root.root.pb", "private_b.pem"],
            "product.verdict.json": ["product.bundle", "product_dev_root.root.pb"],
        },
        mnemonic_with_key = ["SoftwareUpdateRootSign", "SoftwareUpdateSign"],
        root = "product_dev_root.root.pb",
        target_under_test = ":product",
        trusted_root = "product_dev_root.root.pb",
        verified = True,
    )
    _release_test(
        name = "release_mode_test",
        size = "small",
        actions = {
            # The private keys in reach, and nothing else.
            "product.dev_key_identities.json": ["private_a.pem", "private_b.pem"],
            # No private key; every root that devices start from or move to.
            "product.targets_metadata.pb": [_UNSIGNED, "product_before.root.pb", "product_root.root.pb", "product_root.holders.json", "signature_1.json", "signature_2.json", "product.dev_key_identities.json"],
            "product.verdict.json": ["product.bundle", "product_before.root.pb"],
            "product_root.root.pb": ["product_root.signing_request", "product_root.holders.json", "root_signature.json"],
        },
        mnemonic_with_key = ["SoftwareUpdateIdentify"],
        root = "product_root.root.pb",
        target_under_test = ":product",
        trusted_root = "product_before.root.pb",
        verified = True,
    )
    _unsigned_test(
        name = "unsigned_mode_test",
        size = "small",
        actions = {"product.targets_metadata.pb": [_UNSIGNED, "product_root.root.pb"]},
        root = "product_root.root.pb",
        target_under_test = ":product",
        trusted_root = "product_before.root.pb",
    )

    # Before anyone has signed, and after: a root waits for a signature, what is to be signed under it does not.
    software_update_root(
        name = "next_root",
        previous = ":product_root",
        root_keys = ["a.pem"],
        signatures = ["next_root_signature.json"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 2,
    )
    software_update_root(
        name = "next_dev_root",
        dev_signing_keys = ["private_c.pem"],
        previous = ":product_dev_root",
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 2,
    )
    software_update_bundle(name = "next_product", **(good | {"dev_root": ":next_dev_root", "root": ":next_root"}))
    with_previous = {
        "dev": _dev_with_previous_test,
        "release": _release_with_previous_test,
        "unsigned": _unsigned_with_previous_test,
    }
    for mode, test in with_previous.items():
        test(
            name = "request_with_previous_in_%s_test" % mode,
            size = "small",
            mnemonics = ["SoftwareUpdateDigest", "SoftwareUpdateHolders", "SoftwareUpdateRequest", "SoftwareUpdateRoot", "SoftwareUpdateRootRequest", "SoftwareUpdateTargets"],
            target_under_test = ":next_product.signing_request",
        )
        test(
            name = "root_request_with_previous_in_%s_test" % mode,
            size = "small",
            mnemonics = ["SoftwareUpdateHolders", "SoftwareUpdateRoot", "SoftwareUpdateRootRequest"],
            target_under_test = ":next_root.signing_request",
        )
    _release_test(
        name = "next_release_mode_test",
        size = "small",
        actions = {
            # Those of the roots before, too.
            "next_product.dev_key_identities.json": ["private_a.pem", "private_b.pem", "private_c.pem"],
            "next_product.targets_metadata.pb": [_NEXT_UNSIGNED, "next_root.root.pb", "next_root.holders.json", "product_root.root.pb", "signature_1.json", "signature_2.json", "next_product.dev_key_identities.json"],
            "next_product.verdict.json": ["next_product.bundle", "product_root.root.pb"],
            "next_root.root.pb": ["next_root.signing_request", "next_root.holders.json", "next_root_signature.json", "product_root.root.unsigned.pb"],
            "product_root.root.pb": ["product_root.signing_request", "product_root.holders.json", "root_signature.json"],
        },
        mnemonic_with_key = ["SoftwareUpdateIdentify"],
        release_root = "next_root.root.pb",
        root = "next_root.root.pb",
        target_under_test = ":next_product",
        trusted_root = "product_root.root.pb",
        verified = True,
    )
    software_update_root(
        name = "last_root",
        previous = ":next_root",
        root_keys = ["a.pem"],
        signatures = ["last_root_signature.json"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 3,
    )
    software_update_bundle(name = "last_product", **(good | {"root": ":last_root"}))
    _release_test(
        name = "last_release_mode_test",
        size = "small",
        actions = {
            "last_product.dev_key_identities.json": ["private_a.pem", "private_b.pem"],
            # The first root is not in the chain, but on devices.
            "last_product.targets_metadata.pb": ["last_product.targets_metadata.unsigned.pb", "last_root.root.pb", "last_root.holders.json", "next_root.root.pb", "product_root.root.pb", "signature_1.json", "signature_2.json", "last_product.dev_key_identities.json"],
            "last_product.verdict.json": ["last_product.bundle", "next_root.root.pb"],
            "last_root.root.pb": ["last_root.signing_request", "last_root.holders.json", "last_root_signature.json", "next_root.root.unsigned.pb"],
            "next_root.root.pb": ["next_root.signing_request", "next_root.holders.json", "next_root_signature.json", "product_root.root.unsigned.pb"],
            "product_root.root.pb": ["product_root.signing_request", "product_root.holders.json", "root_signature.json"],
        },
        mnemonic_with_key = ["SoftwareUpdateIdentify"],
        release_root = "last_root.root.pb",
        root = "last_root.root.pb",
        target_under_test = ":last_product",
        trusted_root = "next_root.root.pb",
        verified = True,
    )

    # The image for the factory: the keys behind the roots that it is made with are not in it.
    software_update_device_image(
        name = "product_image",
        bundle = ":product",
        configuration = "release.json",
        layout = "limits.json",
        other_roots = {"other": ":product_dev_root"},
        tags = ["manual"],
    )
    _dev_image_test(name = "dev_image_test", size = "small", images = 1, target_under_test = ":product_image")
    _release_image_test(name = "release_image_test", size = "small", images = 1, release = True, target_under_test = ":product_image")
    _unsigned_image_test(name = "unsigned_image_test", size = "small", images = 0, target_under_test = ":product_image")

    # The signing request.
    _same_test(name = "same_request_test", size = "small", count = 6, request = ":product.signing_request")
    _same_test(name = "same_root_request_test", size = "small", count = 3, request = ":product_root.signing_request")
    _same_test(name = "same_dev_root_request_test", size = "small", count = 3, request = ":product_dev_root.signing_request")

    messages = {
        "without_root": ({"root": None}, "root = None: a release needs a root; write a software_update_root or a file that lists its keys"),
        "under_dev_root": ({"root": ":product_dev_root"}, "root = \"//tests/analysis:product_dev_root\": dev_signing_keys sign this root, so anyone can sign under it; release under a root with signatures"),
        "under_throwaway_root": ({"root": "//tools/dev_keys:dev_root"}, "root = \"//tools/dev_keys:dev_root\": dev_signing_keys sign this root, so anyone can sign under it; release under a root with signatures"),
    }
    for case, (changes, message) in messages.items():
        subject = "release_" + case
        software_update_bundle(name = subject, **(good | changes))
        _release_error_test(
            name = subject + "_test",
            size = "small",
            message = "//tests/analysis:%s: %s" % (subject, message),
            target_under_test = ":" + subject,
        )
    _unsigned_error_test(
        name = "unsigned_is_not_installed_test",
        size = "small",
        message = "//tests/analysis:personalized_product: installed = \"//tests/analysis:product\": a device does not install an unsigned bundle; build with --//rules/settings:signing=dev",
        target_under_test = ":personalized_product",
    )
    native.test_suite(
        name = name,
        tests = [
            "dev_image_test",
            "dev_mode_test",
            "last_release_mode_test",
            "next_release_mode_test",
            "release_image_test",
            "release_mode_test",
            "same_dev_root_request_test",
            "same_request_test",
            "same_root_request_test",
            "unsigned_image_test",
            "unsigned_is_not_installed_test",
            "unsigned_mode_test",
        ] + [
            "release_%s_test" % case
            for case in messages
        ] + [
            "%s_with_previous_in_%s_test" % (request, mode)
            for mode in with_previous
            for request in ["request", "root_request"]
        ],
    )
