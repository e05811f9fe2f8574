"""The action that verifies a bundle, as a device would: the same for whole and personalized ones."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def verify(ctx, *, bundle, trusted_root, at = None, installed = None, write_installed = None):
    """Declares that action.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the bundle.
      trusted_root: File: what the device trusts.
      at: The time on the device; None or empty means that no expiry is checked.
      installed: File: the manifest of what the device runs; or None.
      write_installed: File: where to write the manifest that the device keeps; or None.

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
    if write_installed:
        args.add(write_installed, format = "--write-installed=%s")
    run_tool(
        ctx,
        args = args,
        inputs = [bundle, trusted_root] + ([installed] if installed else []),
        outputs = [report] + ([write_installed] if write_installed else []),
        mnemonic = "SoftwareUpdateVerify",
        progress_message = "Verifying the bundle %s" % display(ctx.label),
    )
    return report
