"""The action that signs targets metadata with dev keys, or wraps it without a signature."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def sign(ctx, *, metadata, root, dev_keys, signed):
    """Declares the action that makes signed targets metadata.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      metadata: File: the bytes to sign.
      root: File: the root that must list the keys.
      dev_keys: A list of File: private keys in the tree; empty for metadata without a signature.
      signed: File: the signed targets metadata to write.
    """
    args = tool_args(ctx, ["step", "sign"])
    args.add(metadata, format = "--metadata=%s")
    args.add(root, format = "--root=%s")
    if dev_keys:
        args.add_all(dev_keys, format_each = "--dev-signing-key=%s")
        message = "Signing the targets metadata of %s with dev keys"
    else:
        args.add("--unsigned")
        message = "Leaving the targets metadata of %s unsigned"
    args.add("-o", signed)
    run_tool(
        ctx,
        args = args,
        inputs = [metadata, root] + dev_keys,
        outputs = [signed],
        mnemonic = "SoftwareUpdateSign",
        progress_message = message % display(ctx.label),
    )
