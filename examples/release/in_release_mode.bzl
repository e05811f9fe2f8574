"""A bundle as `--//rules/settings:signing=release` makes it, whatever the flag says."""

load("//rules:defs.bzl", "SoftwareUpdateBundleInfo")

_SIGNING = str(Label("//rules/settings:signing"))

_release = transition(
    implementation = lambda _settings, _attr: {_SIGNING: "release"},
    inputs = [],
    outputs = [_SIGNING],
)

def _in_release_mode_impl(ctx):
    # What has a transition is a list.
    info = ctx.attr.bundle[0][SoftwareUpdateBundleInfo]
    files = [info.bundle, info.root]
    return [DefaultInfo(
        files = depset(files),
        runfiles = ctx.runfiles(files = files),
    )]

in_release_mode = rule(
    implementation = _in_release_mode_impl,
    attrs = {
        "bundle": attr.label(
            doc = "The bundle.",
            cfg = _release,
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
    },
)
