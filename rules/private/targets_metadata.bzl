"""The private target `NAME._metadata`: unsigned targets metadata of artifacts."""

load("//rules/private/actions:compress.bzl", "compress")
load("//rules/private/actions:digest.bzl", "digest")
load("//rules/private/actions:targets_metadata.bzl", "make_targets_metadata")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:compression.bzl", "COMPRESSION", "compressed_keys")
load("//rules/private/attributes:roots.bzl", "unsigned_root_of")
load("//rules/private/attributes:targets.bzl", "collect_payloads")
load("//rules/private/attributes:unchanged.bzl", "check_removes", "earlier_of")
load("//rules/private/attributes:value.bzl", "DATE", "VERSION", "int_of", "value_attributes", "value_of")

visibility("//rules/...")

METADATA_SUFFIX = "._metadata"

UnsignedTargetsMetadataInfo = provider(
    doc = "Targets metadata without signatures, and the inputs that it was made from.",
    fields = {
        "digests": "list of File: the digest records.",
        "earlier": "struct or None: the earlier release whose targets the metadata lists again, as `earlier_of` returns it.",
        "metadata": "File: the TargetsMetadata, the bytes to sign.",
        "payloads": "list of structs of `name` and `file`, as `collect_payloads` and `compress` return them: the payloads in the bundle.",
        "user_manifest": "File or None: the payload of the reserved target `user_manifest`.",
        "version": "int or None: the version; None if it comes from `version_file`.",
    },
)

def _targets_metadata_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(METADATA_SUFFIX))
    version = value_of(ctx, label, "version", VERSION)
    expires = value_of(ctx, label, "expires", DATE, mandatory = False)
    earlier = earlier_of(ctx.attr.unchanged_from, ctx.file.unchanged_from)
    collected = collect_payloads(label, ctx.attr.targets, strip_prefix = ctx.attr.strip_prefix, may_be_empty = bool(earlier))
    payloads = [payload for entries in collected.values() for payload in entries]
    user_manifest = ctx.file.user_manifest
    check_removes(label, ctx.attr.removes, earlier = earlier, payloads = payloads, user_manifest = user_manifest)
    to_compress = compressed_keys(ctx, label)
    compressed = compress(
        ctx,
        label,
        payloads = [payload for key in to_compress for payload in collected[key]],
        level = ctx.attr.compression_level,
    )
    stored = [payload for key, entries in collected.items() if key not in to_compress for payload in entries]
    digests = digest(ctx, label, payloads = stored, user_manifest = user_manifest) + compressed.digests
    metadata = ctx.actions.declare_file(label.name + ".targets_metadata.unsigned.pb")
    make_targets_metadata(
        ctx,
        label,
        digests = digests,
        version = version,
        expires = expires,
        strict_pigweed = ctx.attr.strict_pigweed,
        earlier = earlier,
        removes = ctx.attr.removes,
        root = unsigned_root_of(ctx.attr.root, ctx.file.root) or unsigned_root_of(ctx.attr.root_or_dev_root, ctx.file.root_or_dev_root),
        metadata = metadata,
    )
    return [
        DefaultInfo(files = depset([metadata])),
        UnsignedTargetsMetadataInfo(
            digests = digests,
            earlier = earlier,
            metadata = metadata,
            payloads = stored + compressed.payloads,
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
    attrs = TOOL | _VALUES | COMPRESSION | {
        "removes": attr.string_list(doc = "Targets of `unchanged_from` that the metadata does not list."),
        "root": attr.label(
            doc = "The root that must accept `unchanged_from` if that is the file of a bundle.",
            allow_single_file = True,
        ),
        "root_or_dev_root": attr.label(
            doc = "The same, or the root to use if `root` is None.",
            default = Label("//tools/dev_keys:dev_root"),
            allow_single_file = True,
        ),
        "strict_pigweed": attr.bool(doc = "Whether to reject targets that Pigweed's client would not install."),
        "strip_prefix": attr.string_dict(doc = "Prefixes in `targets`, and the folders whose files they stand for."),
        "targets": attr.string_keyed_label_dict(
            doc = "Target names, or prefixes that end in /, and their labels.",
            allow_files = True,
        ),
        "unchanged_from": attr.label(
            doc = "The earlier release whose targets the metadata lists again: a bundle or an installed manifest.",
            allow_single_file = True,
        ),
        "user_manifest": attr.label(
            doc = "The payload of the reserved target `user_manifest`.",
            allow_single_file = True,
        ),
    },
)
