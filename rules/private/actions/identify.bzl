"""The action that identifies the private keys in the tree."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def identify(ctx, *, dev_keys, identities):
    """Declares the action that writes the public identities of private keys in the tree.

    In release mode, no other action reads a private key. This action does not sign.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      dev_keys: A depset of File: private keys in the tree.
      identities: File: the JSON to write.
    """
    args = tool_args(ctx, ["step", "identify"])
    args.add_all(dev_keys, format_each = "--dev-signing-key=%s")
    args.add("-o", identities)
    run_tool(
        ctx,
        args = args,
        inputs = dev_keys.to_list(),
        outputs = [identities],
        mnemonic = "SoftwareUpdateIdentify",
        progress_message = "Identifying the dev keys that could sign %s" % display(ctx.label),
    )
