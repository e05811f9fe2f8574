"""The action that verifies a bundle, as a device would."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def verify(ctx, *, bundle, trusted_root, at = None, installed = None, ignore_installed_root = False, write_installed = None):
    """Declares the action that verifies a bundle.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the bundle.
      trusted_root: File: the root that the device trusts.
      at: The time on the device in RFC 3339; None or empty if the action must not check expiry dates.
      installed: File or None: the installed manifest of the device.
      ignore_installed_root: A bool: whether `installed` may name another root than a device with `trusted_root` has.
      write_installed: File or None: the manifest to write, which the device keeps after it has installed the bundle.

    Returns:
      The File of the report.
    """
    report = ctx.actions.declare_file(ctx.label.name + ".verdict.json")
    args = tool_args(ctx, ["bundle", "verify"])
    args.add(bundle)
    args.add(trusted_root, format = "--trusted-root=%s")
    if installed:
        args.add(installed, format = "--installed=%s")
        if ignore_installed_root:
            args.add("--ignore-installed-root")
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
