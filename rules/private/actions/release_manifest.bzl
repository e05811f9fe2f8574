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
        kind,
        severity,
        advisories,
        duration,
        unavailable_functions,
        reversible,
        texts,
        claims,
        attachments,
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
      kind: The contents of the release; empty if the manifest does not state them.
      severity: The severity; empty if the manifest does not state one.
      advisories: A list of Files: JSON with security advisories.
      duration: The expected time of the installation in seconds, as text; empty if the manifest does not state it.
      unavailable_functions: A list of functions that do not work during the update.
      reversible: A bool: whether the update can be undone; None if the manifest does not state it.
      texts: A dict from language tags to Files: JSON with texts.
      claims: A list of Files: JSON with claims about targets.
      attachments: A list of Files that the manifest lists.
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
    if kind:
        args.add(kind, format = "--kind=%s")
    if severity:
        args.add(severity, format = "--severity=%s")
    args.add_all(advisories, format_each = "--advisories=%s")
    if duration:
        args.add(duration, format = "--duration=%s")
    args.add_all(unavailable_functions, format_each = "--unavailable-function=%s")
    if reversible != None:
        args.add("true" if reversible else "false", format = "--reversible=%s")
    for language, file in texts.items():
        args.add(file, format = "--texts=" + language.replace("%", "%%") + "=%s")
    args.add_all(claims, format_each = "--claims=%s")
    args.add_all(attachments, format_each = "--attachment=%s")
    value_files += add_value(args, "--support-until", support_until)
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = ([notes] if notes else []) + advisories + texts.values() + claims + attachments + value_files,
        outputs = [output],
        mnemonic = "SoftwareUpdateReleaseManifest",
        progress_message = "Writing the release manifest %s" % display(ctx.label),
    )
