"""The rule behind the macro `software_update_release_manifest`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:release_manifest.bzl", "write_release_manifest")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:integer.bzl", "integer_attribute", "integer_of")
load("//rules/private/checks:date.bzl", "check_date")
load("//rules/private/checks:errors.bzl", "refuse")
load("//rules/private/checks:integer.bzl", "UINT32_MAX", "is_integer", "refuse_integer")

visibility("//rules/...")

_SEVERITIES = ["low", "medium", "high", "critical"]

def _check_counter(ctx, attribute):
    counter = integer_of(ctx.attr, attribute)
    if not is_integer(counter):
        refuse_integer(ctx.label, attribute, counter, "write an integer from 1 to %d" % UINT32_MAX)

def _check(ctx):
    _check_counter(ctx, "release_counter")
    if integer_of(ctx.attr, "minimum_release_counter"):
        _check_counter(ctx, "minimum_release_counter")
    check_date(ctx.label, "support_until", ctx.attr.support_until)
    if ctx.attr.severity and ctx.attr.severity not in _SEVERITIES:
        refuse(ctx.label, "severity", ctx.attr.severity, "write one of %s" % ", ".join(_SEVERITIES))

def _software_update_release_manifest_impl(ctx):
    _check(ctx)
    write_release_manifest(
        ctx,
        product = ctx.attr.product,
        release_version = ctx.attr.release_version,
        release_counter = integer_of(ctx.attr, "release_counter"),
        hardware_ids = ctx.attr.hardware_ids,
        minimum_release_counter = integer_of(ctx.attr, "minimum_release_counter"),
        notes = ctx.file.notes,
        severity = ctx.attr.severity,
        support_until = ctx.attr.support_until,
        output = ctx.outputs.out,
    )
    return [DefaultInfo(
        files = depset([ctx.outputs.out]),
        runfiles = ctx.runfiles(files = [ctx.outputs.out]),
    )]

_COUNTERS = (
    integer_attribute("minimum_release_counter", doc = "The release counter that a device must have installed before.") |
    integer_attribute("release_counter", doc = "The release counter.")
)

software_update_release_manifest = rule(
    implementation = _software_update_release_manifest_impl,
    doc = "Writes a release manifest.",
    attrs = TOOL | _COUNTERS | {
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
        "release_version": attr.string(
            doc = "The version for people.",
            mandatory = True,
        ),
        "severity": attr.string(doc = "How urgent the release is: `low`, `medium`, `high` or `critical`; empty if not stated."),
        "support_until": attr.string(doc = "When the support of the release ends, in RFC 3339; empty if not stated."),
    },
)
