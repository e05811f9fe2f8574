"""How metadata is signed: the flag that says so, and the action that attaches signatures."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load(":tool.bzl", "run_tool")

visibility("//rules/...")

SIGNING = {
    "_signing": attr.label(
        default = Label("//rules/settings:signing"),
        doc = "The mode: dev, release or unsigned.",
        providers = [BuildSettingInfo],
    ),
    "signatures": attr.label_list(
        doc = "Signatures of the signing request, as `software-update sign` writes them. Read in release mode alone.",
        allow_files = True,
    ),
}

def signing_mode(ctx):
    """The mode of this build.

    Args:
      ctx: The context of a rule with the attributes of `SIGNING`.

    Returns:
      "dev", "release" or "unsigned".
    """
    return ctx.attr._signing[BuildSettingInfo].value

def attach(ctx, *, role, metadata, root = None, previous = None, signed, progress_message):
    """Declares the action that puts the signatures beside what they sign, and fails unless they suffice.

    Args:
      ctx: The context of a rule with the attributes of `SIGNING` and `TOOL`.
      role: "root" or "targets".
      metadata: File: the bytes that were signed.
      root: File: the root that says who signs targets metadata; None for a root.
      previous: File: the root before a root, which says who signs too; or None.
      signed: File: what to write.
      progress_message: What Bazel prints while the action runs.
    """
    roots = [file for file in [root, previous] if file]
    args = ctx.actions.args()
    args.add(metadata, format = "--metadata=%s")
    args.add(role, format = "--role=%s")
    if root:
        args.add(root, format = "--root=%s")
    if previous:
        args.add(previous, format = "--previous=%s")
    args.add_all(ctx.files.signatures, format_each = "--signature=%s")
    args.add("-o", signed)
    run_tool(
        ctx,
        command = ["step", "attach"],
        args = args,
        inputs = [metadata] + roots + ctx.files.signatures,
        outputs = [signed],
        mnemonic = "SoftwareUpdateAttach",
        progress_message = progress_message,
    )
