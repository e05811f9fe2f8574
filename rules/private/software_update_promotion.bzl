"""The rule class `software_update_promotion`, which the macro of that name makes a target of.

Its global variable has the public name, because `bazel query --output=label_kind` shows it.
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

    # What has a transition is a list.
    info = ctx.attr.bundle[0][SoftwareUpdateBundleInfo]
    [tested] = ctx.files.tested or ctx.files.tested_or_bundle
    trusted_root = ctx.file.trusted_root or info.trusted_root
    report = ctx.actions.declare_file(ctx.label.name + ".promotion.json")

    # No validation, which can be left out: without the proof there is no release.
    released = ctx.outputs.out
    promote(
        ctx,
        tested = tested,
        release = info.bundle,
        trusted_root = trusted_root,
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
            installed = info.installed,
            release_root = info.release_root,
            root = info.root,
            root_chain = info.root_chain,
            targets_metadata = info.targets_metadata,
            trusted_root = trusted_root,
            unsigned_targets_metadata = info.unsigned_targets_metadata,
            user_manifest = info.user_manifest,
            version = info.version,
        ),
    ]

software_update_promotion = rule(
    implementation = _software_update_promotion_impl,
    doc = "Hands out a release, if it carries what was tested.",
    attrs = TOOL | {
        "at": attr.string(doc = "The time of the verification; empty means that no expiry is checked."),
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
            doc = "The bundle that was tested: a file, or a bundle that is built in dev mode.",
            allow_single_file = True,
            cfg = _in_mode("dev"),
        ),
        "tested_or_bundle": attr.label(
            doc = "The same, or the bundle to use if that is None.",
            allow_single_file = True,
            cfg = _in_mode("dev"),
            mandatory = True,
        ),
        "trusted_root": attr.label(
            doc = "What devices trust; by default what the bundle's own verification starts from.",
            allow_single_file = True,
        ),
    },
    provides = [SoftwareUpdateBundleInfo],
)
