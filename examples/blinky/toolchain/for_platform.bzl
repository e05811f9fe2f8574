"""Builds for a platform, whatever platform the build as a whole is for."""

def _to_platform_impl(_settings, attr):
    return {"//command_line_option:platforms": [str(attr.platform)]}

_to_platform = transition(
    implementation = _to_platform_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

def _for_platform_impl(ctx):
    return [DefaultInfo(files = depset(transitive = [src[DefaultInfo].files for src in ctx.attr.srcs]))]

for_platform = rule(
    implementation = _for_platform_impl,
    doc = "The files of its sources, built for the platform that it names.",
    attrs = {
        "platform": attr.label(
            doc = "The platform to build for.",
            mandatory = True,
        ),
        "srcs": attr.label_list(
            doc = "What to build.",
            cfg = _to_platform,
            mandatory = True,
        ),
        # Bazel 7 wants it said that a rule with a transition may be used everywhere.
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
