"""The rule class `software_update_personalized_bundle`, which the macro of that name makes a target of.

Its global variable has the public name, because `bazel query --output=label_kind` shows it.
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
    doc = "Leaves out of a bundle what devices have, and verifies what is left.",
    attrs = TOOL | {
        "bundle": attr.label(
            doc = "The whole bundle.",
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "installed": attr.label(
            doc = "What the devices run: a bundle or a manifest.",
            allow_single_file = True,
            mandatory = True,
        ),
        "out": attr.output(
            doc = "The personalized bundle.",
            mandatory = True,
        ),
        "trusted_root": attr.label(
            doc = "What the verification starts from; by default the root in `installed`, or what that of the whole bundle starts from.",
            allow_single_file = True,
        ),
    },
)
