"""The action that writes the page of a release."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def page(ctx, *, bundle, trusted_root, previous, attachments, format, language, output):
    """Declares the action that writes the page of a release.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      bundle: File: the bundle of the release.
      trusted_root: File or None: the root with which the verification starts; without it, the page says NOT VERIFIED.
      previous: File or None: the installed manifest or bundle of the release that devices run.
      attachments: A list of Files: the files about the release.
      format: A string: `html`, `json` or `text`.
      language: A string: the language tag of the reader.
      output: File: the page to write.
    """
    args = tool_args(ctx, ["bundle", "page"])
    args.add(bundle)
    if trusted_root:
        args.add(trusted_root, format = "--trusted-root=%s")
    if previous:
        args.add(previous, format = "--previous=%s")
    args.add("--attachment")
    args.add_all(attachments)
    args.add("--at=none")
    args.add(format, format = "--format=%s")
    args.add(language, format = "--language=%s")
    args.add(output, format = "--out=%s")
    run_tool(
        ctx,
        args = args,
        inputs = [each for each in [bundle, trusted_root, previous] if each] + attachments,
        outputs = [output],
        mnemonic = "SoftwareUpdatePage",
        progress_message = "Writing the page %s" % display(ctx.label),
    )
