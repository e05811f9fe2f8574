"""The rule behind the macro `software_update_bundle`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:assemble.bzl", "assemble")
load("//rules/private/actions:attach.bzl", "attach")
load("//rules/private/actions:index.bzl", "index", "tree")
load("//rules/private/actions:sha256.bzl", "sha256")
load("//rules/private/actions:sign.bzl", "sign")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/actions:verify.bzl", "verify")
load("//rules/private/attributes:installed.bzl", "installed_manifest_of", "root_of")
load("//rules/private/attributes:roots.bzl", "holders_of")
load("//rules/private/attributes:signing.bzl", "SIGNING", "dev_signing_keys", "signing_mode")
load("//rules/private/checks:allowed_targets.bzl", "is_allowed")
load("//rules/private/checks:date.bzl", "check_date")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")
load(":signing_requests_info.bzl", "SigningRequestsInfo", "signing_requests_of")
load(":targets_metadata.bzl", "UnsignedTargetsMetadataInfo")

visibility("//rules/...")

def _root(ctx, mode):
    """Returns the target and the File of the root in the bundle."""
    if mode == "dev" or (mode == "unsigned" and not ctx.attr.root):
        return ctx.attr.dev_root, ctx.file.dev_root
    return ctx.attr.root, ctx.file.root

def _default_trusted_root(ctx, root, earlier_roots):
    """Returns the root on the oldest device that must accept the bundle, unless `trusted_root` names it."""
    if ctx.attr.unchanged_from:
        # Such a device has installed `unchanged_from`, maybe under the root in this bundle.
        return root_of(ctx.attr.unchanged_from) or root
    return earlier_roots[-1] if earlier_roots else root

def _chain(ctx, mode, root_target):
    """Returns the roots before the one in the bundle: lists of File, and a File whose version must be 1."""

    # With `root`, `root_chain` leads to it, and dev mode has another root.
    if ctx.attr.has_root_chain and not (mode == "dev" and ctx.attr.root):
        return struct(first = [], rest = ctx.files.root_chain, assumed_first = None)
    if SoftwareUpdateRootInfo not in root_target:
        return struct(first = [], rest = [], assumed_first = None)
    info = root_target[SoftwareUpdateRootInfo]

    # Every device has the first root or a later one.
    return struct(first = info.earlier_roots[:1], rest = info.earlier_roots[1:], assumed_first = info.assumed_first_root)

def _check_release(ctx):
    # Not whether there are signatures: the action that attaches them reports it, so signing requests build before.
    root = ctx.attr.root
    if not root:
        refuse(ctx.label, "root", None, "a release needs a root; write a software_update_root or a file that lists its keys")
    if SoftwareUpdateRootInfo in root and root[SoftwareUpdateRootInfo].dev_key_signed:
        refuse(ctx.label, "root", display(root.label), "dev_signing_keys sign this root, so anyone can sign under it; release under a root with signatures")

def _check_allowed(ctx, payloads, roots):
    """Fails if a root does not allow a target. The actions check the files of directories, and roots that are files."""
    for root in roots:
        entries = root[SoftwareUpdateRootInfo].allowed_targets if root and SoftwareUpdateRootInfo in root else []
        for payload in payloads:
            if not payload.file.is_directory and not is_allowed(payload.name, entries):
                refuse(ctx.label, "targets", payload.name, "the root %s does not allow this target, only %s; sign it under another root, or make the next root with it in allowed_targets" % (display(root.label), ", ".join(entries)))

def _software_update_bundle_impl(ctx):
    check_date(ctx.label, "at", ctx.attr.at)
    if not ctx.files.dev_signing_keys:
        refuse(ctx.label, "dev_signing_keys", [], "write at least one key, or remove the attribute to use the throw-away key")

    targets_info = ctx.attr.metadata[UnsignedTargetsMetadataInfo]
    unsigned = targets_info.metadata
    mode = signing_mode(ctx)
    if mode == "release":
        _check_release(ctx)
    root_target, root = _root(ctx, mode)

    # Also the root of releases in dev mode, because the signing request is for it.
    _check_allowed(ctx, targets_info.payloads, [root_target, ctx.attr.root])
    chain = _chain(ctx, mode, root_target)
    trusted_root = _default_trusted_root(ctx, root, chain.first + chain.rest)

    # With `root`, `trusted_root` is the root on devices that accept releases. The dev bundle is for other devices.
    if ctx.file.trusted_root and not (mode == "dev" and ctx.attr.root):
        trusted_root = ctx.file.trusted_root

    root_chain = chain.rest
    signed = ctx.actions.declare_file(ctx.label.name + ".targets_metadata.pb")
    if mode == "release":
        trusted_roots = depset(chain.first + [trusted_root]).to_list()
        attach(
            ctx,
            role = "targets",
            metadata = unsigned,
            root = root,
            root_label = root_target.label if SoftwareUpdateRootInfo in root_target else None,
            root_chain = root_chain,
            holders = holders_of(root_target),
            trusted_roots = [file for file in trusted_roots if file not in root_chain + [root]],
            dev_keys = dev_signing_keys([ctx.attr.dev_root, ctx.attr.root, ctx.attr.trusted_root] + ctx.attr.root_chain, ctx.files.dev_signing_keys),
            signed = signed,
            progress_message = "Attaching the signatures of %s" % display(ctx.label),
        )
    else:
        sign(
            ctx,
            metadata = unsigned,
            root = root,
            dev_keys = ctx.files.dev_signing_keys if mode == "dev" else [],
            signed = signed,
        )
    bundle = ctx.outputs.out
    assemble(
        ctx,
        targets_metadata = signed,
        root = root,
        root_chain = root_chain,
        assumed_first_root = chain.assumed_first,
        payloads = targets_info.payloads,
        user_manifest = targets_info.user_manifest,
        earlier = targets_info.earlier,
        strict_pigweed = ctx.attr.strict_pigweed,
        device_limits = ctx.file.device_limits,
        trusted_root = trusted_root,
        bundle = bundle,
    )
    sum = ctx.actions.declare_file(bundle.basename + ".sha256", sibling = bundle)
    sha256(ctx, bundle = bundle, output = sum)
    description = ctx.actions.declare_file(ctx.label.name + ".index.json")
    index(ctx, bundle = bundle, output = description)
    folder = ctx.actions.declare_directory(ctx.label.name + ".tree")
    tree(ctx, bundle = bundle, folder = folder)

    # A device rejects an unsigned bundle.
    installed = None
    unchanged_from = None
    reports = []
    if mode != "unsigned":
        installed = ctx.actions.declare_file(ctx.label.name + ".installed.pb")
        unchanged_from = installed_manifest_of(ctx.label, ctx.attr.unchanged_from, ctx.file.unchanged_from)
        reports = [verify(
            ctx,
            bundle = bundle,
            trusted_root = trusted_root,
            at = ctx.attr.at,
            installed = unchanged_from,
            # A file is of releases, and the dev bundle is for other devices, which have the same targets.
            ignore_installed_root = bool(mode == "dev" and ctx.attr.root and ctx.attr.unchanged_from and not root_of(ctx.attr.unchanged_from)),
            write_installed = installed,
        )]
    return [
        DefaultInfo(
            files = depset([bundle]),
            runfiles = ctx.runfiles(files = [bundle]),
        ),
        OutputGroupInfo(
            index = depset([description]),
            installed = depset([installed] if installed else []),
            targets_metadata = depset([signed]),
            root_metadata = depset([root]),
            sha256 = depset([sum]),
            tree = depset([folder]),
            verdict = depset(reports),
            _validation = depset(reports),
        ),
        SigningRequestsInfo(requests = depset(transitive = signing_requests_of([ctx.attr.signing_request] + ctx.attr.root_chain))),
        SoftwareUpdateBundleInfo(
            bundle = bundle,
            digests = targets_info.digests,
            earlier_roots = chain.first + chain.rest,
            installed = installed,
            release_root = ctx.file.root,
            root = root,
            root_chain = root_chain,
            targets_metadata = signed,
            trusted_root = trusted_root,
            unchanged_from = unchanged_from,
            unsigned_targets_metadata = unsigned,
            user_manifest = targets_info.user_manifest,
            version = targets_info.version,
        ),
    ]

software_update_bundle = rule(
    implementation = _software_update_bundle_impl,
    doc = "Signs targets metadata, assembles the bundle and verifies it.",
    attrs = TOOL | SIGNING | {
        "at": attr.string(doc = "The time on the device; empty if the verification must not check expiry dates."),
        "dev_root": attr.label(
            doc = "The root in the bundle in dev mode.",
            default = Label("//tools/dev_keys:dev_root"),
            allow_single_file = True,
        ),
        "dev_signing_keys": attr.label_list(
            doc = "Private keys in the tree that sign the targets metadata.",
            default = [Label("//tools/dev_keys:throwaway_dev_targets_key.pem")],
            allow_files = True,
        ),
        "device_limits": attr.label(
            doc = "The limits of a device that must be able to take the bundle.",
            allow_single_file = True,
        ),
        "has_root_chain": attr.bool(doc = "Whether `root_chain` is given, maybe empty."),
        "metadata": attr.label(
            doc = "The unsigned targets metadata.",
            mandatory = True,
            providers = [UnsignedTargetsMetadataInfo],
        ),
        "out": attr.output(
            doc = "The bundle.",
            mandatory = True,
        ),
        "root": attr.label(
            doc = "The root of releases.",
            allow_single_file = True,
        ),
        "root_chain": attr.label_list(
            doc = "The roots between the first one and the one in the bundle, oldest first.",
            allow_files = True,
        ),
        "signing_request": attr.label(
            doc = "The target of the signing request, for the provider of this target.",
            mandatory = True,
            providers = [SigningRequestsInfo],
        ),
        "strict_pigweed": attr.bool(doc = "Whether to reject roots that Pigweed's client would not accept."),
        "trusted_root": attr.label(
            doc = "The root with which the verification starts; by default the root before the one in the bundle.",
            allow_single_file = True,
        ),
        "unchanged_from": attr.label(
            doc = "The earlier release that a device must have installed, because the bundle lacks its unchanged payloads.",
            allow_single_file = True,
        ),
    },
    provides = [SoftwareUpdateBundleInfo],
)
