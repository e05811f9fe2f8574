"""The action that makes unsigned root metadata."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "add_value", "run_tool", "tool_args")

visibility("//rules/...")

def create_root(ctx, *, version, root_keys, targets_keys, root_threshold, targets_threshold, expires, allowed_targets, dev_keys, root):
    """Declares the action that makes root metadata from public keys.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      version: The version, in decimal text.
      root_keys: A list of File: the public keys of the role `root`.
      targets_keys: A list of File: the public keys of the role `targets`.
      root_threshold: The number of root keys that must sign, in decimal text.
      targets_threshold: The number of targets keys that must sign, in decimal text.
      expires: The expiry date, from `value_of`; None for a root that never expires.
      allowed_targets: A list of strings: the targets that releases may list; empty for a root that allows all.
      dev_keys: A bool: whether the root states `dev_keys`, because anyone can sign under it.
      root: File: the SignedRootMetadata to write.
    """
    args = tool_args(ctx, ["root", "create"])
    args.add(version, format = "--version=%s")
    args.add_all(root_keys, format_each = "--root-key=%s")
    args.add_all(targets_keys, format_each = "--targets-key=%s")
    args.add(root_threshold, format = "--root-threshold=%s")
    args.add(targets_threshold, format = "--targets-threshold=%s")
    value_files = add_value(args, "--expires", expires)
    args.add_all(allowed_targets, format_each = "--allowed-target=%s")
    if dev_keys:
        args.add("--dev-keys")
    args.add("-o", root)
    run_tool(
        ctx,
        args = args,
        inputs = root_keys + targets_keys + value_files,
        outputs = [root],
        mnemonic = "SoftwareUpdateRoot",
        progress_message = "Making the root metadata %s" % display(ctx.label),
    )
