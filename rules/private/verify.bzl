"""The action that verifies a bundle, as a device would: the same for whole and personalized ones."""

load(":errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def verify(ctx, *, bundle, trusted_root, at = None, installed = None, manifest = None):
    """Declares that action.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the bundle.
      trusted_root: File: what the device trusts.
      at: The time on the device; None or empty means that no expiry is checked.
      installed: File: the manifest of what the device runs; or None.
      manifest: File: where to write what the device keeps; or None.

    Returns:
      The File of the report.
    """
    report = ctx.actions.declare_file(ctx.label.name + ".verdict.json")
    args = tool_args(ctx, ["bundle", "verify"])
    args.add(bundle)
    args.add(trusted_root, format = "--trusted-root=%s")
    if installed:
        args.add(installed, format = "--installed=%s")
    args.add(at or "none", format = "--at=%s")
    args.add(report, format = "--report=%s")
    if manifest:
        args.add(manifest, format = "--write-manifest=%s")
    run_tool(
        ctx,
        args = args,
        inputs = [bundle, trusted_root] + ([installed] if installed else []),
        outputs = [report] + ([manifest] if manifest else []),
        mnemonic = "SoftwareUpdateVerify",
        progress_message = "Verifying the bundle %s" % display(ctx.label),
    )
    return report
