"""The rule class `software_update_release_manifest`, which the macro of that name makes a target of.

Its global variable has the public name, because `bazel query --output=label_kind` shows it.
"""

load(":date.bzl", "check_date")
load(":errors.bzl", "display", "refuse")
load(":integer.bzl", "UINT32_MAX", "integer_attribute", "integer_of", "is_integer", "refuse_integer")
load(":tool.bzl", "TOOL", "run_tool", "tool_args")

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
    args = tool_args(ctx, ["step", "release"])
    args.add(ctx.attr.product, format = "--product=%s")
    args.add(ctx.attr.release_version, format = "--release-version=%s")
    args.add(integer_of(ctx.attr, "release_counter"), format = "--release-counter=%s")
    args.add_all(ctx.attr.hardware_ids, format_each = "--hardware-id=%s")
    minimum = integer_of(ctx.attr, "minimum_release_counter")
    if minimum:
        args.add(minimum, format = "--minimum-release-counter=%s")
    inputs = []
    if ctx.file.notes:
        args.add(ctx.file.notes, format = "--notes-file=%s")
        inputs.append(ctx.file.notes)
    if ctx.attr.severity:
        args.add(ctx.attr.severity, format = "--severity=%s")
    if ctx.attr.support_until:
        args.add(ctx.attr.support_until, format = "--support-until=%s")
    args.add("-o", ctx.outputs.out)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [ctx.outputs.out],
        mnemonic = "SoftwareUpdateReleaseManifest",
        progress_message = "Writing the release manifest %s" % display(ctx.label),
    )
    return [DefaultInfo(
        files = depset([ctx.outputs.out]),
        runfiles = ctx.runfiles(files = [ctx.outputs.out]),
    )]

_COUNTERS = (
    integer_attribute("minimum_release_counter", doc = "The counter that a device must have installed before.") |
    integer_attribute("release_counter", doc = "The release counter.")
)

software_update_release_manifest = rule(
    implementation = _software_update_release_manifest_impl,
    doc = "Writes a release manifest.",
    attrs = TOOL | _COUNTERS | {
        "hardware_ids": attr.string_list(doc = "What the release is for; empty means that it does not say."),
        "notes": attr.label(
            doc = "A text file with what is new.",
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
            doc = "The version that people read.",
            mandatory = True,
        ),
        "severity": attr.string(doc = "How urgent it is."),
        "support_until": attr.string(doc = "When the support of the release ends."),
    },
)
