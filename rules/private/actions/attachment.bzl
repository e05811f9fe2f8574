"""The action that puts an attachment next to its bundle."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def lay_attachment(ctx, *, file, bundle, public_keys, output):
    """Declares the action that checks an attachment and puts it next to its bundle.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      file: File: the attachment.
      bundle: File: the bundle.
      public_keys: A list of Files: public keys of which one must have signed a statement; empty if any may.
      output: File: the copy of the attachment.
    """

    # Everything in the folder of the output is published, so no file with arguments may be there.
    args = tool_args(ctx, ["step", "attachment"], in_file = False)
    args.add(file)
    args.add(bundle, format = "--bundle=%s")
    args.add_all(public_keys, format_each = "--public=%s")
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [file, bundle] + public_keys,
        outputs = [output],
        mnemonic = "SoftwareUpdateAttachment",
        in_file = False,
        progress_message = "Checking the attachment %s" % display(ctx.label),
    )
