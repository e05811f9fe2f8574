"""The rule behind the macro `software_update_signing_requests`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:gather.bzl", "gather")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")
load(":signing_requests_info.bzl", "SigningRequestsInfo", "signing_requests_of")

visibility("//rules/...")

def _software_update_signing_requests_impl(ctx):
    if not ctx.attr.bundles:
        refuse(ctx.label, "bundles", [], "write at least one software_update_bundle")

    # A list, because the command line contains the label of each request.
    requests = depset(transitive = signing_requests_of(ctx.attr.bundles)).to_list()
    for request in requests:
        if request.label.repo_name:
            refuse(ctx.label, "bundles", display(request.label), "signatures go into the source tree, and this is in another module; gather its requests in that module")
    folder = ctx.actions.declare_directory(ctx.label.name)
    gather(ctx, requests = requests, folder = folder)
    return [DefaultInfo(
        files = depset([folder]),
        runfiles = ctx.runfiles(files = [folder]),
    )]

software_update_signing_requests = rule(
    implementation = _software_update_signing_requests_impl,
    doc = "Gathers the signing requests of bundles and of their roots into one folder with an index.",
    attrs = TOOL | {
        "bundles": attr.label_list(
            doc = "The bundles.",
            providers = [[SigningRequestsInfo, SoftwareUpdateBundleInfo]],
        ),
    },
)
