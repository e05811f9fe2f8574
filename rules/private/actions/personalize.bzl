"""The action that leaves payloads out of a bundle."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def personalize(ctx, *, bundle, installed, output):
    """Declares the action that leaves out the payloads that a device already has.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the whole bundle.
      installed: File: the installed manifest of the device, or the bundle that it installed.
      output: File: the personalized bundle to write.
    """
    args = tool_args(ctx, ["bundle", "personalize"])
    args.add(bundle)
    args.add(installed, format = "--installed=%s")
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [bundle, installed],
        outputs = [output],
        mnemonic = "SoftwareUpdatePersonalize",
        progress_message = "Leaving the payloads that devices have out of %s" % display(ctx.label),
    )
