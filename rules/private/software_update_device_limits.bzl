"""The rule behind the macro `software_update_device_limits`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//rules/private/actions:device_limits.bzl", "write_device_limits")
load("//rules/private/actions:tool.bzl", "TOOL")

visibility("//rules/...")

def _software_update_device_limits_impl(ctx):
    header = ctx.actions.declare_file(ctx.label.name + ".h")
    write_device_limits(ctx, limits = ctx.file.limits, header = header)
    return [
        DefaultInfo(files = depset([header])),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset([header]),
            includes = depset([header.dirname]),
        )),
    ]

software_update_device_limits = rule(
    implementation = _software_update_device_limits_impl,
    doc = "Writes the limits of a device as a C++ header.",
    attrs = TOOL | {
        "limits": attr.label(
            doc = "The limits of the device.",
            allow_single_file = True,
            mandatory = True,
        ),
    },
    provides = [CcInfo],
)
