"""The action that writes a signing request for root metadata."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def request_root(ctx, *, root, previous, strict_pigweed, holders, signing_request):
    """Declares the action that writes a signing request for root metadata.

    The action fails if the root must not follow the previous one.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      root: File: the root, without signatures.
      previous: File or None: the root before it.
      strict_pigweed: A bool: whether the action rejects a move that Pigweed's client would not make at once.
      holders: File: the names of the keys of both roots.
      signing_request: The struct of Files to write, from `declare_signing_request`.
    """
    args = tool_args(ctx, ["root", "request"])
    args.add(root)
    args.add(holders, format = "--holders=%s")
    inputs = [root, holders]
    if previous:
        args.add(previous, format = "--previous=%s")
        inputs.append(previous)
        if strict_pigweed:
            args.add("--strict-pigweed")
    else:
        args.add("--initial")
    args.add("--quiet")

    # The command writes the summary next to the bytes.
    args.add("-o", signing_request.bytes)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [signing_request.summary, signing_request.bytes],
        mnemonic = "SoftwareUpdateRootRequest",
        progress_message = "Writing the signing request of %s" % display(ctx.label),
    )
