"""The action that writes a release if it contains exactly the tested payloads."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def promote(ctx, *, tested, release, trusted_root, installed, at, output, report):
    """Declares the action that compares a release with the tested bundle, and writes the release.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      tested: File: the tested bundle.
      release: File: the bundle to release.
      trusted_root: File: the root that devices trust.
      installed: File or None: the release that devices must have installed, because the bundles lack its payloads.
      at: The time on the device in RFC 3339; empty if the action must not check expiry dates.
      output: File: the release to write.
      report: File: the JSON report to write.
    """
    args = tool_args(ctx, ["bundle", "promote"])
    args.add(tested)
    args.add(release)
    args.add(trusted_root, format = "--trusted-root=%s")
    if installed:
        args.add(installed, format = "--installed=%s")
    args.add(at or "none", format = "--at=%s")
    args.add(report, format = "--report=%s")
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [tested, release, trusted_root] + ([installed] if installed else []),
        outputs = [output, report],
        mnemonic = "SoftwareUpdatePromote",
        progress_message = "Comparing %s with the tested bundle" % display(ctx.label),
    )
