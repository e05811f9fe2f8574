"""The rule behind the macro `software_update_release_page`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:page.bzl", "page")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:installed.bzl", "root_of")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

def _previous_of(target, file):
    """Returns the installed manifest or the bundle of the previous release, or None without one."""
    if target and SoftwareUpdateBundleInfo in target:
        info = target[SoftwareUpdateBundleInfo]
        return info.installed or info.bundle
    return file

def _software_update_release_page_impl(ctx):
    info = ctx.attr.bundle[SoftwareUpdateBundleInfo]

    # No device accepts an unsigned bundle.
    trusted_root = None
    if info.installed:
        trusted_root = ctx.file.trusted_root or root_of(ctx.attr.previous) or info.trusted_root
    outputs = {
        "html": ctx.outputs.out,
        "json": ctx.actions.declare_file(ctx.label.name + ".json"),
        "text": ctx.actions.declare_file(ctx.label.name + ".txt"),
    }
    for format, output in outputs.items():
        page(
            ctx,
            bundle = info.bundle,
            trusted_root = trusted_root,
            previous = _previous_of(ctx.attr.previous, ctx.file.previous) or info.unchanged_from,
            attachments = ctx.files.attachments,
            format = format,
            language = ctx.attr.language,
            output = output,
        )
    return [
        DefaultInfo(
            files = depset([outputs["html"]]),
            runfiles = ctx.runfiles(files = [outputs["html"]]),
        ),
        OutputGroupInfo(
            json = depset([outputs["json"]]),
            text = depset([outputs["text"]]),
        ),
    ]

software_update_release_page = rule(
    implementation = _software_update_release_page_impl,
    doc = "Writes the page of a release, for the people who decide about it.",
    attrs = TOOL | {
        "attachments": attr.label_list(
            doc = "The files about the release.",
            allow_files = True,
        ),
        "bundle": attr.label(
            doc = "The bundle of the release.",
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "language": attr.string(
            doc = "The language tag of the reader.",
            mandatory = True,
        ),
        "out": attr.output(
            doc = "The page as HTML.",
            mandatory = True,
        ),
        "previous": attr.label(
            doc = "The release that devices run: a bundle or an installed manifest.",
            allow_single_file = True,
        ),
        "trusted_root": attr.label(
            doc = "The root with which the verification starts; by default the root in `previous`, or the trusted root of the bundle.",
            allow_single_file = True,
        ),
    },
)
