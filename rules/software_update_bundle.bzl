"""The rule `software_update_bundle`."""

load("//rules/private:common_attributes.bzl", "common_attributes", "or_default")
load("//rules/private:date.bzl", "check_date")
load("//rules/private:errors.bzl", "display", "refuse")
load("//rules/private:inspect.bzl", "inspect")
load("//rules/private:integer.bzl", "integer_arguments")
load("//rules/private:payloads.bzl", "add_payloads")
load("//rules/private:sign.bzl", "sign")
load("//rules/private:signing.bzl", "SIGNING", "attach", "dev_signing_keys", "signing_mode")
load("//rules/private:signing_request.bzl", "signing_request")
load("//rules/private:targets_metadata.bzl", "METADATA_SUFFIX", "UnsignedTargetsInfo", "targets_metadata")
load("//rules/private:tool.bzl", "TOOL", "run_tool", "tool_args")
load("//rules/private:verify.bzl", "verify")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")

def _sign(ctx, unsigned, root, keys):
    signed = ctx.actions.declare_file(ctx.label.name + ".targets_metadata.pb")
    args = tool_args(ctx, ["step", "sign"])
    args.add(unsigned, format = "--metadata=%s")
    args.add("--role=targets")
    args.add(root, format = "--root=%s")
    if keys:
        args.add_all(keys, format_each = "--dev-signing-key=%s")
        message = "Signing the targets metadata of %s with dev keys"
    else:
        args.add("--unsigned")
        message = "Leaving the targets metadata of %s unsigned"
    args.add("-o", signed)
    run_tool(
        ctx,
        args = args,
        inputs = [unsigned, root] + keys,
        outputs = [signed],
        mnemonic = "SoftwareUpdateSign",
        progress_message = message % display(ctx.label),
    )
    return signed

def _attach(ctx, unsigned, root, root_chain, trusted_roots):
    signed = ctx.actions.declare_file(ctx.label.name + ".targets_metadata.pb")
    attach(
        ctx,
        role = "targets",
        metadata = unsigned,
        root = root,
        root_chain = root_chain,
        trusted_roots = [file for file in trusted_roots if file not in root_chain + [root]],
        dev_keys = dev_signing_keys([ctx.attr.dev_root, ctx.attr.root, ctx.attr.trusted_root], ctx.files.dev_signing_keys),
        signed = signed,
        progress_message = "Attaching the signatures of %s" % display(ctx.label),
    )
    return signed

def _root(ctx, mode):
    """The target and the File of the root in the bundle."""
    if mode == "dev" or (mode == "unsigned" and not ctx.attr.root):
        return ctx.attr.dev_root, ctx.file.dev_root
    return ctx.attr.root, ctx.file.root

def _check_release(ctx):
    root = ctx.attr.root
    if not root:
        refuse(ctx.label, "root", None, "a release is signed under a root; write the software_update_root that its keys are in, or a file")
    if SoftwareUpdateRootInfo in root:
        info = root[SoftwareUpdateRootInfo]
        if info.dev_key_signed:
            refuse(ctx.label, "root", display(root.label), "dev_signing_keys sign this root, so that anyone can; release under one that has signatures")
        if info.root == info.unsigned_root:
            request = root.label.same_package_label(root.label.name + ".signing_request")
            refuse(ctx.label, "root", display(root.label), "this root has no signatures; build %s, sign it with `software-update sign`, and write the signatures into the root's attribute signatures" % display(request))
    if not ctx.files.signatures:
        request = ctx.label.same_package_label(ctx.label.name + ".signing_request")
        refuse(ctx.label, "signatures", [], "nobody has signed this release; build %s, have it signed with `software-update sign`, and write the signatures here" % display(request))

def _assemble(ctx, targets_info, signed, root, root_chain):
    args = tool_args(ctx, ["step", "assemble"])
    args.add(root, format = "--root=%s")
    args.add_all(root_chain, format_each = "--root-chain=%s")
    args.add(signed, format = "--targets-metadata=%s")
    add_payloads(args, targets_info.payloads)
    inputs = [root, signed] + root_chain + [payload.file for payload in targets_info.payloads]
    if targets_info.user_manifest:
        args.add(targets_info.user_manifest, format = "--user-manifest=%s")
        inputs.append(targets_info.user_manifest)
    args.add("-o", ctx.outputs.out)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [ctx.outputs.out],
        mnemonic = "SoftwareUpdateAssemble",
        progress_message = "Assembling the bundle %s" % display(ctx.label),
    )

def _sha256(ctx):
    sum = ctx.actions.declare_file(ctx.outputs.out.basename + ".sha256", sibling = ctx.outputs.out)
    args = tool_args(ctx, ["step", "sha256"])
    args.add(ctx.outputs.out)
    args.add("-o", sum)
    run_tool(
        ctx,
        args = args,
        inputs = [ctx.outputs.out],
        outputs = [sum],
        mnemonic = "SoftwareUpdateSha256",
        progress_message = "Hashing the bundle %s" % display(ctx.label),
    )
    return sum

def _software_update_bundle_impl(ctx):
    check_date(ctx.label, "verify_at", ctx.attr.verify_at)
    if not ctx.files.dev_signing_keys:
        refuse(ctx.label, "dev_signing_keys", [], "write at least one key, or leave the attribute out to use the throw-away key")

    targets_info = ctx.attr.metadata[UnsignedTargetsInfo]
    unsigned = targets_info.unsigned_targets_metadata
    mode = signing_mode(ctx)
    if mode == "release":
        _check_release(ctx)
    root_target, root = _root(ctx, mode)
    earlier_roots = []
    if SoftwareUpdateRootInfo in root_target:
        earlier_roots = root_target[SoftwareUpdateRootInfo].earlier_roots
    trusted_root = earlier_roots[-1] if earlier_roots else root

    # Where there are releases, it is devices in the field that are meant; the dev bundle is for others.
    if ctx.file.trusted_root and not (mode == "dev" and ctx.attr.root):
        trusted_root = ctx.file.trusted_root

    # Nobody has a root before the first one.
    root_chain = earlier_roots[1:]
    if mode == "release":
        signed = _attach(ctx, unsigned, root, root_chain, depset(earlier_roots[:1] + [trusted_root]).to_list())
    else:
        signed = _sign(ctx, unsigned, root, ctx.files.dev_signing_keys if mode == "dev" else [])
    _assemble(ctx, targets_info, signed, root, root_chain)

    # What is not signed cannot pass.
    bundle = ctx.outputs.out
    manifest = None
    reports = []
    if mode != "unsigned":
        manifest = ctx.actions.declare_file(ctx.label.name + ".manifest.pb")
        reports = [verify(ctx, bundle = bundle, trusted_root = trusted_root, at = ctx.attr.verify_at, manifest = manifest)]
    return [
        DefaultInfo(
            files = depset([bundle]),
            runfiles = ctx.runfiles(files = [bundle]),
        ),
        OutputGroupInfo(
            targets_metadata = depset([signed]),
            root_metadata = depset([root]),
            manifest = depset([manifest] if manifest else []),
            sha256 = depset([_sha256(ctx)]),
            verdict = depset(reports),
            _validation = depset(reports),
        ),
        SoftwareUpdateBundleInfo(
            bundle = bundle,
            digests = targets_info.digests,
            manifest = manifest,
            release_root = ctx.file.root,
            root = root,
            root_chain = root_chain,
            targets_metadata = signed,
            trusted_root = trusted_root,
            unsigned_targets_metadata = unsigned,
            user_manifest = targets_info.user_manifest,
            version = targets_info.version,
        ),
    ]

_software_update_bundle = rule(
    implementation = _software_update_bundle_impl,
    doc = "Signs targets metadata, assembles the bundle and verifies it.",
    attrs = TOOL | SIGNING | {
        "dev_root": attr.label(
            doc = "The root in the bundle: what dev mode signs under.",
            default = Label("//tools/dev_keys:dev_root"),
            allow_single_file = True,
        ),
        "dev_signing_keys": attr.label_list(
            doc = "Private keys in the tree that sign the targets metadata.",
            default = [Label("//tools/dev_keys:throwaway_dev_targets_key.pem")],
            allow_files = True,
        ),
        "metadata": attr.label(
            doc = "The unsigned targets metadata.",
            mandatory = True,
            providers = [UnsignedTargetsInfo],
        ),
        "out": attr.output(
            doc = "The bundle.",
            mandatory = True,
        ),
        "root": attr.label(
            doc = "What releases are signed under.",
            allow_single_file = True,
        ),
        "trusted_root": attr.label(
            doc = "What the verification starts from; by default the root before the one in the bundle.",
            allow_single_file = True,
        ),
        "verify_at": attr.string(doc = "The time of the verification; empty means that no expiry is checked."),
    },
    provides = [SoftwareUpdateBundleInfo],
)

def software_update_bundle(
        *,
        name,
        targets,
        version = None,
        version_file = None,
        version_flag = None,
        root = None,
        dev_root = None,
        dev_signing_keys = None,
        signatures = None,
        signatures_folder = "signatures",
        trusted_root = None,
        user_manifest = None,
        expires = None,
        verify_at = None,
        out = None,
        strict_pigweed = False,
        **kwargs):
    """Makes a signed and verified update bundle out of the build's artifacts.

    Besides the bundle itself, `NAME`, this makes

    - `NAME.signing_request`, the targets metadata as it is to be signed, with `NAME.signing_request.json`, which
      says who may sign it and what is in it; it needs no private key, waits for no verification, and is the
      same in every mode;
    - `NAME.sign`, which signs that with a key file or a signing program, and writes the signature into the source
      tree: `bazel run //product:NAME.sign -- --key file:PATH`. It takes the options of `software-update sign`, with
      paths as from where it is called. Other repositories' bundles have none;
    - `NAME.inspect`, which prints what is in the bundle: `bazel run //product:NAME.inspect`.

    The flag `--@rules_software_update//rules/settings:signing` selects the signatures and the root in the bundle; the
    rest of the bundle is the same in each mode. By default it is `dev`: keys in the tree sign it, and the bundle contains
    `dev_root`. With `release`, the bundle contains `root` and the `signatures` that were made outside the build. With
    `unsigned`, it contains no signatures. The build reads only private keys that are in the tree. `dev` signs with them.
    In `release`, one action writes their public identities, and the action that attaches the signatures reads only these:
    it rejects a root that lists such a key or says `DEV KEYS`, whether that is `root`, a root before it, or `trusted_root`.

    Building the bundle also verifies it, as a device would; `--norun_validations` leaves that out, and an
    unsigned one is not. It gives `SoftwareUpdateBundleInfo`. Bazel downloads from a cache only the outputs that you request:
    request the others with `--output_groups=+GROUP`. An unsigned bundle has neither `verdict` nor `manifest`.

    | Output group | File |
    |---|---|
    | `verdict` | `NAME.verdict.json`, the report of the verification; `--norun_validations` does not skip it if you request it |
    | `manifest` | `NAME.manifest.pb`, the manifest that a device keeps of the bundle |
    | `sha256` | the bundle's name and `.sha256`, for `sha256sum -c` |
    | `targets_metadata`, `root_metadata` | the signed metadata in the bundle |

    Args:
      name: The bundle's name.
      targets: Target names and what they stand for: a dict from name to label. A key that does not end in `/`
        is the name of one file. A key that ends in `/` is a prefix: its label may give several files, each
        named by its path below its own package, put under the prefix unless it is there already; or a
        directory, whose files are named by their paths below that directory, under the prefix. So with
        `"assets/": ":assets"`, where `assets` is `glob(["assets/**"])`, the file `assets/logo.raw` is the
        target `assets/logo.raw`. Name no folder of the source tree: list its files with `glob()`, as here.
      version: The version of the targets metadata: an integer from 1 to 4294967295, as a number or as decimal
        text, or a `select()` of one of the two. In a `select()`, write an integer above 2147483647 as text,
        because Bazel accepts no such number there. A device rejects a version lower than the one installed.
        Write exactly one of `version`, `version_file` and `version_flag`.
      version_file: A file that holds the version.
      version_flag: A build setting that holds the version, such as an `int_flag` or a `string_flag` of
        bazel_skylib.
      root: The root metadata that releases are signed under: a `software_update_root` or a file. The signing
        request says who may sign by it, and by `dev_root` where it is left out.
      dev_root: The root metadata of bundles that are signed with dev keys. The default lists throw-away keys
        that anyone has.
      dev_signing_keys: Private keys in the tree, as PEM files, that sign the targets metadata. Anyone who has
        the tree can sign with them: so no root of a release may list one, whatever its file is called. What they
        sign is shown as `DEV KEYS: anyone can sign this` where `dev_root` says so, as a `software_update_root`
        with `dev_signing_keys` of its own does. The default is the throw-away key that the default `dev_root` lists.
      signatures: Signatures of `NAME.signing_request`, made outside the build by `software-update sign`, such as
        `glob(["signatures/*.json"], allow_empty = True)`. A release has to have as many as its root asks for,
        with `--norun_validations` too. The other modes do not read them.
      signatures_folder: The folder into which `NAME.sign` writes signatures, as a path below the package, without
        `select()`. Several bundles that are released from one package need a folder each.
      trusted_root: The root metadata that the verification starts from, which stands for what is on a
        device. The default is the root before the one in the bundle, its `previous`, and without that the
        root in the bundle. Where `root` is given, devices that take releases are meant, and dev mode does not use it.
        Building a release fails if it lists a dev key.
      user_manifest: A file that becomes the reserved target `user_manifest`, which a device hands to the product
        before it installs.
      expires: When the targets metadata expires, such as `2031-01-01T00:00:00Z`. By default never.
      verify_at: The time at which the verification takes place, such as `2031-01-01T00:00:00Z`. By default no
        expiry is checked, because a build has no clock.
      out: The bundle's file name. The default is `NAME.bundle`.
      strict_pigweed: Whether what Pigweed's client would not install is an error and not a warning.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
    """
    common = common_attributes("software_update_bundle", name, kwargs)
    targets_metadata(
        name = name + METADATA_SUFFIX,
        expires = expires,
        strict_pigweed = strict_pigweed,
        targets = targets,
        user_manifest = user_manifest,
        version_file = version_file,
        version_flag = version_flag,
        **(common.private | integer_arguments(version = version))
    )
    signing_request(
        name = name + ".signing_request",
        metadata = ":" + name + METADATA_SUFFIX,
        root = root,
        root_or_dev_root = or_default(root, dev_root),
        **common.public
    )
    sign(
        name = name + ".sign",
        folder = signatures_folder or "signatures",
        request = name + ".signing_request",
        **common.public
    )
    _software_update_bundle(
        name = name,
        dev_root = dev_root,
        dev_signing_keys = dev_signing_keys,
        metadata = ":" + name + METADATA_SUFFIX,
        out = out or name + ".bundle",
        root = root,
        signatures = signatures,
        trusted_root = trusted_root,
        verify_at = verify_at,
        **common.public
    )
    inspect(
        name = name + ".inspect",
        bundle = ":" + name,
        **common.public
    )
