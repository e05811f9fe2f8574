"""Tests of the rules' actions, of the inputs of each, and of the contents of the providers."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load(
    "//rules:defs.bzl",
    "SoftwareUpdateBundleInfo",
    "SoftwareUpdateRootInfo",
    "software_update_bundle",
    "software_update_bundle_test",
    "software_update_device_image",
    "software_update_device_limits",
    "software_update_diff",
    "software_update_personalized_bundle",
    "software_update_release_manifest",
    "software_update_release_page",
    "software_update_root",
)
load(":actions.bzl", "actions_aspect", "our_actions_of")
load(":directory.bzl", "directory")

def _is_ours(file):
    # Leaves out the tool, its modules and its interpreter.
    return file.short_path.startswith("tests/analysis/") or file.short_path.startswith("tools/dev_keys/")

def _actions_test_impl(ctx):
    env = analysistest.begin(ctx)
    read = {}
    for action in our_actions_of(analysistest.target_under_test(env)):
        inputs = sorted([file.basename for file in action.inputs.to_list() if _is_ours(file) and file.extension != "params"])
        output = action.outputs.to_list()[0].short_path.removeprefix("tests/analysis/").removeprefix("tools/dev_keys/")
        read["%s %s" % (action.mnemonic, output)] = inputs
        asserts.equals(env, _ENV, dict(action.env), action.mnemonic)
        asserts.true(env, action.argv[1].startswith("--tool-digest="), action.argv[1])
        asserts.equals(env, _COMMANDS[action.mnemonic], " ".join(action.argv[2:4]))
    strict = [action.mnemonic for action in our_actions_of(analysistest.target_under_test(env)) if "--strict-pigweed" in action.argv]
    asserts.equals(env, ctx.attr.strict_pigweed, sorted(strict))
    asserts.equals(env, sorted(ctx.attr.actions), sorted(read))
    for action, inputs in ctx.attr.actions.items():
        asserts.equals(env, sorted(inputs), read.get(action), action)
    return analysistest.end(env)

_actions_test = analysistest.make(
    _actions_test_impl,
    attrs = {
        "actions": attr.string_list_dict(
            doc = "Mnemonic and output of each action, and what it reads.",
            mandatory = True,
        ),
        "strict_pigweed": attr.string_list(doc = "Mnemonics of the actions with --strict-pigweed."),
    },
    extra_target_under_test_aspects = [actions_aspect],
)

_COMMANDS = {
    "SoftwareUpdateAssemble": "step assemble",
    "SoftwareUpdateCompress": "step compress",
    "SoftwareUpdateHolders": "root holders",
    "SoftwareUpdateDigest": "step digest",
    "SoftwareUpdateDeviceImage": "device image",
    "SoftwareUpdateDeviceLimits": "device limits",
    "SoftwareUpdateDiff": "bundle diff",
    "SoftwareUpdatePage": "bundle page",
    "SoftwareUpdatePersonalize": "bundle personalize",
    "SoftwareUpdateReleaseManifest": "step release-manifest",
    "SoftwareUpdateRequest": "step request",
    "SoftwareUpdateRoot": "root create",
    "SoftwareUpdateRootCheck": "root check",
    "SoftwareUpdateRootRequest": "root request",
    "SoftwareUpdateRootSign": "root sign",
    "SoftwareUpdateIndex": "step index",
    "SoftwareUpdateSha256": "step sha256",
    "SoftwareUpdateTree": "step persist",
    "SoftwareUpdateSign": "step sign",
    "SoftwareUpdateTargets": "step targets",
    "SoftwareUpdateVerify": "bundle verify",
}

# The same for every action on every machine.
_ENV = {
    "LANGUAGE": "C",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
}

# A payload is read once to be hashed and once to be put into the bundle; metadata is made only from digests.
_METADATA_ACTIONS = {
    "SoftwareUpdateDigest bundle.digests/app/~file.json": ["app.bin", "logo.raw", "font.raw"],
    "SoftwareUpdateDigest bundle.digests/tree/~directory.json": ["a_directory"],
    "SoftwareUpdateDigest bundle.digests/~user_manifest.json": ["release.json"],
    "SoftwareUpdateTargets bundle.targets_metadata.unsigned.pb": ["~file.json", "~directory.json", "~user_manifest.json"],
}

# An action for each file and each directory compresses it and hashes the result, so no other action reads the artifact.
_COMPRESSED_ACTIONS = {
    "SoftwareUpdateCompress compressed.compressed/app/~payload.zst": ["app.bin"],
    "SoftwareUpdateCompress compressed.compressed/logo/~payload.zst": ["logo.raw"],
    "SoftwareUpdateCompress compressed.compressed/~directory_2": ["a_directory"],
    "SoftwareUpdateDigest compressed.digests/stored/~file.json": ["font.raw"],
    "SoftwareUpdateRequest compressed.signing_request.json": ["compressed.targets_metadata.unsigned.pb", "release_root.pb"],
    "SoftwareUpdateTargets compressed.targets_metadata.unsigned.pb": ["~compressed.json", "~compressed.json", "~compressed_2.json", "~file.json"],
}

# Against the root that releases are signed under, only from digests, except for the user manifest.
_REQUEST_ACTIONS = _METADATA_ACTIONS | {
    "SoftwareUpdateRequest bundle.signing_request.json": ["bundle.targets_metadata.unsigned.pb", "release_root.pb", "release.json"],
}

# No private key but for signing.
_ROOT_ACTIONS = {
    "SoftwareUpdateHolders root.holders.json": ["a.pem", "b.pem"],
    "SoftwareUpdateRootRequest root.signing_request.json": ["root.root.unsigned.pb", "root.holders.json"],
    "SoftwareUpdateRoot root.root.unsigned.pb": ["a.pem", "b.pem"],
    "SoftwareUpdateRootSign root.root.pb": ["root.root.unsigned.pb", "private_a.pem"],
}

_DEVICE_LIMITS_ACTIONS = {
    "SoftwareUpdateDeviceLimits device_limits.h": ["limits.json"],
}

# The programs of this machine are an input, but not one of this package.
_DEVICE_IMAGE_ACTIONS = {
    "SoftwareUpdateDeviceImage image.img": ["app.bundle", "root.root.pb", "limits.json", "release.json", "logo.raw", "root_before.pb"],
    "SoftwareUpdateHolders root.holders.json": ["a.pem", "b.pem"],
    "SoftwareUpdateRootRequest root.signing_request.json": ["root.root.unsigned.pb", "root.holders.json"],
    "SoftwareUpdateRoot root.root.unsigned.pb": ["a.pem", "b.pem"],
    "SoftwareUpdateRootSign root.root.pb": ["root.root.unsigned.pb", "private_a.pem"],
}

# Each root can be checked against the one before it, and the bundle carries those after the first.
_CHAIN_ACTIONS = {
    "SoftwareUpdateAssemble with_chain.bundle": ["limits.json", "root_4.root.pb", "root_2.root.pb", "root_3.root.pb", "published.root.pb", "with_chain.targets_metadata.pb", "app.bin", "manifest.json"],
    "SoftwareUpdateDigest with_chain.digests/app/~file.json": ["app.bin"],
    "SoftwareUpdateDigest with_chain.digests/~user_manifest.json": ["manifest.json"],
    "SoftwareUpdateHolders root_2.holders.json": ["a.pem", "b.pem"],
    "SoftwareUpdateHolders root_3.holders.json": ["a.pem", "b.pem", "root_2.holders.json"],
    "SoftwareUpdateHolders root_4.holders.json": ["a.pem", "b.pem", "root_3.holders.json"],
    "SoftwareUpdateReleaseManifest manifest.json": ["notes.txt", "advisories.json", "texts_de.json", "texts_fr.json", "claims.json", "sbom.json"],
    "SoftwareUpdateRequest with_chain.signing_request.json": ["with_chain.targets_metadata.unsigned.pb", "root_4.root.unsigned.pb", "root_4.holders.json", "manifest.json"],
    "SoftwareUpdateRootRequest root_2.signing_request.json": ["root_2.root.unsigned.pb", "root_2.holders.json", "published.root.pb"],
    "SoftwareUpdateRootRequest root_3.signing_request.json": ["root_3.root.unsigned.pb", "root_3.holders.json", "root_2.root.unsigned.pb"],
    "SoftwareUpdateRootRequest root_4.signing_request.json": ["root_4.root.unsigned.pb", "root_4.holders.json", "root_3.root.unsigned.pb"],
    "SoftwareUpdateRoot root_2.root.unsigned.pb": ["a.pem", "b.pem"],
    "SoftwareUpdateRoot root_3.root.unsigned.pb": ["a.pem", "b.pem"],
    "SoftwareUpdateRoot root_4.root.unsigned.pb": ["a.pem", "b.pem"],
    "SoftwareUpdateRootCheck root_2.check.json": ["root_2.root.pb", "root_2.holders.json", "published.root.pb"],
    "SoftwareUpdateRootCheck root_3.check.json": ["root_3.root.pb", "root_3.holders.json", "root_2.root.unsigned.pb"],
    "SoftwareUpdateRootCheck root_4.check.json": ["root_4.root.pb", "root_4.holders.json", "root_3.root.unsigned.pb"],
    "SoftwareUpdateRootSign root_2.root.pb": ["root_2.root.unsigned.pb", "private_a.pem"],
    "SoftwareUpdateRootSign root_3.root.pb": ["root_3.root.unsigned.pb", "private_a.pem"],
    "SoftwareUpdateRootSign root_4.root.pb": ["root_4.root.unsigned.pb", "private_a.pem"],
    "SoftwareUpdateIndex with_chain.index.json": ["with_chain.bundle"],
    "SoftwareUpdateSha256 with_chain.bundle.sha256": ["with_chain.bundle"],
    "SoftwareUpdateTree with_chain.tree": ["with_chain.bundle"],
    "SoftwareUpdateSign with_chain.targets_metadata.pb": ["with_chain.targets_metadata.unsigned.pb", "root_4.root.pb", "private_b.pem"],
    "SoftwareUpdateTargets with_chain.targets_metadata.unsigned.pb": ["~file.json", "~user_manifest.json"],
    "SoftwareUpdateVerify with_chain.verdict.json": ["with_chain.bundle", "root_3.root.pb"],
}

# From a whole bundle and the manifest of another: no payload of its own.
_PERSONALIZED_ACTIONS = _CHAIN_ACTIONS | {
    "SoftwareUpdatePersonalize personalized.bundle": ["with_chain.bundle", "installed.pb"],
    "SoftwareUpdateVerify personalized.verdict.json": ["personalized.bundle", "installed.pb", "root_3.root.pb"],
}

_DIFF_ACTIONS = _CHAIN_ACTIONS | {
    "SoftwareUpdateDiff changes.txt": ["installed.pb", "with_chain.bundle", "root_3.root.pb"],
}

_PAGE_ACTIONS = _CHAIN_ACTIONS | {
    "SoftwareUpdatePage %s" % page: ["with_chain.bundle", "installed.pb", "root_3.root.pb"]
    for page in ["page.html", "page.json", "page.txt"]
}

# The request of the same metadata is not on the way to the bundle.
_BUNDLE_ACTIONS = _REQUEST_ACTIONS | _ROOT_ACTIONS | {
    "SoftwareUpdateAssemble bundle.bundle": ["root.root.pb", "bundle.targets_metadata.pb", "app.bin", "logo.raw", "font.raw", "a_directory", "release.json"],
    "SoftwareUpdateIndex bundle.index.json": ["bundle.bundle"],
    "SoftwareUpdateSha256 bundle.bundle.sha256": ["bundle.bundle"],
    "SoftwareUpdateTree bundle.tree": ["bundle.bundle"],
    "SoftwareUpdateSign bundle.targets_metadata.pb": ["bundle.targets_metadata.unsigned.pb", "root.root.pb", "private_b.pem"],
    "SoftwareUpdateVerify bundle.verdict.json": ["bundle.bundle", "root.root.pb"],
}

# How many files are hashed together, by the number of targets.
_SHARDS = {
    1100: [64] * 17 + [12],
    4: [4],
    65: [5] * 13,
    9: [4, 4, 1],
}

def _names(files):
    return [file.basename for file in files]

def _bundle_provider_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[SoftwareUpdateBundleInfo]
    groups = target[OutputGroupInfo]
    asserts.equals(env, ["bundle.bundle"], _names(target[DefaultInfo].files.to_list()))
    asserts.equals(env, ["bundle.targets_metadata.pb"], _names(groups.targets_metadata.to_list()))
    asserts.equals(env, ["root.root.pb"], _names(groups.root_metadata.to_list()))
    asserts.equals(env, ["bundle.bundle.sha256"], _names(groups.sha256.to_list()))
    asserts.equals(env, ["bundle.verdict.json"], _names(groups._validation.to_list()))
    asserts.equals(env, ["bundle.verdict.json"], _names(groups.verdict.to_list()))
    asserts.equals(env, ["bundle.index.json"], _names(groups.index.to_list()))
    asserts.equals(env, ["bundle.tree"], _names(groups.tree.to_list()))
    asserts.equals(env, ["bundle.installed.pb"], _names(groups.installed.to_list()))
    asserts.equals(env, "bundle.bundle", info.bundle.basename)
    asserts.equals(env, ["~file.json", "~directory.json", "~user_manifest.json"], _names(info.digests))
    asserts.equals(env, "bundle.installed.pb", info.installed.basename)
    asserts.equals(env, "release_root.pb", info.release_root.basename)
    asserts.equals(env, "root.root.pb", info.root.basename)
    asserts.equals(env, [], info.root_chain)
    asserts.equals(env, "bundle.targets_metadata.pb", info.targets_metadata.basename)

    # Not what devices in the field have, which is said of releases.
    asserts.equals(env, "root.root.pb", info.trusted_root.basename)
    asserts.equals(env, "bundle.targets_metadata.unsigned.pb", info.unsigned_targets_metadata.basename)
    asserts.equals(env, "release.json", info.user_manifest.basename)
    asserts.equals(env, 4294967295, info.version)
    return analysistest.end(env)

_bundle_provider_test = analysistest.make(_bundle_provider_test_impl)

def _personalized_groups_test_impl(ctx):
    env = analysistest.begin(ctx)
    groups = analysistest.target_under_test(env)[OutputGroupInfo]
    asserts.equals(env, ["personalized.verdict.json"], _names(groups.verdict.to_list()))
    return analysistest.end(env)

_personalized_groups_test = analysistest.make(_personalized_groups_test_impl)

def _shards_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = our_actions_of(analysistest.target_under_test(env))
    read = [
        len([file for file in action.inputs.to_list() if _is_ours(file) and file.extension != "params"])
        for action in actions
        if action.mnemonic == "SoftwareUpdateDigest"
    ]
    asserts.equals(env, ctx.attr.files, read)
    return analysistest.end(env)

_shards_test = analysistest.make(
    _shards_test_impl,
    attrs = {"files": attr.int_list(doc = "How many files each action hashes.")},
    extra_target_under_test_aspects = [actions_aspect],
)

def _chain_provider_test_impl(ctx):
    env = analysistest.begin(ctx)
    info = analysistest.target_under_test(env)[SoftwareUpdateBundleInfo]
    asserts.equals(env, ["root_2.root.pb", "root_3.root.pb"], _names(info.root_chain))
    asserts.equals(env, "root_4.root.pb", info.root.basename)

    # The root before the one in the bundle.
    asserts.equals(env, "root_3.root.pb", info.trusted_root.basename)
    return analysistest.end(env)

_chain_provider_test = analysistest.make(_chain_provider_test_impl)

def _stated_chain_test_impl(ctx):
    env = analysistest.begin(ctx)
    info = analysistest.target_under_test(env)[SoftwareUpdateBundleInfo]
    asserts.equals(env, ctx.attr.chain, _names(info.root_chain))
    asserts.equals(env, ctx.attr.trusted_root, info.trusted_root.basename)
    [assemble] = [each for each in analysistest.target_actions(env) if each.mnemonic == "SoftwareUpdateAssemble"]
    assumed = [name for name in _names(assemble.inputs.to_list()) if name == "published.root.pb"]
    asserts.equals(env, ["published.root.pb"] if ctx.attr.assumes_first_root else [], assumed)
    return analysistest.end(env)

_stated_chain_test = analysistest.make(
    _stated_chain_test_impl,
    attrs = {
        "assumes_first_root": attr.bool(doc = "Whether an action checks that the file is the first root."),
        "chain": attr.string_list(doc = "The names of the roots in the chain."),
        "trusted_root": attr.string(doc = "The name of the root that the verification starts from."),
    },
)

def _bundle_test_test_impl(ctx):
    env = analysistest.begin(ctx)
    runfiles = analysistest.target_under_test(env)[DefaultInfo].default_runfiles.files.to_list()
    ours = [file.basename for file in runfiles if _is_ours(file)]
    name = analysistest.target_under_test(env).label.name
    expected = [name, name + "._arguments.txt", "with_chain.bundle", ctx.attr.trusted_root, "bundle.installed.pb"]
    asserts.equals(env, sorted(expected), sorted(ours))
    return analysistest.end(env)

_bundle_test_test = analysistest.make(
    _bundle_test_test_impl,
    attrs = {"trusted_root": attr.string(doc = "The root that the test starts from.")},
)

def _root_provider_test_impl(ctx):
    env = analysistest.begin(ctx)
    info = analysistest.target_under_test(env)[SoftwareUpdateRootInfo]
    asserts.equals(env, "root.root.pb", info.root.basename)
    asserts.equals(env, "root.root.unsigned.pb", info.unsigned_root.basename)
    asserts.equals(env, ["app", "assets/*", "images/*"], info.allowed_targets)
    [create] = [action for action in our_actions_of(analysistest.target_under_test(env)) if action.mnemonic == "SoftwareUpdateRoot"]
    asserts.equals(env, ["--allowed-target=app", "--allowed-target=assets/*", "--allowed-target=images/*"], [each for each in create.argv if each.startswith("--allowed-target")])
    [names] = [action for action in our_actions_of(analysistest.target_under_test(env)) if action.mnemonic == "SoftwareUpdateHolders"]
    asserts.equals(env, "root.holders.json", info.holders.basename)
    asserts.equals(env, ["--holder=tests/analysis/a.pem=100% Anna"], [each for each in names.argv if each.startswith("--holder")])
    asserts.true(env, info.dev_key_signed)
    asserts.equals(env, ["private_a.pem"], _names(info.dev_signing_keys.to_list()))
    asserts.equals(env, [], info.earlier_roots)
    asserts.equals(env, ["a.pem"], _names(info.root_keys))
    asserts.equals(env, ["b.pem"], _names(info.targets_keys))
    asserts.equals(env, [1, 1, 2], [info.root_threshold, info.targets_threshold, info.version])
    return analysistest.end(env)

_root_provider_test = analysistest.make(_root_provider_test_impl, extra_target_under_test_aspects = [actions_aspect])

def _signing_request_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.equals(env, [ctx.attr.file, ctx.attr.file + ".json"], _names(target[DefaultInfo].files.to_list()))
    asserts.false(env, OutputGroupInfo in target and hasattr(target[OutputGroupInfo], "_validation"))
    return analysistest.end(env)

_signing_request_test = analysistest.make(
    _signing_request_test_impl,
    attrs = {"file": attr.string(mandatory = True)},
)

def actions_test_suite(name):
    """Makes a bundle and a root that use every attribute, a root that no key signs, and the tests of them.

    Args:
      name: The name of the suite of tests.
    """
    directory(name = "a_directory", tags = ["manual"])
    native.filegroup(name = "assets", srcs = ["assets/logo.raw", "font.raw"], tags = ["manual"])
    software_update_root(
        name = "root",
        allowed_targets = ["app", "assets/*", "images/*"],
        dev_signing_keys = ["private_a.pem"],
        expires = "2041-01-01T00:00:00Z",
        holders = {"a.pem": "100% Anna"},
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 2,
    )
    software_update_root(
        name = "unsigned_root",
        out = "a root.pb",
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    for version in [2, 3, 4]:
        software_update_root(
            name = "root_%d" % version,
            dev_signing_keys = ["private_a.pem"],
            previous = "published.root.pb" if version == 2 else ":root_%d" % (version - 1),
            root_keys = ["a.pem"],
            strict_pigweed = version == 4,
            tags = ["manual"],
            targets_keys = ["b.pem"],
            version = version,
        )
    software_update_release_manifest(
        name = "manifest",
        advisories = ["advisories.json"],
        attachments = ["sbom.json"],
        claims = ["claims.json"],
        hardware_ids = ["board"],
        minimum_release_counter = 1,
        notes = "notes.txt",
        product = "product",
        release_counter = 4294967295,
        release_version = "1.0",
        severity = "low",
        support_until = "2041-01-01T00:00:00Z",
        tags = ["manual"],
        texts = {
            "de": "texts_de.json",
            "fr": "texts_fr.json",
        },
    )
    software_update_bundle(
        name = "with_chain",
        dev_root = ":root_4",
        device_limits = "limits.json",
        dev_signing_keys = ["private_b.pem"],
        tags = ["manual"],
        targets = {"app": "app.bin"},
        user_manifest = ":manifest",
        version = 1,
    )
    for chain, arguments in {
        "with_empty_chain": {"root_chain": []},
        "with_release_chain": {"root": "release_root.pb", "root_chain": ["root_before.pb"]},
        "with_stated_chain": {"root_chain": ["root_before.pb", ":root_3"]},
    }.items():
        software_update_bundle(
            name = chain,
            dev_root = ":root_4",
            dev_signing_keys = ["private_b.pem"],
            tags = ["manual"],
            targets = {"app": "app.bin"},
            version = 1,
            **arguments
        )
    software_update_personalized_bundle(
        name = "personalized",
        bundle = ":with_chain",
        installed = "installed.pb",
        tags = ["manual"],
    )
    software_update_diff(
        name = "changes",
        old = "installed.pb",
        new = ":with_chain",
        tags = ["manual"],
    )
    software_update_release_page(
        name = "page",
        bundle = ":with_chain",
        previous = "installed.pb",
        tags = ["manual"],
    )
    software_update_device_image(
        name = "image",
        bundle = "app.bundle",
        configuration = "release.json",
        files = {"esp:/logo": "logo.raw"},
        layout = "limits.json",
        other_roots = {"other": "root_before.pb"},
        tags = ["manual"],
        trusted_root = ":root",
    )
    software_update_device_limits(
        name = "device_limits",
        limits = "limits.json",
        tags = ["manual"],
    )
    software_update_bundle_test(
        name = "device_test",
        at = "2031-01-01T00:00:00Z",
        bundle = ":with_chain",
        expect = "TARGETS_ROLLBACK",
        hardware_id = "board",
        installed = ":bundle",
        tags = ["manual"],
        trusted_root = ":root_2",
    )
    software_update_bundle_test(
        name = "installed_root_test",
        bundle = ":with_chain",
        installed = ":bundle",
        tags = ["manual"],
    )
    software_update_bundle(
        name = "bundle",
        at = "2030-01-01T00:00:00Z",
        dev_root = ":root",
        dev_signing_keys = ["private_b.pem"],
        expires = "2031-01-01T00:00:00Z",
        root = "release_root.pb",
        strict_pigweed = True,
        tags = ["manual"],
        targets = {"app": "app.bin", "assets/": ":assets", "tree/": ":a_directory"},
        trusted_root = "root_before.pb",
        user_manifest = "release.json",
        version = 4294967295,
    )
    software_update_bundle(
        name = "compressed",
        compression = "zstd",
        compression_of = {"stored": "none"},
        root = "release_root.pb",
        tags = ["manual"],
        targets = {"app": "app.bin", "logo": "logo.raw", "stored": "font.raw", "tree/": ":a_directory"},
        version = 1,
    )
    _actions_test(name = "compressed_actions_test", size = "small", actions = _COMPRESSED_ACTIONS, target_under_test = ":compressed.signing_request")
    _actions_test(name = "bundle_actions_test", size = "small", actions = _BUNDLE_ACTIONS, strict_pigweed = ["SoftwareUpdateAssemble", "SoftwareUpdateTargets"], target_under_test = ":bundle")
    _actions_test(name = "root_actions_test", size = "small", actions = _ROOT_ACTIONS, target_under_test = ":root")
    _actions_test(
        name = "unsigned_root_actions_test",
        size = "small",
        actions = {
            "SoftwareUpdateHolders unsigned_root.holders.json": ["a.pem", "b.pem"],
            "SoftwareUpdateRootRequest unsigned_root.signing_request.json": ["a root.pb", "unsigned_root.holders.json"],
            "SoftwareUpdateRoot a root.pb": ["a.pem", "b.pem"],
        },
        target_under_test = ":unsigned_root",
    )

    # Neither signed nor verified.
    _actions_test(name = "signing_request_actions_test", size = "small", actions = _REQUEST_ACTIONS, strict_pigweed = ["SoftwareUpdateTargets"], target_under_test = ":bundle.signing_request")
    _signing_request_test(
        name = "signing_request_test",
        size = "small",
        file = "bundle.signing_request",
        target_under_test = ":bundle.signing_request",
    )
    _signing_request_test(
        name = "root_signing_request_test",
        size = "small",
        file = "root.signing_request",
        target_under_test = ":root.signing_request",
    )
    _actions_test(name = "device_image_actions_test", size = "small", actions = _DEVICE_IMAGE_ACTIONS, target_under_test = ":image")
    _actions_test(name = "device_limits_actions_test", size = "small", actions = _DEVICE_LIMITS_ACTIONS, target_under_test = ":device_limits")
    _actions_test(name = "chain_actions_test", size = "small", actions = _CHAIN_ACTIONS, strict_pigweed = ["SoftwareUpdateRootCheck", "SoftwareUpdateRootRequest"], target_under_test = ":with_chain")
    _actions_test(name = "personalized_actions_test", size = "small", actions = _PERSONALIZED_ACTIONS, strict_pigweed = ["SoftwareUpdateRootCheck", "SoftwareUpdateRootRequest"], target_under_test = ":personalized")
    _actions_test(name = "diff_actions_test", size = "small", actions = _DIFF_ACTIONS, strict_pigweed = ["SoftwareUpdateRootCheck", "SoftwareUpdateRootRequest"], target_under_test = ":changes")
    _actions_test(name = "page_actions_test", size = "small", actions = _PAGE_ACTIONS, strict_pigweed = ["SoftwareUpdateRootCheck", "SoftwareUpdateRootRequest"], target_under_test = ":page")
    _personalized_groups_test(name = "personalized_groups_test", size = "small", target_under_test = ":personalized")
    for count, files in _SHARDS.items():
        software_update_bundle(
            name = "of_%d" % count,
            tags = ["manual"],
            targets = {"t%d" % number: "t%d.bin" % number for number in range(count)},
            version = 1,
        )
        _shards_test(name = "shards_of_%d_test" % count, size = "small", files = files, target_under_test = ":of_%d.signing_request" % count)
    _stated_chain_test(name = "empty_chain_test", size = "small", target_under_test = ":with_empty_chain", trusted_root = "root_4.root.pb")
    _stated_chain_test(name = "stated_chain_test", size = "small", chain = ["root_before.pb", "root_3.root.pb"], target_under_test = ":with_stated_chain", trusted_root = "root_3.root.pb")
    _stated_chain_test(name = "release_chain_test", size = "small", assumes_first_root = True, chain = ["root_2.root.pb", "root_3.root.pb"], target_under_test = ":with_release_chain", trusted_root = "root_3.root.pb")
    _chain_provider_test(name = "chain_provider_test", size = "small", target_under_test = ":with_chain")
    _bundle_test_test(name = "bundle_test_test", size = "small", target_under_test = ":device_test", trusted_root = "root_2.root.pb")
    _bundle_test_test(name = "bundle_test_of_installed_root_test", size = "small", target_under_test = ":installed_root_test", trusted_root = "root.root.pb")
    _bundle_provider_test(name = "bundle_provider_test", size = "small", target_under_test = ":bundle")
    _root_provider_test(name = "root_provider_test", size = "small", target_under_test = ":root")
    native.test_suite(
        name = name,
        tests = [
            "bundle_actions_test",
            "bundle_provider_test",
            "bundle_test_of_installed_root_test",
            "bundle_test_test",
            "chain_actions_test",
            "chain_provider_test",
            "empty_chain_test",
            "device_image_actions_test",
            "device_limits_actions_test",
            "diff_actions_test",
            "page_actions_test",
            "personalized_actions_test",
            "personalized_groups_test",
            "release_chain_test",
            "root_actions_test",
            "root_provider_test",
            "root_signing_request_test",
            "signing_request_actions_test",
            "signing_request_test",
            "stated_chain_test",
            "unsigned_root_actions_test",
        ] + ["shards_of_%d_test" % count for count in _SHARDS],
    )
