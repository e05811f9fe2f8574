"""The rule behind the macro `software_update_diff`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:diff.bzl", "diff")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

def _software_update_diff_impl(ctx):
    new = ctx.attr.new[SoftwareUpdateBundleInfo]
    old = ctx.file.old
    verified_from = new.trusted_root
    if SoftwareUpdateBundleInfo in ctx.attr.old:
        info = ctx.attr.old[SoftwareUpdateBundleInfo]
        old = info.bundle
        verified_from = info.trusted_root

    # No device accepts an unsigned bundle.
    trusted_root = (ctx.file.trusted_root or verified_from) if new.installed else None
    report = ctx.actions.declare_file(ctx.label.name + ".json")
    diff(
        ctx,
        old = old,
        new = new.bundle,
        trusted_root = trusted_root,
        output = ctx.outputs.out,
        report = report,
    )
    return [
        DefaultInfo(
            files = depset([ctx.outputs.out]),
            runfiles = ctx.runfiles(files = [ctx.outputs.out]),
        ),
        OutputGroupInfo(json = depset([report])),
    ]

software_update_diff = rule(
    implementation = _software_update_diff_impl,
    doc = "Shows what a release changes.",
    attrs = TOOL | {
        "new": attr.label(
            doc = "The bundle of the new release.",
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "old": attr.label(
            doc = "The release that devices run: a bundle or an installed manifest.",
            allow_single_file = True,
            mandatory = True,
        ),
        "out": attr.output(
            doc = "The differences as text.",
            mandatory = True,
        ),
        "trusted_root": attr.label(
            doc = "The root with which the verification starts; by default the trusted root of `old`, or of `new`.",
            allow_single_file = True,
        ),
    },
)
