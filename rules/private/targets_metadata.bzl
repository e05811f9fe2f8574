"""The private target `NAME._metadata`: from artifacts to unsigned targets metadata."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load(":date.bzl", "check_date")
load(":errors.bzl", "display", "refuse")
load(":integer.bzl", "A_VERSION", "integer_attribute", "integer_of", "is_integer", "refuse_integer")
load(":payloads.bzl", "add_payloads", "collect_payloads")
load(":tool.bzl", "TOOL", "run_tool", "tool_args")

visibility("//rules/...")

METADATA_SUFFIX = "._metadata"

# Files are hashed in this many actions, unless these would have too few or too many each.
_SHARDS = 16
_MIN_SHARD = 4
_MAX_SHARD = 64

UnsignedTargetsMetadataInfo = provider(
    doc = "Targets metadata without signatures, and the inputs that it was made from.",
    fields = {
        "digests": "list of File: the digest records.",
        "metadata": "File: the TargetsMetadata, the bytes to sign.",
        "payloads": "list of structs of `name` and `file`: see payloads.bzl.",
        "user_manifest": "File or None: the payload of the reserved target `user_manifest`.",
        "version": "int or None: the version; None if it comes from `version_file`.",
    },
)

def _version(ctx, label):
    """The version as an int, or None when it is in a file."""
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

def _shards(payloads):
    """The payloads in lists, each for one action.

    An action costs Bazel as much as hashing some MiB, so small files are not hashed one by one. But what is hashed
    together is hashed again together, when one of them has changed.
    """
    files = [payload for payload in payloads if not payload.file.is_directory]
    size = max(_MIN_SHARD, min(_MAX_SHARD, -(-len(files) // _SHARDS)))
    directories = {}
    for payload in payloads:
        if payload.file.is_directory:
            directories.setdefault(payload.name, []).append(payload)
    return [files[start:start + size] for start in range(0, len(files), size)] + directories.values()

def _digest(ctx, label, payloads):
    # No name of a target has a ~: so no record has the name of another, nor of the folder of another. Nor is it longer
    # than a file name may be, for a target may have the longest.
    first = payloads[0]
    name = first.name + ("~directory" if first.file.is_directory else "/~file")
    record = ctx.actions.declare_file("%s.digests/%s.json" % (label.name, name))
    args = tool_args(ctx, ["step", "digest"])
    add_payloads(args, payloads)
    args.add("-o", record)
    more = " and %d more" % (len(payloads) - 1) if len(payloads) > 1 else ""
    run_tool(
        ctx,
        args = args,
        inputs = [payload.file for payload in payloads],
        outputs = [record],
        mnemonic = "SoftwareUpdateDigest",
        progress_message = "Hashing %s%s of %s" % (first.name, more, display(label)),
    )
    return record

def _digest_user_manifest(ctx, label, user_manifest):
    record = ctx.actions.declare_file("%s.digests/~user_manifest.json" % label.name)
    args = tool_args(ctx, ["step", "digest"])
    args.add(user_manifest, format = "--user-manifest=%s")
    args.add("-o", record)
    run_tool(
        ctx,
        args = args,
        inputs = [user_manifest],
        outputs = [record],
        mnemonic = "SoftwareUpdateDigest",
        progress_message = "Hashing the user manifest of %s" % display(label),
    )
    return record

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

    digests = [_digest(ctx, label, shard) for shard in _shards(payloads)]
    if user_manifest:
        digests.append(_digest_user_manifest(ctx, label, user_manifest))

    metadata = ctx.actions.declare_file(label.name + ".targets_metadata.unsigned.pb")
    inputs = list(digests)
    args = tool_args(ctx, ["step", "targets"])
    args.add_all(digests, format_each = "--digests=%s")
    if version == None:
        args.add(ctx.file.version_file, format = "--version-file=%s")
        inputs.append(ctx.file.version_file)
    else:
        args.add(version, format = "--version=%s")
    if ctx.attr.expires:
        args.add(ctx.attr.expires, format = "--expires=%s")
    if ctx.attr.strict_pigweed:
        args.add("--strict-pigweed")
    args.add("-o", metadata)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [metadata],
        mnemonic = "SoftwareUpdateTargets",
        progress_message = "Making the targets metadata of %s" % display(label),
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
    doc = "Hashes artifacts, and lists them in unsigned targets metadata.",
    attrs = TOOL | integer_attribute("version", doc = "The version.") | {
        "expires": attr.string(doc = "When the metadata expires; empty means never."),
        "strict_pigweed": attr.bool(doc = "Refuse what Pigweed's client would not install."),
        "targets": attr.string_keyed_label_dict(
            doc = "Target name, or prefix that ends in /, to label.",
            allow_files = True,
        ),
        "user_manifest": attr.label(
            doc = "The payload of the reserved target user_manifest.",
            allow_single_file = True,
        ),
        "version_file": attr.label(
            doc = "A file that holds the version.",
            allow_single_file = True,
        ),
        "version_flag": attr.label(
            doc = "A build setting that holds the version.",
            providers = [BuildSettingInfo],
        ),
    },
)
