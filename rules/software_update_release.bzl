"""The rule `software_update_release`."""

load("//rules/private:common_attributes.bzl", "common_attributes")
load("//rules/private:date.bzl", "check_date")
load("//rules/private:errors.bzl", "display", "refuse")
load("//rules/private:integer.bzl", "UINT32_MAX", "integer_arguments", "integer_attribute", "integer_of", "is_integer", "refuse_integer")
load("//rules/private:tool.bzl", "TOOL", "run_tool", "tool_args")

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

def _software_update_release_impl(ctx):
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
        mnemonic = "SoftwareUpdateRelease",
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

_software_update_release = rule(
    implementation = _software_update_release_impl,
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

def software_update_release(
        *,
        name,
        product,
        release_version,
        release_counter,
        hardware_ids = None,
        minimum_release_counter = None,
        notes = None,
        severity = None,
        support_until = None,
        out = None,
        **kwargs):
    """Writes a release manifest: what a release says of itself, for devices and for people.

    It belongs into the attribute `user_manifest` of a `software_update_bundle`. What signs the bundle signs it,
    and the verification acts on it: it refuses a lower release counter than what is installed, a skipped
    stepping stone, and another hardware.

    Args:
      name: The manifest's name.
      product: The product's name.
      release_version: The version that people read, such as `1.4.0`.
      release_counter: An integer that never falls from one release to the next: from 1 to 4294967295, as a number or as
        decimal text, or a `select()` of one of the two. In a `select()`, write an integer above 2147483647 as text. The
        counter continues where the targets versions start again, after a root removed enough targets keys.
      hardware_ids: What the release is for. A device that is something else refuses it. By default it does
        not say.
      minimum_release_counter: The release counter that a device must have installed before this release, in the same
        spellings as `release_counter`. By default any.
      notes: A text file with what is new.
      severity: How urgent it is: `low`, `medium`, `high` or `critical`.
      support_until: When the support of the release ends, such as `2031-01-01T00:00:00Z`.
      out: The file's name. The default is `NAME.json`.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
    """
    common = common_attributes("software_update_release", name, kwargs)
    _software_update_release(
        name = name,
        hardware_ids = hardware_ids,
        notes = notes,
        out = out or name + ".json",
        product = product,
        release_version = release_version,
        severity = severity,
        support_until = support_until,
        **(common.public | integer_arguments(
            minimum_release_counter = minimum_release_counter,
            release_counter = release_counter,
        ))
    )
