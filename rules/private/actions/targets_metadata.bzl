"""The action that makes unsigned targets metadata."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "add_value", "run_tool", "tool_args")

visibility("//rules/...")

def make_targets_metadata(ctx, label, *, digests, version, expires, strict_pigweed, earlier, removes, root, metadata):
    """Declares the action that lists artifacts in targets metadata.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      label: The Label of the bundle.
      digests: A list of File: the digest records of the artifacts.
      version: The version, from `value_of`.
      expires: The expiry date, from `value_of`; None for metadata that never expires.
      strict_pigweed: A bool: whether the action rejects what Pigweed's client would not install.
      earlier: None, or the earlier release whose targets the metadata lists again, as `earlier_of` returns it.
      removes: A list of strings: the targets of `earlier` that the metadata does not list.
      root: File: the root that must accept `earlier` if that is the file of a bundle.
      metadata: File: the TargetsMetadata to write.
    """
    args = tool_args(ctx, ["step", "targets"])
    args.add_all(digests, format_each = "--digests=%s")
    value_files = add_value(args, "--version", version) + add_value(args, "--expires", expires)
    inputs = digests + value_files
    if earlier:
        args.add(earlier.file, format = earlier.option + "=%s")
        inputs.append(earlier.file)
        if not earlier.is_metadata:
            args.add(root, format = "--root=%s")
            inputs.append(root)
    args.add_all(removes, format_each = "--removes=%s")
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
