"""The action that writes a signing request for targets metadata."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

SIGNING_REQUEST_SUFFIX = ".signing_request"

def declare_signing_request(ctx, label):
    """Declares the two files of a signing request.

    Args:
      ctx: The rule's context.
      label: The Label of the bundle or root.

    Returns:
      A struct of two Files: `bytes`, the bytes to sign, and `summary`, the JSON that describes them.
    """
    return struct(
        bytes = ctx.actions.declare_file(label.name + SIGNING_REQUEST_SUFFIX),
        summary = ctx.actions.declare_file(label.name + SIGNING_REQUEST_SUFFIX + ".json"),
    )

def request(ctx, label, *, metadata, root, user_manifest, holders, signing_request):
    """Declares the action that writes a signing request for targets metadata.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      label: The Label of the bundle.
      metadata: File: the TargetsMetadata.
      root: File: the root that lists the keys that may sign.
      user_manifest: File or None: the payload of the reserved target `user_manifest`.
      holders: File or None: the names of the keys.
      signing_request: The struct of Files to write, from `declare_signing_request`.
    """
    args = tool_args(ctx, ["step", "request"])
    args.add(metadata, format = "--metadata=%s")
    args.add(root, format = "--root=%s")
    inputs = [metadata, root]
    if user_manifest:
        args.add(user_manifest, format = "--user-manifest=%s")
        inputs.append(user_manifest)
    if holders:
        args.add(holders, format = "--holders=%s")
        inputs.append(holders)
    args.add(signing_request.bytes, format = "--bytes=%s")
    args.add("-o", signing_request.summary)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [signing_request.summary, signing_request.bytes],
        mnemonic = "SoftwareUpdateRequest",
        progress_message = "Writing the signing request of %s" % display(label),
    )
