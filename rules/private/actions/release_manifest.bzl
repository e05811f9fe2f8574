"""The action that writes a release manifest."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "add_value", "run_tool", "tool_args")

visibility("//rules/...")

def write_release_manifest(
        ctx,
        *,
        product,
        release_version,
        release_counter,
        hardware_ids,
        minimum_release_counter,
        notes,
        severity,
        support_until,
        output):
    """Declares the action that writes a release manifest.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      product: The product's name.
      release_version: The version for people, from `value_of`.
      release_counter: The release counter, from `value_of`.
      hardware_ids: A list of hardware ids; empty if the release is for any hardware.
      minimum_release_counter: The release counter that a device must have reached, from `value_of`; None if any.
      notes: File or None: the release notes.
      severity: The severity; empty if the manifest does not state one.
      support_until: The end of support, from `value_of`; None if the manifest does not state one.
      output: File: the JSON to write.
    """
    args = tool_args(ctx, ["step", "release-manifest"])
    args.add(product, format = "--product=%s")
    value_files = add_value(args, "--release-version", release_version)
    value_files += add_value(args, "--release-counter", release_counter)
    args.add_all(hardware_ids, format_each = "--hardware-id=%s")
    value_files += add_value(args, "--minimum-release-counter", minimum_release_counter)
    if notes:
        args.add(notes, format = "--notes-file=%s")
    if severity:
        args.add(severity, format = "--severity=%s")
    value_files += add_value(args, "--support-until", support_until)
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = ([notes] if notes else []) + value_files,
        outputs = [output],
        mnemonic = "SoftwareUpdateReleaseManifest",
        progress_message = "Writing the release manifest %s" % display(ctx.label),
    )
