"""The action that writes the SBOM of a release."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def write_sbom(ctx, *, components, product, release_version, own, output):
    """Declares the action that writes an SBOM, or checks and copies the product's own.

    Args:
      ctx: The context of a rule with the attributes of `SBOM_TOOL`.
      components: File: the components that the build knows, a JSON list.
      product: The product's name; empty with `own`.
      release_version: The version of the release; empty with `own`.
      own: File or None: the product's own SBOM.
      output: File: the SBOM.
    """
    args = tool_args(ctx, ["step", "sbom"])
    args.add(components, format = "--components=%s")
    if product:
        args.add(product, format = "--product=%s")
    if release_version:
        args.add(release_version, format = "--release-version=%s")
    if own:
        args.add(own, format = "--own=%s")
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [components] + ([own] if own else []),
        outputs = [output],
        mnemonic = "SoftwareUpdateSbom",
        progress_message = "Writing the SBOM %s" % display(ctx.label),
    )
