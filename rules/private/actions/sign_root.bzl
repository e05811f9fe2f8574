"""The action that signs root metadata with dev keys."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def sign_root(ctx, *, root, dev_keys, signed):
    """Declares the action that signs root metadata with dev keys.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      root: File: the root, without signatures.
      dev_keys: A list of File: private keys in the tree.
      signed: File: the signed root to write.
    """
    args = tool_args(ctx, ["root", "sign"])
    args.add(root)
    args.add_all(dev_keys, format_each = "--dev-signing-key=%s")
    args.add("-o", signed)
    run_tool(
        ctx,
        args = args,
        inputs = [root] + dev_keys,
        outputs = [signed],
        mnemonic = "SoftwareUpdateRootSign",
        progress_message = "Signing the root metadata %s with dev keys" % display(ctx.label),
    )
