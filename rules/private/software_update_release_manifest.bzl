"""The rule behind the macro `software_update_release_manifest`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:release_manifest.bzl", "write_release_manifest")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:integer.bzl", "integer_attribute", "integer_of")
load("//rules/private/attributes:value.bzl", "COUNTER", "DATE", "LINE", "value_attributes", "value_of")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/private/checks:integer.bzl", "UINT32_MAX", "is_integer", "refuse_integer")

visibility("//rules/...")

_KINDS = ["security", "feature", "both"]
_SEVERITIES = ["low", "medium", "high", "critical"]

def _software_update_release_manifest_impl(ctx):
    for attribute, value, choices in [("kind", ctx.attr.kind, _KINDS), ("severity", ctx.attr.severity, _SEVERITIES)]:
        if value and value not in choices:
            refuse(ctx.label, attribute, value, "write one of %s" % ", ".join(choices))
    duration = integer_of(ctx.attr, "duration")
    if duration and not is_integer(duration):
        refuse_integer(ctx.label, "duration", duration, "write a number of seconds from 1 to %d" % UINT32_MAX)
    for function in ctx.attr.unavailable_functions:
        if LINE.error_of(function):
            refuse(ctx.label, "unavailable_functions", function, LINE.error_of(function))
    write_release_manifest(
        ctx,
        product = ctx.attr.product,
        release_version = value_of(ctx, ctx.label, "release_version", LINE),
        release_counter = value_of(ctx, ctx.label, "release_counter", COUNTER),
        hardware_ids = ctx.attr.hardware_ids,
        minimum_release_counter = value_of(ctx, ctx.label, "minimum_release_counter", COUNTER, mandatory = False),
        notes = ctx.file.notes,
        kind = ctx.attr.kind,
        severity = ctx.attr.severity,
        advisories = ctx.files.advisories,
        duration = duration,
        unavailable_functions = ctx.attr.unavailable_functions,
        reversible = _reversible(ctx.attr),
        texts = {
            language: _one_file(ctx.label, language, target)
            for language, target in ctx.attr.texts.items()
        },
        claims = ctx.files.claims,
        attachments = ctx.files.attachments,
        support_until = value_of(ctx, ctx.label, "support_until", DATE, mandatory = False),
        output = ctx.outputs.out,
    )
    return [DefaultInfo(
        files = depset([ctx.outputs.out]),
        runfiles = ctx.runfiles(files = [ctx.outputs.out]),
    )]

def _reversible(attributes):
    # The same value with two defaults: they differ only if it is not given, or None in a select().
    given = attributes.reversible == attributes.reversible_or_true
    return attributes.reversible if given else None

def _one_file(label, language, target):
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        refuse(label, "texts[%s]" % repr(language), display(target.label), "the label gives %d files; write a label that gives 1 file" % len(files))
    return files[0]

_VALUES = (
    value_attributes("minimum_release_counter", COUNTER, doc = "The release counter that a device must have installed before.") |
    value_attributes("release_counter", COUNTER, doc = "The release counter.") |
    value_attributes("release_version", LINE, doc = "The version for people.") |
    value_attributes("support_until", DATE, doc = "When the support of the release ends, in RFC 3339; empty if not stated.")
)

software_update_release_manifest = rule(
    implementation = _software_update_release_manifest_impl,
    doc = "Writes a release manifest.",
    attrs = TOOL | _VALUES | integer_attribute("duration", doc = "The expected time of the installation, in seconds.") | {
        "advisories": attr.label_list(
            doc = "JSON files: security advisories about the vulnerabilities that the release fixes.",
            allow_files = True,
        ),
        "attachments": attr.label_list(
            doc = "Files that the manifest lists by name, length and SHA-256.",
            allow_files = True,
        ),
        "claims": attr.label_list(
            doc = "JSON files: claims about targets.",
            allow_files = True,
        ),
        "hardware_ids": attr.string_list(doc = "The hardware ids that the release is for; empty if it is for any hardware."),
        "kind": attr.string(doc = "The contents of the release: `security`, `feature` or `both`; empty if not stated."),
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
        "reversible": attr.bool(doc = "Whether the update can be undone after it is committed.", default = False),
        "reversible_or_true": attr.bool(doc = "The value of `reversible`, with another default.", default = True),
        "severity": attr.string(doc = "How urgent the release is: `low`, `medium`, `high` or `critical`; empty if not stated."),
        "texts": attr.string_keyed_label_dict(
            doc = "JSON files: texts in other languages, by language tag.",
            allow_files = True,
        ),
        "unavailable_functions": attr.string_list(doc = "The functions that do not work during the update."),
    },
)
