"""The action that gathers signing requests into one folder."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def gather(ctx, *, requests, folder):
    """Declares the action that gathers signing requests into one folder with an index.

    The action fails if anyone can sign one of the requests.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      requests: A list of structs from `signing_request_of`.
      folder: File: the directory to write.
    """
    args = tool_args(ctx, ["step", "gather"])
    for request in requests:
        args.add(request.bytes, format = "--request=%s")
        args.add(display(request.label), format = "--label=%s")
        args.add(request.signatures_folder, format = "--signatures-folder=%s")
    roots = {root: None for request in requests for root in request.roots}.keys()
    args.add_all(roots, format_each = "--root=%s")

    # Not expanded: the tool gets the path of the directory.
    args.add_all([folder], expand_directories = False, format_each = "--output=%s")
    run_tool(
        ctx,
        args = args,
        inputs = [file for request in requests for file in [request.bytes, request.summary]] + roots,
        outputs = [folder],
        mnemonic = "SoftwareUpdateGather",
        progress_message = "Gathering the signing requests of %s" % display(ctx.label),
    )
