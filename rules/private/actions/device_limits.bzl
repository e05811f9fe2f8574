"""The action that writes the limits of a device as C++."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def write_device_limits(ctx, *, limits, header):
    """Declares the action that writes a C++ header with the limits of a device.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      limits: File: the limits.
      header: File: the header to write.
    """
    args = tool_args(ctx, ["device", "limits"])
    args.add(limits)
    args.add("-o", header)
    run_tool(
        ctx,
        args = args,
        inputs = [limits],
        outputs = [header],
        mnemonic = "SoftwareUpdateDeviceLimits",
        progress_message = "Writing the device limits %s" % display(ctx.label),
    )
