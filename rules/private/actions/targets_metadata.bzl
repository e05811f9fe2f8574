"""The action that makes unsigned targets metadata."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def make_targets_metadata(ctx, label, *, digests, version, version_file, expires, strict_pigweed, metadata):
    """Declares the action that lists artifacts in targets metadata.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      label: The Label of the bundle.
      digests: A list of File: the digest records of the artifacts.
      version: int or None: the version; None if it is in `version_file`.
      version_file: File or None: the file that contains the version.
      expires: The expiry date in RFC 3339; empty for metadata that never expires.
      strict_pigweed: A bool: whether the action rejects what Pigweed's client would not install.
      metadata: File: the TargetsMetadata to write.
    """
    inputs = list(digests)
    args = tool_args(ctx, ["step", "targets"])
    args.add_all(digests, format_each = "--digests=%s")
    if version == None:
        args.add(version_file, format = "--version-file=%s")
        inputs.append(version_file)
    else:
        args.add(version, format = "--version=%s")
    if expires:
        args.add(expires, format = "--expires=%s")
    if strict_pigweed:
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
