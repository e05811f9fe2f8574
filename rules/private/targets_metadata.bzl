"""The private target `NAME._metadata`: unsigned targets metadata of artifacts."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/private/actions:digest.bzl", "digest")
load("//rules/private/actions:targets_metadata.bzl", "make_targets_metadata")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:integer.bzl", "integer_attribute", "integer_of")
load("//rules/private/attributes:targets.bzl", "collect_payloads")
load("//rules/private/checks:date.bzl", "check_date")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/private/checks:integer.bzl", "A_VERSION", "is_integer", "refuse_integer")

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

def _version(ctx, label):
    """Returns the version as an int, or None if it is in a file."""
    version = integer_of(ctx.attr, "version")
    given = {
        "version": version,
        "version_file": ctx.attr.version_file and display(ctx.attr.version_file.label),
        "version_flag": ctx.attr.version_flag and display(ctx.attr.version_flag.label),
    }
    given = {attribute: value for attribute, value in given.items() if value}
    if len(given) != 1:
        refuse(label, " and ".join(given) or "version", given.values() or None, "write exactly one of version, version_file and version_flag")
    if ctx.attr.version_file:
        return None
    if ctx.attr.version_flag:
        flag = ctx.attr.version_flag
        value = str(flag[BuildSettingInfo].value)
        if not is_integer(value):
            refuse(label, "version_flag", display(flag.label), "the flag is %s; %s, as in --%s=7" % (repr(value), A_VERSION, display(flag.label)))
        return int(value, 10)
    if not is_integer(version):
        refuse_integer(label, "version", version, A_VERSION)
    return int(version, 10)

def _targets_metadata_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(METADATA_SUFFIX))
    version = _version(ctx, label)
    check_date(label, "expires", ctx.attr.expires)
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
        version_file = ctx.file.version_file,
        expires = ctx.attr.expires,
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
            version = version,
        ),
    ]

targets_metadata = rule(
    implementation = _targets_metadata_impl,
    doc = "Hashes artifacts and lists them in unsigned targets metadata.",
    attrs = TOOL | integer_attribute("version", doc = "The version.") | {
        "expires": attr.string(doc = "When the metadata expires, in RFC 3339; empty if never."),
        "strict_pigweed": attr.bool(doc = "Whether to reject targets that Pigweed's client would not install."),
        "targets": attr.string_keyed_label_dict(
            doc = "Target names, or prefixes that end in /, and their labels.",
            allow_files = True,
        ),
        "user_manifest": attr.label(
            doc = "The payload of the reserved target `user_manifest`.",
            allow_single_file = True,
        ),
        "version_file": attr.label(
            doc = "A file that contains the version.",
            allow_single_file = True,
        ),
        "version_flag": attr.label(
            doc = "A build setting that holds the version.",
            providers = [BuildSettingInfo],
        ),
    },
)
