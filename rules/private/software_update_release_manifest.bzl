"""The rule behind the macro `software_update_release_manifest`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:release_manifest.bzl", "write_release_manifest")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:value.bzl", "COUNTER", "DATE", "LINE", "value_attributes", "value_of")
load("//rules/private/checks:errors.bzl", "refuse")

visibility("//rules/...")

_SEVERITIES = ["low", "medium", "high", "critical"]

def _software_update_release_manifest_impl(ctx):
    if ctx.attr.severity and ctx.attr.severity not in _SEVERITIES:
        refuse(ctx.label, "severity", ctx.attr.severity, "write one of %s" % ", ".join(_SEVERITIES))
    write_release_manifest(
        ctx,
        product = ctx.attr.product,
        release_version = value_of(ctx, ctx.label, "release_version", LINE),
        release_counter = value_of(ctx, ctx.label, "release_counter", COUNTER),
        hardware_ids = ctx.attr.hardware_ids,
        minimum_release_counter = value_of(ctx, ctx.label, "minimum_release_counter", COUNTER, mandatory = False),
        notes = ctx.file.notes,
        severity = ctx.attr.severity,
        support_until = value_of(ctx, ctx.label, "support_until", DATE, mandatory = False),
        output = ctx.outputs.out,
    )
    return [DefaultInfo(
        files = depset([ctx.outputs.out]),
        runfiles = ctx.runfiles(files = [ctx.outputs.out]),
    )]

_VALUES = (
    value_attributes("minimum_release_counter", COUNTER, doc = "The release counter that a device must have installed before.") |
    value_attributes("release_counter", COUNTER, doc = "The release counter.") |
    value_attributes("release_version", LINE, doc = "The version for people.") |
    value_attributes("support_until", DATE, doc = "When the support of the release ends, in RFC 3339; empty if not stated.")
)

software_update_release_manifest = rule(
    implementation = _software_update_release_manifest_impl,
    doc = "Writes a release manifest.",
    attrs = TOOL | _VALUES | {
        "hardware_ids": attr.string_list(doc = "The hardware ids that the release is for; empty if it is for any hardware."),
        "notes": attr.label(
            doc = "A text file: the release notes.",
            allow_single_file = True,
        ),
        "out": attr.output(
            doc = "The release manifest.",
            mandatory = True,
        ),
        "product": attr.string(
            doc = "The product's name.",
            mandatory = True,
        ),
        "severity": attr.string(doc = "How urgent the release is: `low`, `medium`, `high` or `critical`; empty if not stated."),
    },
)
