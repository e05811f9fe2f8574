"""The private target `NAME._metadata`: unsigned targets metadata of artifacts."""

load("//rules/private/actions:digest.bzl", "digest")
load("//rules/private/actions:targets_metadata.bzl", "make_targets_metadata")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:targets.bzl", "collect_payloads")
load("//rules/private/attributes:value.bzl", "DATE", "VERSION", "int_of", "value_attributes", "value_of")

visibility("//rules/...")

METADATA_SUFFIX = "._metadata"

UnsignedTargetsMetadataInfo = provider(
    doc = "Targets metadata without signatures, and the inputs that it was made from.",
    fields = {
        "digests": "list of File: the digest records.",
        "metadata": "File: the TargetsMetadata, the bytes to sign.",
        "payloads": "list of structs of `name` and `file`: see `collect_payloads`.",
        "user_manifest": "File or None: the payload of the reserved target `user_manifest`.",
        "version": "int or None: the version; None if it comes from `version_file`.",
    },
)

def _targets_metadata_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(METADATA_SUFFIX))
    version = value_of(ctx, label, "version", VERSION)
    expires = value_of(ctx, label, "expires", DATE, mandatory = False)
    payloads = [
        payload
        for entries in collect_payloads(label, ctx.attr.targets).values()
        for payload in entries
    ]
    user_manifest = ctx.file.user_manifest
    digests = digest(ctx, label, payloads = payloads, user_manifest = user_manifest)
    metadata = ctx.actions.declare_file(label.name + ".targets_metadata.unsigned.pb")
    make_targets_metadata(
        ctx,
        label,
        digests = digests,
        version = version,
        expires = expires,
        strict_pigweed = ctx.attr.strict_pigweed,
        metadata = metadata,
    )
    return [
        DefaultInfo(files = depset([metadata])),
        UnsignedTargetsMetadataInfo(
            digests = digests,
            metadata = metadata,
            payloads = payloads,
            user_manifest = user_manifest,
            version = int_of(version),
        ),
    ]

_VALUES = (
    value_attributes("expires", DATE, doc = "When the metadata expires, in RFC 3339; empty if never.") |
    value_attributes("version", VERSION, doc = "The version.")
)

targets_metadata = rule(
    implementation = _targets_metadata_impl,
    doc = "Hashes artifacts and lists them in unsigned targets metadata.",
    attrs = TOOL | _VALUES | {
        "strict_pigweed": attr.bool(doc = "Whether to reject targets that Pigweed's client would not install."),
        "targets": attr.string_keyed_label_dict(
            doc = "Target names, or prefixes that end in /, and their labels.",
            allow_files = True,
        ),
        "user_manifest": attr.label(
            doc = "The payload of the reserved target `user_manifest`.",
            allow_single_file = True,
        ),
    },
)
