"""How metadata is signed: the flag that says so, and the action that attaches signatures."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")
load(":errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

_FLAG = Label("//rules/settings:signing")

# As a person writes it on the command line, who knows a module by the name in its `bazel_dep`.
SIGNING_FLAG = ("@rules_software_update" if _FLAG.repo_name else "") + "//%s:%s" % (_FLAG.package, _FLAG.name)

SIGNING = {
    "_signing": attr.label(
        default = _FLAG,
        doc = "The mode: dev, release or unsigned.",
        providers = [BuildSettingInfo],
    ),
    "signatures": attr.label_list(
        doc = "Signatures of the signing request, as `software-update sign` writes them. Read in release mode alone.",
        allow_files = True,
    ),
}

def signing_mode(ctx):
    """The mode of this build.

    Args:
      ctx: The context of a rule with the attributes of `SIGNING`.

    Returns:
      "dev", "release" or "unsigned".
    """
    return ctx.attr._signing[BuildSettingInfo].value

def dev_signing_keys(roots, own = []):
    """The private keys in the tree that are in reach of roots.

    Args:
      roots: A list of targets that roots come from, or None.
      own: A list of File: more of these keys.

    Returns:
      A depset of File.
    """
    infos = [root[SoftwareUpdateRootInfo] for root in roots if root and SoftwareUpdateRootInfo in root]
    return depset(own, transitive = [info.dev_signing_keys for info in infos])

def _identify(ctx, dev_keys, identities):
    """Declares the action that writes which private keys are in the tree.

    No other action on the way to a release reads one. The action signs nothing.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      dev_keys: A depset of File: private keys in the tree.
      identities: File: what to write.
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
        progress_message = "Identifying the dev keys in reach of %s" % display(ctx.label),
    )

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
        _identify(ctx, dev_keys, identities[0])
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
