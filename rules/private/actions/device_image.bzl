"""The action that makes the disk image of a device for the factory."""

load("//rules/private/checks:errors.bzl", "display")
load(":identify.bzl", "identify")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def device_image(ctx, *, bundle, trusted_root, other_roots, layout, configuration, domain, slot, files, places, release, dev_keys, output, report):
    """Declares the action that makes an image.

    Args:
      ctx: The context of a rule with the attributes of `IMAGE_TOOL`.
      bundle: File: the bundle that devices ship with.
      trusted_root: File: the root that the device trusts for the domain of the bundle.
      other_roots: A dict from string to File: the roots of other domains.
      layout: File: the partitions.
      configuration: File: the configuration of the client on the device.
      domain: A string: the domain of the bundle; empty for the only one.
      slot: A string: the slot that gets the release; empty for the first one.
      files: A dict from string to File: more files by their places.
      places: A dict from string to string: the places of targets.
      release: A bool: whether the action must refuse development keys.
      dev_keys: A depset of File: private keys in the tree, for `release`.
      output: File: the image.
      report: File: the report about it, as JSON.
    """
    args = tool_args(ctx, ["device", "image"])
    args.add(bundle, format = "--bundle=%s")
    args.add(trusted_root, format = "--trusted-root=%s")
    args.add(layout, format = "--layout=%s")
    args.add(configuration, format = "--configuration=%s")
    if domain:
        args.add(domain, format = "--domain=%s")
    if slot:
        args.add(slot, format = "--slot=%s")
    for name, root in other_roots.items():
        args.add(root, format = "--other-root=" + name.replace("%", "%%") + "=%s")
    for place, file in files.items():
        args.add(file, format = "--file=" + place.replace("%", "%%") + "=%s")
    for target, place in places.items():
        args.add("--place=%s=%s" % (target, place))
    inputs = [bundle, trusted_root, layout, configuration, ctx.file._programs] + other_roots.values() + files.values()
    if release:
        args.add("--release")
        if dev_keys:
            identities = ctx.actions.declare_file(ctx.label.name + ".dev_key_identities.json")
            identify(ctx, dev_keys = dev_keys, identities = identities)
            args.add(identities, format = "--dev-key-identities=%s")
            inputs.append(identities)
    args.add(ctx.file._programs, format = "--programs=%s")
    args.add(report, format = "--report=%s")
    args.add("-o", output)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [output, report],
        mnemonic = "SoftwareUpdateDeviceImage",
        progress_message = "Making the image %s" % display(ctx.label),
        on_this_machine = True,
    )
