"""The rule `software_update_release`."""

load("//rules/private:common_attributes.bzl", "common_attributes")
load("//rules/private:date.bzl", "check_date")
load("//rules/private:errors.bzl", "display", "refuse")
load("//rules/private:tool.bzl", "TOOL", "run_tool", "tool_args")
load("//rules/private:version.bzl", "version_error")

_SEVERITIES = ["low", "medium", "high", "critical"]

def _check(ctx):
    for attribute in ["release_counter", "minimum_release_counter"]:
        value = getattr(ctx.attr, attribute)
        if value and version_error(value):
            fail("%s: %s = %s: write an integer from 1 to 4294967295" % (display(ctx.label), attribute, value))
    check_date(ctx.label, "support_until", ctx.attr.support_until)
    if ctx.attr.severity and ctx.attr.severity not in _SEVERITIES:
        refuse(ctx.label, "severity", ctx.attr.severity, "write one of %s" % ", ".join(_SEVERITIES))

def _software_update_release_impl(ctx):
    _check(ctx)
    args = tool_args(ctx, ["step", "release"])
    args.add(ctx.attr.product, format = "--product=%s")
    args.add(ctx.attr.release_version, format = "--release-version=%s")
    args.add(ctx.attr.release_counter, format = "--release-counter=%s")
    args.add_all(ctx.attr.hardware_ids, format_each = "--hardware-id=%s")
    if ctx.attr.minimum_release_counter:
        args.add(ctx.attr.minimum_release_counter, format = "--minimum-release-counter=%s")
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

_software_update_release = rule(
    implementation = _software_update_release_impl,
    doc = "Writes a release manifest.",
    attrs = TOOL | {
        "hardware_ids": attr.string_list(doc = "What the release is for; empty means that it does not say."),
        "minimum_release_counter": attr.string(doc = "The counter that has to be installed before, in decimal."),
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
        "release_counter": attr.string(
            doc = "The counter in decimal. Not attr.int, which stops at 2147483647.",
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
      release_counter: An integer from 1 to 4294967295 that never falls from one release to the next. It holds
        where the targets version does not: after a targets key was revoked, versions start again.
      hardware_ids: What the release is for. A device that is something else refuses it. By default it does
        not say.
      minimum_release_counter: The release counter that a device must have installed before this release, an
        integer. By default any.
      notes: A text file with what is new.
      severity: How urgent it is: `low`, `medium`, `high` or `critical`.
      support_until: When the support of the release ends, such as `2031-01-01T00:00:00Z`.
      out: The file's name. The default is `NAME.json`.
      **kwargs: `deprecation`, `exec_compatible_with`, `exec_properties`, `features`, `tags`,
        `target_compatible_with`, `testonly` and `visibility`, as for every rule.
    """
    common = common_attributes("software_update_release", name, kwargs)
    _software_update_release(
        name = name,
        hardware_ids = hardware_ids,
        minimum_release_counter = None if minimum_release_counter == None else repr(minimum_release_counter),
        notes = notes,
        out = out or name + ".json",
        product = product,
        release_counter = repr(release_counter),
        release_version = release_version,
        severity = severity,
        support_until = support_until,
        **common.public
    )
