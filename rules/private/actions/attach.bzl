"""The action that puts signatures next to the metadata that they sign."""

load(":identify.bzl", "identify")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def attach(ctx, *, role, metadata, root = None, root_chain = [], trusted_roots = [], previous = None, dev_keys, signed, progress_message):
    """Declares the action that puts the signatures next to what they sign.

    The action fails unless the signatures suffice, and if a root lists a dev key.

    Args:
      ctx: The context of a rule with the attributes of `SIGNING` and `TOOL`.
      role: "root" or "targets".
      metadata: File: the bytes that were signed.
      root: File: the root that says who signs targets metadata; None for a root.
      root_chain: A list of File: the roots that lead to that one.
      trusted_roots: A list of File: roots that devices have, which are not among those.
      previous: File: the root before a root, which says who signs too; or None.
      dev_keys: A depset of File: private keys in the tree, which no root may list.
      signed: File: what to write.
      progress_message: What Bazel prints while the action runs.
    """
    identities = []
    if dev_keys:
        identities = [ctx.actions.declare_file(ctx.label.name + ".dev_key_identities.json")]
        identify(ctx, dev_keys = dev_keys, identities = identities[0])
    roots = root_chain + trusted_roots + [file for file in [root, previous] if file]
    args = tool_args(ctx, ["step", "attach"])
    args.add(metadata, format = "--metadata=%s")
    args.add(role, format = "--role=%s")
    if root:
        args.add(root, format = "--root=%s")
    if previous:
        args.add(previous, format = "--previous=%s")
    args.add_all(root_chain, format_each = "--root-chain=%s")
    args.add_all(trusted_roots, format_each = "--trusted-root=%s")
    args.add_all(identities, format_each = "--dev-key-identities=%s")
    args.add_all(ctx.files.signatures, format_each = "--signature=%s")
    args.add("-o", signed)
    run_tool(
        ctx,
        args = args,
        inputs = [metadata] + roots + identities + ctx.files.signatures,
        outputs = [signed],
        mnemonic = "SoftwareUpdateAttach",
        progress_message = progress_message,
    )
