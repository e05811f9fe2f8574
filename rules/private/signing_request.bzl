"""The public target `NAME.signing_request`: the bytes to sign, and a JSON file that describes them."""

load("//rules/private/actions:signing_request.bzl", "SIGNING_REQUEST_SUFFIX", "declare_signing_request", "request")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:roots.bzl", "holders_of", "unsigned_root_of")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")
load(":signing_requests_info.bzl", "SigningRequestsInfo", "signing_request_of", "signing_requests_of")
load(":targets_metadata.bzl", "UnsignedTargetsMetadataInfo")

visibility("//rules/...")

def _giving(ctx, files):
    return [DefaultInfo(
        files = files,
        runfiles = ctx.runfiles(transitive_files = files),
    )]

def _signing_request_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(SIGNING_REQUEST_SUFFIX))
    info = ctx.attr.metadata[UnsignedTargetsMetadataInfo]
    root = unsigned_root_of(ctx.attr.root, ctx.file.root) or unsigned_root_of(ctx.attr.root_or_dev_root, ctx.file.root_or_dev_root)
    files = declare_signing_request(ctx, label)
    request(ctx, label, metadata = info.metadata, root = root, user_manifest = info.user_manifest, holders = holders_of(ctx.attr.root or ctx.attr.root_or_dev_root), signing_request = files)
    own = signing_request_of(label, files, [root], ctx.attr.signatures_folder)
    return _giving(ctx, depset([files.bytes, files.summary])) + [
        SigningRequestsInfo(requests = depset([own], transitive = signing_requests_of([ctx.attr.root]))),
    ]

signing_request = rule(
    implementation = _signing_request_impl,
    doc = """Provides the signing request of targets metadata.

It depends neither on signatures nor on the mode, because the bytes to sign are the same in each mode.""",
    attrs = TOOL | {
        "metadata": attr.label(
            doc = "The target that makes the metadata.",
            mandatory = True,
            providers = [UnsignedTargetsMetadataInfo],
        ),
        "root": attr.label(
            doc = "The root that lists the keys that may sign.",
            allow_single_file = True,
        ),
        "root_or_dev_root": attr.label(
            doc = "The same, or the root to use if `root` is None.",
            default = Label("//tools/dev_keys:dev_root"),
            allow_single_file = True,
        ),
        "signatures_folder": attr.string(
            doc = "The folder for signatures, a path below the package.",
            mandatory = True,
        ),
    },
)

def _root_signing_request_impl(ctx):
    return _giving(ctx, ctx.attr.root[OutputGroupInfo].signing_request)

root_signing_request = rule(
    implementation = _root_signing_request_impl,
    doc = "Provides the signing request of root metadata.",
    attrs = {
        "root": attr.label(
            doc = "The root.",
            mandatory = True,
            providers = [SoftwareUpdateRootInfo],
        ),
    },
)
