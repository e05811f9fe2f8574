"""The rule behind the macro `software_update_promotion`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:promote.bzl", "promote")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/checks:date.bzl", "check_date")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

_SIGNING = str(Label("//rules/settings:signing"))

def _in_mode(mode):
    return transition(
        implementation = lambda _settings, _attr: {_SIGNING: mode},
        inputs = [],
        outputs = [_SIGNING],
    )

def _software_update_promotion_impl(ctx):
    check_date(ctx.label, "at", ctx.attr.at)

    # An attribute with a transition is a list.
    info = ctx.attr.bundle[0][SoftwareUpdateBundleInfo]
    [tested] = ctx.files.tested or ctx.files.tested_or_bundle
    trusted_root = ctx.file.trusted_root or info.trusted_root
    report = ctx.actions.declare_file(ctx.label.name + ".promotion.json")

    # Not a validation, because --norun_validations would skip it.
    released = ctx.outputs.out
    promote(
        ctx,
        tested = tested,
        release = info.bundle,
        trusted_root = trusted_root,
        installed = info.unchanged_from,
        at = ctx.attr.at,
        output = released,
        report = report,
    )
    return [
        DefaultInfo(
            files = depset([released]),
            runfiles = ctx.runfiles(files = [released]),
        ),
        OutputGroupInfo(
            installed = depset([info.installed]),
            report = depset([report]),
            root_metadata = depset([info.root]),
            targets_metadata = depset([info.targets_metadata]),
        ),
        SoftwareUpdateBundleInfo(
            bundle = released,
            digests = info.digests,
            earlier_roots = info.earlier_roots,
            installed = info.installed,
            release_root = info.release_root,
            root = info.root,
            root_chain = info.root_chain,
            targets_metadata = info.targets_metadata,
            trusted_root = trusted_root,
            unchanged_from = info.unchanged_from,
            unsigned_targets_metadata = info.unsigned_targets_metadata,
            user_manifest = info.user_manifest,
            version = info.version,
        ),
    ]

software_update_promotion = rule(
    implementation = _software_update_promotion_impl,
    doc = "Provides a release if it contains exactly what was tested.",
    attrs = TOOL | {
        "at": attr.string(doc = "The time on the device; empty if the verification must not check expiry dates."),
        "bundle": attr.label(
            doc = "The bundle to release, in release mode.",
            cfg = _in_mode("release"),
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "out": attr.output(
            doc = "The release.",
            mandatory = True,
        ),
        "tested": attr.label(
            doc = "The tested bundle: a file, or a `software_update_bundle`, which is built in dev mode.",
            allow_single_file = True,
            cfg = _in_mode("dev"),
        ),
        "tested_or_bundle": attr.label(
            doc = "The same, or the bundle to use if `tested` is None.",
            allow_single_file = True,
            cfg = _in_mode("dev"),
            mandatory = True,
        ),
        "trusted_root": attr.label(
            doc = "The root that devices trust; by default the trusted root of the bundle.",
            allow_single_file = True,
        ),
    },
    provides = [SoftwareUpdateBundleInfo],
)
