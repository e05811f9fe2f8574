"""The action that writes a release manifest."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

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
      release_version: The version for people.
      release_counter: The release counter, in decimal text.
      hardware_ids: A list of hardware ids; empty if the release is for any hardware.
      minimum_release_counter: The release counter that a device must have reached, in decimal text; empty if any.
      notes: File or None: the release notes.
      severity: The severity; empty if the manifest does not state one.
      support_until: The end of support in RFC 3339; empty if the manifest does not state one.
      output: File: the JSON to write.
    """
    args = tool_args(ctx, ["step", "release-manifest"])
    args.add(product, format = "--product=%s")
    args.add(release_version, format = "--release-version=%s")
    args.add(release_counter, format = "--release-counter=%s")
    args.add_all(hardware_ids, format_each = "--hardware-id=%s")
    if minimum_release_counter:
        args.add(minimum_release_counter, format = "--minimum-release-counter=%s")
    if notes:
        args.add(notes, format = "--notes-file=%s")
    if severity:
        args.add(severity, format = "--severity=%s")
    if support_until:
        args.add(support_until, format = "--support-until=%s")
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = [notes] if notes else [],
        outputs = [output],
        mnemonic = "SoftwareUpdateReleaseManifest",
        progress_message = "Writing the release manifest %s" % display(ctx.label),
    )
