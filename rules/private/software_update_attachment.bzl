"""The rule behind the macro `software_update_attachment`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:attachment.bzl", "lay_attachment")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

def _below_package(file, package):
    """Returns the path of a file below its package."""
    path = file.short_path
    if path.startswith("../"):
        path = path.split("/", 2)[2]
    return path.removeprefix(package + "/") if package else path

def _software_update_attachment_impl(ctx):
    owner = ctx.attr.bundle.label
    if (owner.package, owner.repo_name) != (ctx.label.package, ctx.label.repo_name):
        refuse(
            ctx.label,
            "bundle",
            display(owner),
            "it is in another package; write the attachment in that package, because its file is next to the bundle",
        )
    bundle = ctx.attr.bundle[SoftwareUpdateBundleInfo].bundle
    folder = _below_package(bundle, owner.package) + ".attachments"
    output = ctx.actions.declare_file("%s/%s" % (folder, ctx.file.file.basename))
    lay_attachment(
        ctx,
        file = ctx.file.file,
        bundle = bundle,
        public_keys = ctx.files.public_keys,
        output = output,
    )
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles(files = [output]))]

software_update_attachment = rule(
    implementation = _software_update_attachment_impl,
    doc = "Puts an attachment next to its bundle.",
    attrs = TOOL | {
        "bundle": attr.label(
            doc = "The bundle of the release.",
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "file": attr.label(
            doc = "The attachment.",
            allow_single_file = True,
            mandatory = True,
        ),
        "public_keys": attr.label_list(
            doc = "Public keys of which one must have signed a statement.",
            allow_files = True,
        ),
    },
)
