"""The action that attaches detached signatures to metadata."""

load("//rules/private/checks:errors.bzl", "display")
load(":identify.bzl", "identify")
load(":signing_request.bzl", "SIGNING_REQUEST_SUFFIX")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def _signing_request(label):
    """Returns the target that makes the signing request of a bundle or root, for errors."""
    return display(label.same_package_label(label.name + SIGNING_REQUEST_SUFFIX))

def attach(ctx, *, role, metadata, root = None, root_label = None, root_chain = [], trusted_roots = [], previous = None, holders = None, dev_keys, signed, progress_message):
    """Declares the action that makes signed metadata from the bytes to sign and the attribute `signatures`.

    The action fails if too few keys have signed, or if a root lists a dev key.

    Args:
      ctx: The context of a rule with the attributes of `SIGNING` and `TOOL`.
      role: "root" or "targets".
      metadata: File: the bytes to sign.
      root: File: the root that lists the keys of targets metadata; None for the role "root".
      root_label: The Label of the `software_update_root` that made `root`, for errors; None if no such rule did.
      root_chain: A list of File: the roots that lead to `root`.
      trusted_roots: A list of File: other roots that devices have.
      previous: File or None: for the role "root", the root before it, whose keys must also sign.
      holders: File or None: the names of the keys, for errors.
      dev_keys: A depset of File: private keys in the tree, which the roots must not list.
      signed: File: the signed metadata to write.
      progress_message: The text that Bazel prints while the action runs.
    """
    identities = []
    if dev_keys:
        identities = [ctx.actions.declare_file(ctx.label.name + ".dev_key_identities.json")]
        identify(ctx, dev_keys = dev_keys, identities = identities[0])
    roots = root_chain + trusted_roots + [file for file in [root, previous, holders] if file]
    args = tool_args(ctx, ["step", "attach"])
    args.add(metadata, format = "--metadata=%s")
    args.add(role, format = "--role=%s")
    args.add(_signing_request(ctx.label), format = "--request=%s")
    if root:
        args.add(root, format = "--root=%s")
    if root_label:
        args.add(_signing_request(root_label), format = "--root-request=%s")
    if previous:
        args.add(previous, format = "--previous=%s")
    if holders:
        args.add(holders, format = "--holders=%s")
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
