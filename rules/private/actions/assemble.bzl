"""The action that writes a bundle."""

load("//rules/private/checks:errors.bzl", "display")
load(":payloads.bzl", "add_payloads")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def assemble(ctx, *, targets_metadata, root, root_chain, assumed_first_root, payloads, user_manifest, earlier, strict_pigweed, device_limits, trusted_root, bundle):
    """Declares the action that puts signed metadata and payloads into a bundle.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      targets_metadata: File: the signed targets metadata.
      root: File: the root metadata.
      root_chain: A list of File: the roots that lead to `root`, oldest first.
      assumed_first_root: File or None: a root that must have version 1, because the build knows none before it.
      payloads: A list of structs of `name` and `file`, as `collect_payloads` returns them.
      user_manifest: File or None: the payload of the reserved target `user_manifest`.
      earlier: None, or the earlier release whose unchanged targets need no payload, as `earlier_of` returns it.
      strict_pigweed: A bool: whether the action rejects what Pigweed's client would not install.
      device_limits: File or None: the limits of a device. The action rejects a bundle that exceeds them.
      trusted_root: File: the root that this device trusts.
      bundle: File: the bundle to write.
    """
    args = tool_args(ctx, ["step", "assemble"])
    args.add(root, format = "--root=%s")
    args.add_all(root_chain, format_each = "--root-chain=%s")
    args.add(targets_metadata, format = "--targets-metadata=%s")
    add_payloads(args, payloads)
    inputs = [root, targets_metadata] + root_chain + [payload.file for payload in payloads]
    if assumed_first_root:
        args.add(assumed_first_root, format = "--first-root=%s")
        inputs.append(assumed_first_root)
    if user_manifest:
        args.add(user_manifest, format = "--user-manifest=%s")
        inputs.append(user_manifest)
    if earlier:
        args.add(earlier.file, format = earlier.option + "=%s")
        inputs.append(earlier.file)
    if strict_pigweed:
        args.add("--strict-pigweed")
    if device_limits:
        args.add(device_limits, format = "--device-limits=%s")
        args.add(trusted_root, format = "--trusted-root=%s")
        inputs += [device_limits, trusted_root]
    args.add("-o", bundle)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [bundle],
        mnemonic = "SoftwareUpdateAssemble",
        progress_message = "Assembling the bundle %s" % display(ctx.label),
    )
