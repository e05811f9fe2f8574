"""The action that hashes a bundle."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def sha256(ctx, *, bundle, output):
    """Declares the action that writes a bundle's SHA-256, for `sha256sum -c`.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the bundle.
      output: File: the line of SHA-256 and file name to write.
    """
    args = tool_args(ctx, ["step", "sha256"])
    args.add(bundle)
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [bundle],
        outputs = [output],
        mnemonic = "SoftwareUpdateSha256",
        progress_message = "Hashing the bundle %s" % display(ctx.label),
    )
