"""The actions that describe a bundle for servers: its index, and its tree of files."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def index(ctx, *, bundle, output):
    """Declares the action that writes the index of a bundle.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the bundle.
      output: File: the JSON to write.
    """
    args = tool_args(ctx, ["step", "index"])
    args.add(bundle)
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [bundle],
        outputs = [output],
        mnemonic = "SoftwareUpdateIndex",
        progress_message = "Describing the bundle %s" % display(ctx.label),
    )

def tree(ctx, *, bundle, folder):
    """Declares the action that writes a bundle as the tree of a TUF repository.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the bundle.
      folder: File: the directory to write.
    """
    args = tool_args(ctx, ["step", "persist"])
    args.add(bundle)
    args.add_all("-o", [folder], expand_directories = False)
    run_tool(
        ctx,
        args = args,
        inputs = [bundle],
        outputs = [folder],
        mnemonic = "SoftwareUpdateTree",
        progress_message = "Writing the bundle %s as a tree" % display(ctx.label),
    )
