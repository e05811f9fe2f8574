"""The action that compares two releases."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def diff(ctx, *, old, new, trusted_root, output, report):
    """Declares the action that compares two releases.

    It does not run diffoscope, because a build does not depend on the programs of its machine.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      old: File: the bundle or the installed manifest of the release that devices run.
      new: File: the bundle of the new release.
      trusted_root: File or None: the root with which the verification starts; without it, the text says NOT VERIFIED.
      output: File: the text to write.
      report: File: the JSON report to write.
    """
    args = tool_args(ctx, ["bundle", "diff"])
    args.add(old)
    args.add(new)
    if trusted_root:
        args.add(trusted_root, format = "--trusted-root=%s")
    args.add("--at=none")
    args.add("--no-diffoscope")
    args.add(report, format = "--report=%s")
    args.add(output, format = "--output=%s")
    run_tool(
        ctx,
        args = args,
        inputs = [each for each in [old, new, trusted_root] if each],
        outputs = [output, report],
        mnemonic = "SoftwareUpdateDiff",
        progress_message = "Comparing two releases for %s" % display(ctx.label),
    )
