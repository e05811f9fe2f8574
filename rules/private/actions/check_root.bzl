"""The action that checks a root against the root before it."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def check_root(ctx, *, root, previous, strict_pigweed, holders, report):
    """Declares the action that checks whether a device may move from one root to another.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      root: File: the root.
      previous: File: the root before it.
      strict_pigweed: A bool: whether the action rejects a move that Pigweed's client would not make at once.
      holders: File: the names of the keys of both roots.
      report: File: the JSON report to write, which lists the missing signatures.
    """
    args = tool_args(ctx, ["root", "check"])
    args.add(root)
    args.add(previous, format = "--previous=%s")
    args.add(holders, format = "--holders=%s")
    args.add(report, format = "--report=%s")
    if strict_pigweed:
        args.add("--strict-pigweed")
    run_tool(
        ctx,
        args = args,
        inputs = [root, previous, holders],
        outputs = [report],
        mnemonic = "SoftwareUpdateRootCheck",
        progress_message = "Checking the root metadata %s against the root before it" % display(ctx.label),
    )
