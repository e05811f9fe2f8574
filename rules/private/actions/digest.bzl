"""The actions that hash artifacts."""

load("//rules/private/checks:errors.bzl", "display")
load(":payloads.bzl", "add_payloads")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

# The number of actions that hash the files of a bundle, unless each would have too few or too many files.
_SHARDS = 16
_MIN_SHARD = 4
_MAX_SHARD = 64

def digest(ctx, label, *, payloads, user_manifest):
    """Declares the actions that write the digest records of a bundle.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      label: The Label of the bundle.
      payloads: A list of structs of `name` and `file`, as `collect_payloads` returns them.
      user_manifest: File or None: the payload of the reserved target `user_manifest`.

    Returns:
      A list of File: the digest records.
    """
    records = [_digest_payloads(ctx, label, shard) for shard in _shards(payloads)]
    if user_manifest:
        records.append(_digest_user_manifest(ctx, label, user_manifest))
    return records

def _shards(payloads):
    """Divides payloads into lists, one for each action.

    An action costs Bazel as much as hashing some MiB, so one action hashes several small files. After a file has
    changed, Bazel hashes all files of its list again.
    """
    files = [payload for payload in payloads if not payload.file.is_directory]
    size = max(_MIN_SHARD, min(_MAX_SHARD, -(-len(files) // _SHARDS)))
    directories = {}
    for payload in payloads:
        if payload.file.is_directory:
            directories.setdefault(payload.name, []).append(payload)
    return [files[start:start + size] for start in range(0, len(files), size)] + directories.values()

def _digest_payloads(ctx, label, payloads):
    # Target names never contain a ~, so the path of a record differs from the paths of all other records and of their
    # folders. A target name may have the greatest length of a file name, so the path adds a part and not an ending.
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
