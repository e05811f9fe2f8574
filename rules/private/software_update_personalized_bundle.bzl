"""The rule behind the macro `software_update_personalized_bundle`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:personalize.bzl", "personalize")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/actions:verify.bzl", "verify")
load("//rules/private/attributes:installed.bzl", "installed_manifest_of", "root_of")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

def _software_update_personalized_bundle_impl(ctx):
    info = ctx.attr.bundle[SoftwareUpdateBundleInfo]
    installed = installed_manifest_of(ctx.label, ctx.attr.installed, ctx.file.installed)
    personalize(ctx, bundle = info.bundle, installed = installed, output = ctx.outputs.out)
    report = verify(
        ctx,
        bundle = ctx.outputs.out,
        trusted_root = ctx.file.trusted_root or root_of(ctx.attr.installed) or info.trusted_root,
        installed = installed,
    )
    return [
        DefaultInfo(
            files = depset([ctx.outputs.out]),
            runfiles = ctx.runfiles(files = [ctx.outputs.out]),
        ),
        OutputGroupInfo(
            verdict = depset([report]),
            _validation = depset([report]),
        ),
    ]

software_update_personalized_bundle = rule(
    implementation = _software_update_personalized_bundle_impl,
    doc = "Leaves the payloads that devices have out of a bundle, and verifies the result.",
    attrs = TOOL | {
        "bundle": attr.label(
            doc = "The whole bundle.",
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "installed": attr.label(
            doc = "The release on the devices: a bundle or an installed manifest.",
            allow_single_file = True,
            mandatory = True,
        ),
        "out": attr.output(
            doc = "The personalized bundle.",
            mandatory = True,
        ),
        "trusted_root": attr.label(
            doc = "The root with which the verification starts; by default the root in `installed`, or the trusted root of the whole bundle.",
            allow_single_file = True,
        ),
    },
)
