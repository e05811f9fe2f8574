"""The action that verifies the bundles to publish, and lists them."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def release_list(ctx, *, channel, trusted_root, repository_root, bundles, personalized, output):
    """Declares the action that writes a release list.

    The file contains paths that are relative to its own folder, so all inputs must be below that folder.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      channel: The channel's name.
      trusted_root: File: the root that devices trust.
      repository_root: File or None: the root of the repository.
      bundles: A list of File: the whole bundles, the oldest release first.
      personalized: A list of pairs of File: a personalized bundle, and the installed manifest of its devices.
      output: File: the list to write.
    """
    args = tool_args(ctx, ["step", "release-list"])
    args.add(channel, format = "--channel=%s")
    args.add(trusted_root, format = "--trusted-root=%s")
    if repository_root:
        args.add(repository_root, format = "--repository-root=%s")
    args.add_all(bundles, format_each = "--bundle=%s")
    for bundle, installed in personalized:
        args.add(bundle, format = "--personalized=%s")
        args.add(installed, format = "--installed=%s")
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [trusted_root] + ([repository_root] if repository_root else []) +
                 bundles + [file for pair in personalized for file in pair],
        outputs = [output],
        mnemonic = "SoftwareUpdateReleaseList",
        progress_message = "Verifying the bundles of %s" % display(ctx.label),
    )
